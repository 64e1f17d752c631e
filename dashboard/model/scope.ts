import { containerLabels } from './alert/container-labels.ts';
import {
  compileMatchers,
  matchesEmpty,
  parseMatchers,
  matcherText,
  type Labels,
  type Matcher,
} from './alert/matcher.ts';
import type { PlacedRow, RowOrder } from './cluster-view.ts';
import { identityOf } from './history/identity.ts';
import type { SeriesFacts } from './history/series.ts';

/** What somebody may see: containers that all of some label matchers take, and what belongs to them. */
export interface Scope {
  /** In one spelling: `project="shop"`. */
  readonly text: string;
  readonly takes: (labels: Labels) => boolean;
}

const MAX_MATCHERS = 16;

/** Labels that alerts and history know too; all others are a container's own, `label_…`. */
const NAMES = new Set([
  'host',
  'container',
  'runtime',
  'image',
  'project',
  'service',
  'compose_project',
  'compose_service',
]);

function complaintOf(matcher: Matcher): string | undefined {
  const text = matcherText(matcher);
  if (!NAMES.has(matcher.name) && !matcher.name.startsWith('label_'))
    return `${text}: expected one of ${[...NAMES].join(', ')} or label_…`;
  // What is not known of an alert or a line of history is empty there: it must not be taken for that.
  if (!matcher.isEqual || matchesEmpty(matcher))
    return `${text}: a scope says what may be seen, so != and !~, and what takes an empty value, are not possible`;
  return undefined;
}

/** Reads `project=shop` or `{project="shop", host=~"web-.*"}`. @throws {RangeError} naming the text and what was expected. */
export function parseScope(text: string): Scope {
  const matchers = parseMatchers(text);
  if (matchers.length === 0 || matchers.length > MAX_MATCHERS)
    throw new RangeError(`expected 1 to ${MAX_MATCHERS} matchers such as project=shop`);
  for (const matcher of matchers) {
    const complaint = complaintOf(matcher);
    if (complaint !== undefined) throw new RangeError(complaint);
  }
  return { text: matchers.map(matcherText).sort().join(','), takes: compileMatchers(matchers) };
}

/** Whether a scope takes a container that is there now. */
export function seesRow({ takes }: Scope, { host, row }: PlacedRow): boolean {
  const labels = containerLabels(host.name, row.inventory);
  const { project = labels['compose_project'] ?? '', service = '' } = identityOf(row.inventory);
  return takes({ ...labels, project, service });
}

/** The containers that a scope takes, the hosts they are on, and hosts that it takes by name alone. */
export function rowsInScope(order: RowOrder, scope: Scope): RowOrder {
  const containers = order.containers.filter((row) => seesRow(scope, row));
  const nodes = new Set(containers.map(({ row }) => row.nodeId));
  return {
    hosts: order.hosts.filter(({ nodeId, name }) => nodes.has(nodeId) || scope.takes({ host: name })),
    containers,
  };
}

const rowName = (labels: Labels): string =>
  JSON.stringify([labels['host'] ?? '', labels['runtime'] ?? '', labels['container'] ?? '']);

/** Tells alerts that a scope may see: of a container that it takes now, or by the alert's own labels. */
export function alertsInScope(order: RowOrder, scope: Scope): (alert: { readonly labels: Labels }) => boolean {
  const seen = new Set(
    rowsInScope(order, scope).containers.map(({ host, row: { inventory } }) =>
      rowName({ host: host.name, runtime: inventory.runtime, container: inventory.name }),
    ),
  );
  return ({ labels }) => {
    if (labels['container'] !== undefined && seen.has(rowName(labels))) return true;
    const { compose_project: project = '', compose_service: service = '' } = labels;
    return scope.takes({ ...labels, project, service });
  };
}

/** Whether a scope may see a line of history: of a container that it takes now, or by what the line is known by. */
export function seesSeries(
  order: RowOrder,
  scope: Scope,
  line: { readonly key: string; readonly facts: SeriesFacts },
): boolean {
  const { kind, host, name, runtime = '', image = '', project = '', service = '' } = line.facts;
  if (kind === 'host') return rowsInScope(order, scope).hosts.some(({ nodeId }) => nodeId === line.key);
  if (
    scope.takes({
      host,
      container: name,
      runtime,
      image,
      project,
      service,
      compose_project: project,
      compose_service: service,
    })
  )
    return true;
  return order.containers.some((placed) => placed.row.line?.key === line.key && seesRow(scope, placed));
}
