import {
  compileMatchers,
  goQuoted,
  labelOf,
  matcherText,
  type LabelTest,
  type Labels,
  type Matcher,
} from '../alert/matcher.ts';
import { sortedNames } from '../alert/fingerprint.ts';

/** A node of the routing tree as people write it; what is left out is inherited. */
export interface RouteSpec {
  readonly receiver?: string | undefined;
  /** Labels that one message's alerts have in common; `['...']` makes a group of every alert. */
  readonly groupBy?: readonly string[] | undefined;
  readonly matchers?: readonly Matcher[] | undefined;
  readonly groupWaitMs?: number | undefined;
  readonly groupIntervalMs?: number | undefined;
  readonly repeatIntervalMs?: number | undefined;
  readonly muteTimeIntervals?: readonly string[] | undefined;
  readonly activeTimeIntervals?: readonly string[] | undefined;
  readonly continue?: boolean | undefined;
  readonly labels?: Labels | undefined;
  readonly routes?: readonly RouteSpec[] | undefined;
}

/** A node with everything decided. */
export interface Route {
  /** `{}`, `{}/{severity="critical"}`: the matchers from the root down. */
  readonly key: string;
  readonly receiver: string;
  readonly groupBy: readonly string[];
  readonly groupWaitMs: number;
  readonly groupIntervalMs: number;
  readonly repeatIntervalMs: number;
  readonly muteTimeIntervals: readonly string[];
  readonly activeTimeIntervals: readonly string[];
  readonly continue: boolean;
  readonly labels: Labels;
  readonly takes: LabelTest;
  readonly routes: readonly Route[];
}

/** Alertmanager's, and host and rule as what one message is about. */
export const ROUTE_DEFAULTS = {
  groupBy: ['alertname', 'host'],
  groupWaitMs: 30_000,
  groupIntervalMs: 5 * 60_000,
  repeatIntervalMs: 4 * 3_600_000,
} as const;

/** Every alert its own group. */
export const GROUP_BY_ALL = '...';

function keyOf(matchers: readonly Matcher[]): string {
  return `{${matchers.map(matcherText).join(',')}}`;
}

/** What the root has when it says nothing. */
const ABOVE_ROOT = { receiver: '', labels: {}, ...ROUTE_DEFAULTS };

/** Makes the tree ready; children inherit. @throws {RangeError} for a regular expression that cannot be used. */
export function compileRoutes(spec: RouteSpec, parent?: Route): Route {
  // The root takes everything.
  const matchers = parent === undefined ? [] : (spec.matchers ?? []);
  const { receiver, labels } = parent ?? ABOVE_ROOT;
  const route = {
    key: parent === undefined ? '{}' : `${parent.key}/${keyOf(matchers)}`,
    receiver: spec.receiver ?? receiver,
    ...timing(spec, parent),
    muteTimeIntervals: spec.muteTimeIntervals ?? [],
    activeTimeIntervals: spec.activeTimeIntervals ?? [],
    continue: spec.continue ?? false,
    labels: { ...labels, ...spec.labels },
    takes: compileMatchers(matchers),
    routes: [],
  };
  return { ...route, routes: (spec.routes ?? []).map((child) => compileRoutes(child, route)) };
}

function timing(
  spec: RouteSpec,
  parent: Route | undefined,
): Pick<Route, 'groupBy' | 'groupWaitMs' | 'groupIntervalMs' | 'repeatIntervalMs'> {
  const before = parent ?? ROUTE_DEFAULTS;
  return {
    groupBy: spec.groupBy ?? before.groupBy,
    groupWaitMs: spec.groupWaitMs ?? before.groupWaitMs,
    groupIntervalMs: spec.groupIntervalMs ?? before.groupIntervalMs,
    repeatIntervalMs: spec.repeatIntervalMs ?? before.repeatIntervalMs,
  };
}

/** Where an alert goes: the first child that takes it wins, unless it says `continue`; a node without such a child is itself the end. */
export function routesFor(route: Route, labels: Labels): readonly Route[] {
  if (!route.takes(labels)) return [];
  const found: Route[] = [];
  for (const child of route.routes) {
    const below = routesFor(child, labels);
    found.push(...below);
    if (below.length > 0 && !child.continue) break;
  }
  return found.length === 0 ? [route] : found;
}

export function groupLabelsOf({ groupBy }: Pick<Route, 'groupBy'>, labels: Labels): Record<string, string> {
  const names = groupBy.includes(GROUP_BY_ALL) ? Object.keys(labels) : groupBy;
  return Object.fromEntries(
    names.map((name) => [name, labelOf(labels, name)] as const).filter(([, value]) => value !== ''),
  );
}

/** `{}/{severity="critical"}:{alertname="HighCPU", host="h1"}`. */
export function groupKeyOf(route: Pick<Route, 'key' | 'groupBy'>, labels: Labels): string {
  const group = groupLabelsOf(route, labels);
  const pairs = sortedNames(group).map((name) => `${name}=${goQuoted(group[name] ?? '')}`);
  return `${route.key}:{${pairs.join(', ')}}`;
}

/** Every node of the tree. */
export function allRoutes(route: Route): readonly Route[] {
  return [route, ...route.routes.flatMap(allRoutes)];
}
