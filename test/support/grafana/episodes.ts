import type { AlertRule } from '../../../dashboard/model/alert/rule.ts';
import { STARTER_RULES } from '../../../dashboard/model/alert/starter-rules.ts';
import { aRule } from '../../unit/dashboard/builders.ts';
import { MEMORY_LIMIT_BYTES, type Moment } from './live-world.ts';

/** Something that happens to one host, and the rule that has to tell of it. */
export interface Episode {
  readonly name: string;
  readonly rule: AlertRule;
  readonly seconds: number;
  readonly at: (second: number) => Moment;
  /** How often an alert has to begin to fire; an episode in which nothing fires proves nothing of firing. */
  readonly firings: number;
  /** By how much the two may differ in time, seconds: none where both see the same number at the same moment. */
  readonly slackSeconds?: number;
  /** At these seconds the texts have to be the same too. */
  readonly texts: readonly number[];
}

const MINUTE = 60;

function starter(name: string): AlertRule {
  const rule = STARTER_RULES.find((each) => each.name === name);
  if (rule === undefined) throw new RangeError(`no starter rule is called ${name}`);
  return rule;
}

/** `value` from a second on, until another one. */
const between = (second: number, from: number, to: number): boolean => second >= from && second < to;
const memory = (ratio: number): Moment => ({ memoryWorkingSetBytes: ratio * MEMORY_LIMIT_BYTES });
/** What a counter has that grows by `rate` each second from one moment to another. */
const grown = (second: number, rate: number, span: { readonly from: number; readonly to: number }): number =>
  rate * Math.max(0, Math.min(second, span.to) - span.from);

