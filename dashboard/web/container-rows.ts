import { matchesFilter } from '../model/filter-match.ts';
import type { Filter, FilterSubject } from '../model/filter.ts';
import { belongingOf } from '../model/history/identity.ts';
import type { ContainerView } from '../wire.ts';
import type { ViewColumn } from '../view-wire.ts';
import { valueAt, type ContainerBlock } from './columns.ts';
import { rowIds } from './row-ids.ts';
import { compareText, compareValues } from './text-order.ts';

export const SORT_KEYS = [
  'name',
  'host',
  'project',
  'service',
  'image',
  'runtime',
  'cpu',
  'cores',
  'memory',
  'limit',
  'throttled',
  'rx',
  'tx',
  'read',
  'write',
  'pids',
  'age',
] as const;

export type SortKey = (typeof SORT_KEYS)[number];

export interface Sort {
  readonly key: SortKey;
  readonly descending: boolean;
}

/** The busiest first. */
export const DEFAULT_SORT: Sort = { key: 'cpu', descending: true };

/** `-cpu` as it stands in the URL; anything else is the default. */
export function parseSort(text: string | null): Sort {
  const key = text?.replace(/^-/, '');
  const known = SORT_KEYS.find((candidate) => candidate === key);
  return known === undefined ? DEFAULT_SORT : { key: known, descending: text?.startsWith('-') === true };
}

export function formatSort(sort: Sort): string {
  return `${sort.descending ? '-' : ''}${sort.key}`;
}

const TEXT_KEYS: ReadonlySet<SortKey> = new Set(['name', 'host', 'project', 'service', 'image', 'runtime']);

/** The order after a click on a header: text starts upwards, numbers start with the largest. */
export function nextSort(current: Sort, key: SortKey): Sort {
  return current.key === key ? { key, descending: !current.descending } : { key, descending: !TEXT_KEYS.has(key) };
}

interface RowSource {
  readonly block: ContainerBlock | undefined;
  readonly row: number;
}

/** `undefined` sorts last, whichever way the rest goes. */
type SortValue = (container: ContainerView, source: RowSource) => string | number | undefined;

const byColumn =
  (column: ViewColumn): SortValue =>
  (_, { block, row }) => {
    const value = valueAt(block, column, row);
    return Number.isNaN(value) ? undefined : value;
  };

const SORT_VALUES: Readonly<Record<SortKey, SortValue>> = {
  name: (container) => container.name,
  host: (container) => container.hostName,
  project: ({ labels }) => belongingOf(labels).project,
  service: ({ labels }) => belongingOf(labels).service,
  image: (container) => container.image,
  runtime: (container) => container.runtime,
  cpu: byColumn('cpuOfLimitRatio'),
  cores: byColumn('cpuCores'),
  memory: byColumn('memoryWorkingSetBytes'),
  limit: byColumn('memoryOfLimitRatio'),
  throttled: byColumn('cpuThrottledRatio'),
  rx: byColumn('networkReceiveBytesPerSecond'),
  tx: byColumn('networkTransmitBytesPerSecond'),
  read: byColumn('blockReadBytesPerSecond'),
  write: byColumn('blockWriteBytesPerSecond'),
  pids: byColumn('pidsCurrent'),
  // The largest age is the smallest start.
  age: ({ startedAtUnixMs }) => (startedAtUnixMs === undefined ? undefined : -startedAtUnixMs),
};

/** One container as the filter sees it, with the values of the newest frame. */
export function filterSubject(container: ContainerView, block: ContainerBlock | undefined, row: number): FilterSubject {
  return {
    name: container.name,
    host: container.hostName,
    image: container.image,
    runtime: container.runtime,
    ...belongingOf(container.labels),
    state: container.state,
    health: container.health,
    labels: container.labels,
    value: (column) => valueAt(block, column, row),
  };
}

export interface OrderRequest {
  readonly containers: readonly ContainerView[];
  readonly block: ContainerBlock | undefined;
  readonly filter: Filter;
  readonly sort: Sort;
}

/** Ids of the containers that pass the filter, in order; equal ones by host and name, so that the order is stable. */
export function orderContainers({ containers, block, filter, sort }: OrderRequest): string[] {
  const ids = rowIds(containers);
  // Without a term there is nothing to look at, and what a filter sees of a thousand rows takes milliseconds to make.
  const isAll = filter.terms.length === 0;
  return containers
    .map((container, row) => ({ container, row, value: SORT_VALUES[sort.key](container, { block, row }) }))
    .filter(({ container, row }) => isAll || matchesFilter(filter, filterSubject(container, block, row)))
    .sort(
      (a, b) =>
        compareValues(a.value, b.value, sort.descending) ||
        compareText(a.container.hostName, b.container.hostName) ||
        compareText(a.container.name, b.container.name) ||
        compareText(a.container.key, b.container.key),
    )
    .flatMap(({ row }) => ids[row] ?? []);
}

/** While the order is paused: what is gone goes, what is new comes last, and nothing else moves. */
export function keepOrder(previous: readonly string[], wanted: readonly string[]): string[] {
  const left = new Set(wanted);
  const kept = previous.filter((key) => left.delete(key));
  return [...kept, ...left];
}
