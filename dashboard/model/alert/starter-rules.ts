import type { Matcher } from './matcher.ts';
import type { AlertMetric } from './metric.ts';
import { DEFAULT_LIMIT, type AlertRule, type Condition, type Level, type Query } from './rule.ts';

interface Starter {
  readonly name: string;
  readonly query: Query;
  readonly op?: AlertRule['op'];
  readonly levels: readonly [Level, ...Level[]];
  readonly and?: readonly Condition[];
  readonly forMs: number;
  readonly keepFiringForMs?: number;
  readonly summary: string;
  readonly description: string;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const last = (metric: AlertMetric): Query => ({ metric, agg: 'last', windowMs: 0 });
const over = (agg: Query['agg'], metric: AlertMetric, windowMs: number): Query => ({ metric, agg, windowMs });
const warning = (threshold: number, recovery = threshold): Level => ({ severity: 'warning', threshold, recovery });
const critical = (threshold: number, recovery = threshold): Level => ({ severity: 'critical', threshold, recovery });
const PLACE = '{{ $labels.container }} on {{ $labels.host }}';

/** Quiet where nothing is wrong: usage counts only where there is a limit to it. */
const STARTERS: readonly Starter[] = [
  {
    name: 'HostUnreachable',
    query: last('hostUnreachable'),
    op: '==',
    levels: [critical(1)],
    forMs: 30_000,
    summary: '{{ $labels.host }} does not report',
    description:
      'Its stats agent, the host or the way to it is down. Its other alerts keep their state and are not sent.',
  },
  {
    name: 'HostDiskFilling',
    query: over('zeroIn', 'hostDiskAvailableBytes', HOUR),
    op: '<',
    levels: [warning(4 * 3600, 5 * 3600)],
    and: [{ query: last('hostDiskAvailableRatio'), op: '<', threshold: 0.4 }],
    forMs: 10 * MINUTE,
    summary: 'the root disk of {{ $labels.host }} is full in {{ $value | humanizeDuration }}',
    description: 'At the pace of the last hour.',
  },
  {
    name: 'HostMemoryPressure',
    query: over('rate', 'hostMemoryStalledSeconds', MINUTE),
    levels: [warning(0.1, 0.05)],
    forMs: 5 * MINUTE,
    summary: '{{ $labels.host }} stands still for want of memory {{ $value | humanizePercentage }} of the time',
    description: 'Pressure stall information: nothing on the host could run, since all of it waited for memory.',
  },
  {
    name: 'HostCPUSaturated',
    query: over('avg', 'hostCpuRatio', 5 * MINUTE),
    levels: [warning(0.95, 0.85)],
    forMs: 10 * MINUTE,
    summary: '{{ $labels.host }} uses {{ $value | humanizePercentage }} of its CPUs',
    description: 'On average over five minutes, for ten.',
  },
  {
    name: 'ContainerOOM',
    query: over('increase', 'oomKills', 5 * MINUTE),
    levels: [critical(0)],
    forMs: 0,
    summary: `${PLACE} was killed for memory`,
    description: 'The kernel ended one of its processes, since its limit was reached.',
  },
  {
    name: 'ContainerRestartLoop',
    query: over('increase', 'restarts', 10 * MINUTE),
    levels: [critical(3)],
    forMs: 0,
    summary: `${PLACE} restarted {{ $value }} times in ten minutes`,
    description: 'It ends soon after each start.',
  },
  {
    name: 'ContainerUnhealthy',
    query: last('unhealthy'),
    op: '==',
    levels: [warning(1)],
    forMs: MINUTE,
    summary: `${PLACE} fails its health check`,
    description: 'As its runtime says.',
  },
  {
    name: 'ContainerExitedUnexpectedly',
    query: over('increase', 'unexpectedExits', 5 * MINUTE),
    levels: [warning(0)],
    forMs: 0,
    summary: `${PLACE} exited unexpectedly`,
    description: 'With an exit code other than 0, 130, 137 and 143, or killed for memory.',
  },
  {
    name: 'ContainerMemoryNearLimit',
    query: last('memoryOfLimitRatio'),
    levels: [warning(0.9, 0.85)],
    forMs: 5 * MINUTE,
    keepFiringForMs: MINUTE,
    summary: `${PLACE} uses {{ $value | humanizePercentage }} of its memory limit`,
    description: 'Its working set, as `docker stats` counts it.',
  },
  {
    name: 'ContainerCPUThrottled',
    query: over('avg', 'cpuThrottledRatio', MINUTE),
    levels: [warning(0.25, 0.15)],
    forMs: 10 * MINUTE,
    summary: `${PLACE} is held back by its CPU limit in {{ $value | humanizePercentage }} of its periods`,
    description: 'It would use more CPU than its limit allows.',
  },
  {
    name: 'OverlayPeerUnreachable',
    query: last('overlayAbsent'),
    op: '==',
    levels: [critical(1)],
    forMs: 30_000,
    summary: 'the overlay agent of {{ $labels.host }} is gone',
    description: 'Its key in etcd ran out: containers of other hosts may not reach those of this one.',
  },
  {
    name: 'OverlayMTUMismatch',
    query: last('overlayMtuGapBytes'),
    levels: [warning(0)],
    forMs: MINUTE,
    summary: 'the overlay MTU of {{ $labels.host }} is {{ $value }} bytes smaller than that of other hosts',
    description: 'Large packets from there may be dropped.',
  },
];

/** What weft tells of itself. */
const OWN: readonly Starter[] = [
  {
    name: 'RuleEvaluationFailing',
    query: last('ruleFailing'),
    op: '==',
    levels: [warning(1)],
    forMs: 5 * MINUTE,
    summary: 'the rule {{ $labels.rule }} cannot be evaluated',
    description: 'Its alerts keep their state. The rules page says why.',
  },
  {
    name: 'NotificationChannelBroken',
    query: last('channelBroken'),
    op: '==',
    levels: [critical(1)],
    forMs: 0,
    summary: 'the channel {{ $labels.channel }} was switched off',
    description: 'It refused messages for good. The delivery log says why.',
  },
];

const NO_SCOPE: readonly Matcher[] = [];

function ruleOf(starter: Starter): AlertRule {
  const { name, query, levels, forMs, summary, description } = starter;
  return {
    id: name,
    name,
    group: 'weft',
    origin: { kind: 'builtin' },
    enabled: true,
    scope: NO_SCOPE,
    match: {},
    query,
    op: starter.op ?? '>',
    levels,
    and: starter.and ?? [],
    forMs,
    keepFiringForMs: starter.keepFiringForMs ?? 0,
    noData: 'keep',
    labels: {},
    annotations: { summary, description },
    limit: DEFAULT_LIMIT,
  };
}

/** The twelve rules that are in force from the first start. */
export const STARTER_RULES: readonly AlertRule[] = STARTERS.map(ruleOf);

/** Rules on weft itself, in force whatever other rules there are. */
export const OWN_RULES: readonly AlertRule[] = OWN.map(ruleOf);