export const EPISODES: readonly Episode[] = [
  {
    name: 'memory near its limit: held, in the band, cleared, kept firing for a minute',
    rule: starter('ContainerMemoryNearLimit'),
    seconds: 15 * MINUTE,
    at: (second) => memory(between(second, 60, 480) ? 0.95 : between(second, 480, 660) ? 0.87 : 0.5),
    firings: 1,
    texts: [450, 600],
  },
  {
    name: 'memory near its limit: too short',
    rule: starter('ContainerMemoryNearLimit'),
    seconds: 10 * MINUTE,
    at: (second) => memory(between(second, 60, 345) ? 0.95 : 0.87),
    firings: 0,
    texts: [],
  },
  {
    name: 'memory near its limit: the container goes while it fires',
    rule: { ...starter('ContainerMemoryNearLimit'), keepFiringForMs: 0 },
    seconds: 10 * MINUTE,
    at: (second) => ({ ...memory(0.95), gone: second >= 480 }),
    firings: 1,
    texts: [420],
  },
  {
    name: 'a recovery, a scope, globs, and labels of its own, also from templates',
    rule: aRule({
      name: 'MemoryMuch',
      levels: [{ severity: 'warning', threshold: 0.5 * MEMORY_LIMIT_BYTES, recovery: 0.4 * MEMORY_LIMIT_BYTES }],
      forMs: 30_000,
      annotations: { summary: '{{ $labels.container }} has {{ $value | humanize1024 }}B' },
      scope: [{ name: 'compose_project', value: 's.*', isRegex: true, isEqual: true }],
      match: { host: 'h*', container: 'we?' },
      labels: {
        team: 'a',
        owner: '{{ $labels.compose_project | title }} of {{ $labels.host | toUpper }}',
        none: '{{ $labels.pod }}',
      },
    }),
    seconds: 5 * MINUTE,
    at: (second) => memory(between(second, 60, 150) ? 0.512 : between(second, 150, 210) ? 0.45 : 0.4),
    firings: 1,
    texts: [120],
  },
  {
    name: 'a further condition that holds for a while only',
    rule: aRule({
      name: 'BothMuch',
      levels: [{ severity: 'critical', threshold: 0.5 * MEMORY_LIMIT_BYTES, recovery: 0.5 * MEMORY_LIMIT_BYTES }],
      and: [{ query: { metric: 'memoryOfLimitRatio', agg: 'last', windowMs: 0 }, op: '<', threshold: 0.8 }],
      forMs: 30_000,
    }),
    seconds: 5 * MINUTE,
    at: (second) => memory(between(second, 60, 150) ? 0.6 : 0.9),
    firings: 1,
    texts: [120],
  },
  {
    name: 'a scope that takes none of it',
    rule: { ...aRule({ name: 'Elsewhere', forMs: 0 }), match: { image: 'postgres*' } },
    seconds: 2 * MINUTE,
    at: () => memory(0.9),
    firings: 0,
    texts: [],
  },
  {
    name: 'the host does not answer for two minutes',
    rule: starter('HostUnreachable'),
    seconds: 6 * MINUTE,
    at: (second) => ({ ...memory(0.1), silent: between(second, 120, 240) }),
    firings: 1,
    slackSeconds: 20,
    texts: [210],
  },
  {
    name: 'CPUs saturated: avg over five minutes',
    rule: starter('HostCPUSaturated'),
    seconds: 40 * MINUTE,
    at: (second) => ({ cpuBusySeconds: 2 * second + grown(second, 1.92, { from: 300, to: 1500 }) }),
    firings: 1,
    slackSeconds: 20,
    texts: [1350],
  },
  {
    name: 'memory pressure: a rate over a minute',
    rule: starter('HostMemoryPressure'),
    seconds: 20 * MINUTE,
    at: (second) => ({ memoryStalledSeconds: grown(second, 0.5, { from: 120, to: 900 }) }),
    firings: 1,
    slackSeconds: 20,
    texts: [600],
  },
  {
    name: 'a disk that fills, and stops filling',
    rule: starter('HostDiskFilling'),
    seconds: 100 * MINUTE,
    at: (second) => ({ rootAvailableBytes: 1e11 - grown(second, 1e7, { from: 0, to: 45 * MINUTE }) }),
    firings: 1,
    slackSeconds: 90,
    texts: [],
  },
  {
    name: 'killed for memory, and five minutes later over',
    rule: starter('ContainerOOM'),
    seconds: 10 * MINUTE,
    at: (second) => ({ ...memory(0.1), oomKills: second >= 60 ? 1 : 0 }),
    firings: 1,
    slackSeconds: 20,
    texts: [120],
  },
  {
    name: 'four restarts in ten minutes',
    rule: starter('ContainerRestartLoop'),
    seconds: 20 * MINUTE,
    at: (second) => ({ ...memory(0.1), restarts: Math.min(4, Math.max(0, Math.floor(second / 60) - 1)) }),
    firings: 1,
    slackSeconds: 20,
    texts: [420],
  },
  {
    name: 'three restarts are none too many',
    rule: starter('ContainerRestartLoop'),
    seconds: 12 * MINUTE,
    at: (second) => ({ ...memory(0.1), restarts: Math.min(3, Math.max(0, Math.floor(second / 60) - 1)) }),
    firings: 0,
    texts: [],
  },
  {
    name: 'fails its health check for longer than a minute, and once for less',
    rule: starter('ContainerUnhealthy'),
    seconds: 8 * MINUTE,
    at: (second) => ({ ...memory(0.1), unhealthy: between(second, 60, 105) || between(second, 180, 300) }),
    firings: 1,
    texts: [270],
  },
  {
    name: 'an exit that nobody expected',
    rule: starter('ContainerExitedUnexpectedly'),
    seconds: 10 * MINUTE,
    at: (second) => ({ ...memory(0.1), unexpectedExits: second >= 60 ? 1 : 0 }),
    firings: 1,
    slackSeconds: 20,
    texts: [120],
  },
  {
    name: 'held back by its CPU limit',
    rule: starter('ContainerCPUThrottled'),
    seconds: 25 * MINUTE,
    at: (second) => ({
      ...memory(0.1),
      cpuPeriods: 10 * second,
      cpuThrottledPeriods: grown(second, 5, { from: 120, to: 1200 }),
    }),
    firings: 1,
    slackSeconds: 20,
    texts: [900],
  },
  {
    name: 'the overlay agent is gone for two minutes',
    rule: starter('OverlayPeerUnreachable'),
    seconds: 6 * MINUTE,
    at: (second) => ({ ...memory(0.1), overlayGone: between(second, 120, 240) }),
    firings: 1,
    slackSeconds: 20,
    texts: [210],
  },
  {
    name: 'an overlay MTU smaller than the other host has',
    rule: starter('OverlayMTUMismatch'),
    seconds: 6 * MINUTE,
    at: (second) => ({ ...memory(0.1), overlayMtuBytes: between(second, 60, 240) ? 1400 : 1450 }),
    firings: 1,
    texts: [180],
  },
];
