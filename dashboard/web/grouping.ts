import { belongingOf } from '../model/history/identity.ts';
import type { ContainerView } from '../wire.ts';
import type { ViewColumn } from '../view-wire.ts';
import { valueAt, type ContainerBlock } from './columns.ts';

export const GROUP_FIELDS = ['project', 'service', 'host', 'image', 'runtime'] as const;

/** What rows are gathered by: one of {@link GROUP_FIELDS}, or `label:NAME`; `undefined` for not at all. */
export type GroupBy = (typeof GROUP_FIELDS)[number] | `label:${string}` | undefined;

/** As it stands in the address; what is not known is no grouping. */
export function parseGroupBy(text: string | null): GroupBy {
  if (text !== null && isLabel(text)) return text;
  return GROUP_FIELDS.find((field) => field === text);
}

export function isLabel(text: string): text is `label:${string}` {
  return text.startsWith('label:') && text.length > 'label:'.length;
}

/** The name of a container's group; `undefined` where it has none. */
export function containerGroup(container: ContainerView, groupBy: NonNullable<GroupBy>): string | undefined {
  switch (groupBy) {
    case 'host':
      return container.hostName;
    case 'image':
      return container.image;
    case 'runtime':
      return container.runtime;
    case 'project':
      return belongingOf(container.labels).project;
    case 'service':
      return serviceOf(container);
    default:
      return container.labels[groupBy.slice('label:'.length)];
  }
}

/** Two projects may each have a `web`. */
function serviceOf({ labels }: ContainerView): string | undefined {
  const { project, service } = belongingOf(labels);
  return project === undefined || project === '' ? service : `${project}/${service ?? ''}`;
}

export interface Group {
  /** `undefined` for those that have none. */
  readonly label: string | undefined;
  readonly ids: readonly string[];
}

/** Gathers rows in their order: the group with the first one first. Those without a group come last. */
export function gather(ids: readonly string[], groupOf: (id: string) => string | undefined): Group[] {
  const groups = new Map<string | undefined, string[]>();
  for (const id of ids) {
    const label = groupOf(id);
    const known = groups.get(label);
    if (known === undefined) groups.set(label, [id]);
    else known.push(id);
  }
  const all = [...groups].map(([label, members]) => ({ label, ids: members }));
  return [...all.filter(({ label }) => label !== undefined), ...all.filter(({ label }) => label === undefined)];
}

/** One line of a table with groups. */
export type TableItem =
  | { readonly kind: 'group'; readonly group: Group; readonly isOpen: boolean }
  | { readonly kind: 'row'; readonly id: string };

/** The lines to show: every group, and under those that are open their rows. */
export function tableItems(groups: readonly Group[], open: ReadonlySet<string | undefined>): TableItem[] {
  return groups.flatMap((group): TableItem[] => {
    const isOpen = open.has(group.label);
    const rows = isOpen ? group.ids.map((id): TableItem => ({ kind: 'row', id })) : [];
    return [{ kind: 'group', group, isOpen }, ...rows];
  });
}

/** The sum over some rows of what is known of them; NaN when it is known of none. */
export function sumOf(block: ContainerBlock | undefined, column: ViewColumn, rows: readonly number[]): number {
  const known = rows.map((row) => valueAt(block, column, row)).filter((value) => !Number.isNaN(value));
  return known.length === 0 ? Number.NaN : known.reduce((sum, value) => sum + value, 0);
}
