import type { Subscribe } from '../wire.ts';
import { containerState, type PlacedRow, type RowOrder } from './cluster-view.ts';
import { columnIndex } from './container-row.ts';
import { matchesFilter } from './filter-match.ts';
import { lastingFilter, parseFilter, type Filter, type FilterSubject } from './filter.ts';
import { belongingOf } from './history/identity.ts';
import { TOP_MEASURES, topOf } from './top.ts';
import type { Scope } from './scope.ts';

/** Which rows a room of browsers is sent. */
export type Selection =
  | { readonly kind: 'all' }
  | { readonly kind: 'hosts' }
  /** All hosts, and the containers that lead in something. */
  | { readonly kind: 'busiest' }
  | { readonly kind: 'host'; readonly nodeId: string }
  | { readonly kind: 'container'; readonly key: string }
  | { readonly kind: 'lines'; readonly series: readonly string[]; readonly withDevices?: boolean }
  | { readonly kind: 'containers'; readonly text: string; readonly filter: Filter };

/** What a view shows; `undefined` for one that shows nothing. */
export function selectionOf(request: Subscribe): Selection | undefined {
  const { view, host: nodeId = '', filter = '' } = request;
  if (view === 'none') return undefined;
  switch (view) {
    case 'overview':
      return { kind: 'busiest' };
    case 'alerts':
    case 'hosts':
    case 'network':
      return { kind: 'hosts' };
    case 'host':
      return { kind: 'host', nodeId };
    case 'container':
      return oneOrLines(request);
    case 'compare':
      return linesOf(request);
    case 'containers':
      return filteredBy(lastingFilter(filter));
  }
}

/** In one order, so that two orders of asking make one room. */
function linesOf({ series = [] }: Subscribe): Extract<Selection, { readonly kind: 'lines' }> {
  return { kind: 'lines', series: [...new Set(series)].sort() };
}

function oneOrLines(request: Subscribe): Selection {
  if (request.series === undefined) return { kind: 'container', key: request.key ?? '' };
  const { series } = linesOf(request);
  return { kind: 'lines', series, withDevices: true };
}

function filteredBy(text: string): Selection {
  return text === '' ? { kind: 'all' } : { kind: 'containers', text, filter: parseFilter(text) };
}

/** The same for browsers that are sent the same. */
export function roomOf(selection: Selection, scope?: Scope): string {
  if (scope !== undefined) return `${roomOf(selection)} of ${scope.text}`;
  switch (selection.kind) {
    case 'all':
    case 'hosts':
    case 'busiest':
      return selection.kind;
    case 'host':
      return `host ${selection.nodeId}`;
    case 'container':
      return `container ${selection.key}`;
    case 'lines':
      return `lines ${JSON.stringify(selection.series)}${selection.withDevices === true ? ' with devices' : ''}`;
    case 'containers':
      return `containers ${selection.text}`;
  }
}

/** One container as filters see it. */
export function subjectOf({ host, row }: PlacedRow): FilterSubject {
  const { name, image, runtime, labels, health } = row.inventory;
  const state = containerState({ host, row });
  const value: FilterSubject['value'] = (column) => row.values[columnIndex(column)] ?? Number.NaN;
  return { name, host: host.name, image, runtime, ...belongingOf(labels), state, health, labels, value };
}

/** Who leads in anything, in the order of all. */
function selectBusiest(order: RowOrder): RowOrder {
  const known = order.containers.filter(({ host }) => host.state !== 'stale');
  const leading = new Set(
    TOP_MEASURES.flatMap((measure) =>
      topOf(known, measure, ({ row }, column) => row.values[columnIndex(column)] ?? Number.NaN).map(({ row }) => row),
    ),
  );
  return { hosts: order.hosts, containers: order.containers.filter((placed) => leading.has(placed)) };
}

/** The containers that write one of these lines, and the hosts that do or that run one of those. */
function selectLines(order: RowOrder, series: readonly string[]): RowOrder {
  const wanted = new Set(series);
  const containers = order.containers.filter(({ row }) => wanted.has(row.line?.key ?? '') || wanted.has(row.key));
  const nodes = new Set(containers.map(({ row }) => row.nodeId));
  return { hosts: order.hosts.filter(({ nodeId }) => wanted.has(nodeId) || nodes.has(nodeId)), containers };
}

/** The rows of a selection, in the order of all. A container's comes with its host, a filter's with all hosts. */
export function selectRows(order: RowOrder, selection: Selection): RowOrder {
  switch (selection.kind) {
    case 'all':
      return order;
    case 'hosts':
      return { hosts: order.hosts, containers: [] };
    case 'busiest':
      return selectBusiest(order);
    case 'host':
      return {
        hosts: order.hosts.filter(({ nodeId }) => nodeId === selection.nodeId),
        containers: order.containers.filter(({ row }) => row.nodeId === selection.nodeId),
      };
    case 'container': {
      const containers = order.containers.filter(({ row }) => row.key === selection.key);
      return { hosts: containers.map(({ host }) => host), containers };
    }
    case 'lines':
      return selectLines(order, selection.series);
    case 'containers':
      return {
        hosts: order.hosts,
        containers: order.containers.filter((row) => matchesFilter(selection.filter, subjectOf(row))),
      };
  }
}
