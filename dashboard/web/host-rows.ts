import { matchesFilter } from '../model/filter-match.ts';
import type { Filter, FilterSubject } from '../model/filter.ts';
import type { HostView } from '../wire.ts';
import type { HostViewColumn, ViewColumn } from '../view-wire.ts';
import { valueAt, type HostBlock } from './columns.ts';
import { hostDataAgeMs } from './host-facts.ts';
import { compareText, compareValues } from './text-order.ts';

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

/** A host as the one grammar of filters sees it: `host:` and words find its name, `mem>80%` its memory, `label:zone=a` its tags. */
export function hostSubject(row: HostRow): FilterSubject {
  const { name, state, overlay, tags } = row.host;
  return {
    name,
    host: name,
    image: undefined,
    runtime: '',
    project: undefined,
    service: undefined,
    state,
    health: undefined,
    labels: { ...tags, ...(overlay === undefined ? {} : { subnet: overlay.subnet, publicIp: overlay.publicIp }) },
    value: (column) => HOST_VALUES[column]?.(row) ?? Number.NaN,
  };
}

export function filterHosts(rows: readonly HostRow[], filter: Filter): HostRow[] {
  return rows.filter((row) => matchesFilter(filter, hostSubject(row)));
}

export const HOST_SORT_KEYS = [
  'name',
  'state',
  'labels',
  'alerts',
  'containers',
  'cpu',
  'load',
  'memory',
  'swap',
  'mount',
  'disk',
  'network',
  'subnet',
  'uptime',
  'kernel',
  'agent',
  'data',
] as const;
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

/** `zone=a`, in the order of the names. */
export function tagTexts({ tags }: Pick<HostView, 'tags'>): string[] {
  return Object.entries(tags)
    .map(([name, value]) => `${name}=${value}`)
    .sort(compareText);
}

const STATE_RANK = { live: 0, late: 1, stale: 2 } as const;

type SortValue = (row: HostRow) => string | number | undefined;

/** Shares where hosts differ in size, so that the fullest is first and not the largest. */
const SORT_VALUES: Readonly<Record<HostSortKey, SortValue>> = {
  name: ({ host }) => host.name,
  state: ({ host }) => STATE_RANK[host.state],
  labels: ({ host }) => tagTexts(host).join(' ') || undefined,
  alerts: ({ alerts }) => alerts,
  containers: ({ host }) => host.containers,
  cpu: ({ host, value }) => value('cpuCores') / (host.cpuCores ?? Number.NaN),
  load: ({ host, value }) => value('load1') / (host.cpuCores ?? Number.NaN),
  memory: ({ host, value }) => value('memoryUsedBytes') / (host.memoryTotalBytes ?? Number.NaN),
  swap: ({ value }) => value('swapUsedBytes') / value('swapTotalBytes'),
  mount: ({ value }) => value('fullestUsedRatio'),
  disk: ({ value }) => value('diskReadBytesPerSecond') + value('diskWriteBytesPerSecond'),
  network: ({ value }) => value('networkReceiveBytesPerSecond') + value('networkTransmitBytesPerSecond'),
  subnet: ({ host }) => host.overlay?.subnet,
  // The longest time is the earliest start.
  uptime: ({ host }) => (host.bootTimeUnixMs === undefined ? undefined : -host.bootTimeUnixMs),
  kernel: ({ host }) => host.kernel,
  agent: ({ host }) => host.agentVersion,
  data: ({ ageMs }) => ageMs,
};

/** Node ids in order; what is not known comes last either way, equal ones by name. */
export function orderHosts(rows: readonly HostRow[], { key, descending }: HostSort): string[] {
  const valueOf = (row: HostRow): string | number | undefined => {
    const value = SORT_VALUES[key](row);
    return Number.isNaN(value) ? undefined : value;
  };
  return rows
    .map((row) => ({ row, value: valueOf(row) }))
    .sort(
      (a, b) =>
        compareValues(a.value, b.value, descending) ||
        compareText(a.row.host.name, b.row.host.name) ||
        compareText(a.row.host.nodeId, b.row.host.nodeId),
    )
    .map(({ row }) => row.host.nodeId);
}
