import { matchesFilter } from '../model/filter-match.ts';
import type { Filter, FilterSubject } from '../model/filter.ts';
import type { HostView } from '../wire.ts';
import type { HostViewColumn, ViewColumn } from '../view-wire.ts';
import { valueAt, type HostBlock } from './columns.ts';
import { hostDataAgeMs } from './host-facts.ts';

/** One host with its values of now; NaN where unavailable. */
export interface HostRow {
  readonly host: HostView;
  readonly ageMs: number | undefined;
  readonly alerts: number;
  readonly value: (column: HostViewColumn) => number;
}

export interface HostRowsSource {
  readonly hosts: readonly HostView[];
  readonly block: HostBlock | undefined;
  readonly frameUnixMs: number | undefined;
  readonly nowUnixMs: number;
  /** Firing alerts by the host's name. */
  readonly alertsOf: ReadonlyMap<string, number>;
}

export function hostRows({ hosts, block, frameUnixMs, nowUnixMs, alertsOf }: HostRowsSource): HostRow[] {
  return hosts.map((host, row) => ({
    host,
    ageMs: hostDataAgeMs(host, frameUnixMs, nowUnixMs),
    alerts: alertsOf.get(host.name) ?? 0,
    value: (column) => valueAt(block, column, row),
  }));
}

/** What a comparison with a container's column means of a host; others are not known of it. */
const HOST_VALUES: Partial<Readonly<Record<ViewColumn, (row: HostRow) => number>>> = {
  cpuCores: ({ value }) => value('cpuCores'),
  cpuOfLimitRatio: ({ host, value }) => value('cpuCores') / (host.cpuCores ?? Number.NaN),
  memoryWorkingSetBytes: ({ value }) => value('memoryUsedBytes'),
  memoryOfLimitRatio: ({ host, value }) => value('memoryUsedBytes') / (host.memoryTotalBytes ?? Number.NaN),
  blockReadBytesPerSecond: ({ value }) => value('diskReadBytesPerSecond'),
  blockWriteBytesPerSecond: ({ value }) => value('diskWriteBytesPerSecond'),
  networkReceiveBytesPerSecond: ({ value }) => value('networkReceiveBytesPerSecond'),
  networkTransmitBytesPerSecond: ({ value }) => value('networkTransmitBytesPerSecond'),
};

/** A host as the one grammar of filters sees it: `host:` and words find its name, `mem>80%` its memory. */
function subjectOf(row: HostRow): FilterSubject {
  const { name, state, overlay } = row.host;
  return {
    name,
    host: name,
    image: undefined,
    runtime: '',
    project: undefined,
    service: undefined,
    state,
    health: undefined,
    labels: overlay === undefined ? {} : { subnet: overlay.subnet, publicIp: overlay.publicIp },
    value: (column) => HOST_VALUES[column]?.(row) ?? Number.NaN,
  };
}

export function filterHosts(rows: readonly HostRow[], filter: Filter): HostRow[] {
  return rows.filter((row) => matchesFilter(filter, subjectOf(row)));
}

export const HOST_SORT_KEYS = ['name', 'state', 'containers', 'cpu', 'load', 'memory', 'alerts'] as const;
export type HostSortKey = (typeof HOST_SORT_KEYS)[number];

export interface HostSort {
  readonly key: HostSortKey;
  readonly descending: boolean;
}

/** `-cpu` as it stands in the address; anything else is by name. */
export function parseHostSort(text: string | null): HostSort {
  const key = HOST_SORT_KEYS.find((candidate) => candidate === text?.replace(/^-/, ''));
  return { key: key ?? 'name', descending: key !== undefined && text?.startsWith('-') === true };
}

const STATE_RANK = { live: 0, late: 1, stale: 2 } as const;
const { compare: compareText } = new Intl.Collator('en', { numeric: true });

const SORT_VALUES: Readonly<Record<Exclude<HostSortKey, 'name'>, (row: HostRow) => number>> = {
  state: ({ host }) => STATE_RANK[host.state],
  containers: ({ host }) => host.containers,
  cpu: ({ host, value }) => value('cpuCores') / (host.cpuCores ?? Number.NaN),
  load: ({ host, value }) => value('load1') / (host.cpuCores ?? Number.NaN),
  memory: ({ host, value }) => value('memoryUsedBytes') / (host.memoryTotalBytes ?? Number.NaN),
  alerts: ({ alerts }) => alerts,
};

/** Node ids in order; what is not known comes last either way, equal ones by name. */
export function orderHosts(rows: readonly HostRow[], { key, descending }: HostSort): string[] {
  const sign = descending ? -1 : 1;
  const values = new Map(rows.map((row) => [row, key === 'name' ? 0 : SORT_VALUES[key](row)]));
  const compare = (a: HostRow, b: HostRow): number => {
    const [x, y] = [values.get(a) ?? Number.NaN, values.get(b) ?? Number.NaN];
    const byValue = Number(Number.isNaN(x)) - Number(Number.isNaN(y)) || (x - y || 0) * sign;
    return byValue || compareText(a.host.name, b.host.name) * (key === 'name' ? sign : 1);
  };
  return [...rows].sort(compare).map(({ host }) => host.nodeId);
}
