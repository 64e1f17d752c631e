import type { HostView } from '../wire.ts';
import { gather, isLabel, type Group } from './grouping.ts';
import type { HostRow } from './host-rows.ts';

export const HOST_GROUP_FIELDS = ['state', 'agent'] as const;

/** What hosts are gathered by: one of {@link HOST_GROUP_FIELDS}, or one of their labels as `label:NAME`. */
export type HostGroupBy = (typeof HOST_GROUP_FIELDS)[number] | `label:${string}` | undefined;

/** As it stands in the address; what is not known is no grouping. */
export function parseHostGroupBy(text: string | null): HostGroupBy {
  if (text !== null && isLabel(text)) return text;
  return HOST_GROUP_FIELDS.find((field) => field === text);
}

function hostGroup({ state, agentVersion, tags }: HostView, groupBy: NonNullable<HostGroupBy>): string | undefined {
  switch (groupBy) {
    case 'state':
      return state;
    case 'agent':
      return agentVersion;
    default:
      return tags[groupBy.slice('label:'.length)];
  }
}

export interface HostGroup {
  readonly label: string | undefined;
  readonly rows: readonly HostRow[];
}

/** Gathers hosts in their order: the group of the first one first. Those without a group come last. */
export function hostGroups(rows: readonly HostRow[], groupBy: NonNullable<HostGroupBy>): HostGroup[] {
  const byId = new Map(rows.map((row) => [row.host.nodeId, row]));
  const groups: Group[] = gather([...byId.keys()], (id) => {
    const host = byId.get(id)?.host;
    return host === undefined ? undefined : hostGroup(host, groupBy);
  });
  return groups.map(({ label, ids }) => ({ label, rows: ids.flatMap((id) => byId.get(id) ?? []) }));
}

/** The sum of what is known; NaN when nothing is. */
export function sumKnown(values: readonly number[]): number {
  const known = values.filter((value) => !Number.isNaN(value));
  return known.length === 0 ? Number.NaN : known.reduce((sum, value) => sum + value, 0);
}

/** What is used of what, over the hosts that tell both now. */
export function usedOf(
  rows: readonly HostRow[],
  [used, total]: readonly [used: (row: HostRow) => number, total: (row: HostRow) => number],
): { readonly used: number; readonly total: number } {
  const known = rows.filter((row) => row.host.state !== 'stale' && !Number.isNaN(used(row) + total(row)));
  return { used: sumKnown(known.map(used)), total: sumKnown(known.map(total)) };
}
