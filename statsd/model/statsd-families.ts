import { escapeLabelValue, headOf } from './exposition.ts';
import type { MetricType } from './family.ts';
import { distinctOf, quantileOf, QUANTILES, type StatsdBook, type StatsdSeries } from './statsd-book.ts';
import { CHECK_STATES, type StatsdKind } from './statsd-text.ts';
import { numberText } from './text-pages.ts';

/**
 * How a family is called after a metric's name. No ending is the end of another, so whatever containers call their metrics,
 * no two families meet, and none can be taken for one of the agent's.
 */
const FORMS: Readonly<
  Record<StatsdKind, { readonly ending: string; readonly type: MetricType; readonly help: string }>
> = {
  counter: { ending: '_total', type: 'counter', help: 'Counter that containers send by StatsD.' },
  gauge: { ending: '_value', type: 'gauge', help: 'Gauge that containers send by StatsD.' },
  timer: { ending: '_seconds', type: 'summary', help: 'Times that containers send by StatsD.' },
  histogram: { ending: '_values', type: 'summary', help: 'Values that containers send by StatsD.' },
  set: { ending: '_distinct', type: 'gauge', help: 'Different values that containers sent by StatsD within a minute.' },
};
const CHECK = {
  name: 'statsd_service_check_status',
  type: 'gauge',
  help: 'Last state of a service check: 0 ok, 1 warning, 2 critical, 3 unknown.',
} as const;

/** Not in the families' own form: a counter that a container calls `events` is `statsd_events_total`. */
const EVENTS = {
  name: 'weft_statsd_intake_events_total',
  type: 'counter',
  help: 'Events that containers sent by StatsD, by their alert type.',
} as const;

const familyOf = ({ kind, name }: StatsdSeries): string => `statsd_${name}${FORMS[kind].ending}`;

const joined = (...blocks: readonly string[]): string => blocks.filter((block) => block !== '').join(',');

function linesOf(series: StatsdSeries, container: string, nowMs: number): string {
  const family = familyOf(series);
  const labels = joined(container, series.labels);
  if (series.sketch === undefined) {
    const value = series.members === undefined ? series.value : distinctOf(series, nowMs);
    return `${family}{${labels}} ${numberText(value)}\n`;
  }
  const quantiles = QUANTILES.map((q) => [q, quantileOf(series, q, nowMs)] as const)
    .filter(([, value]) => !Number.isNaN(value))
    .map(([q, value]) => `${family}{${labels},quantile="${q}"} ${numberText(value)}\n`);
  const sums = `${family}_sum{${labels}} ${numberText(series.sum)}\n${family}_count{${labels}} ${numberText(series.count)}\n`;
  return quantiles.join('') + sums;
}

/** Series that are put together before the event loop runs again. */
const SLICE = 250;

type Line = () => string;

function* inSlices(head: string, lines: readonly Line[]): Generator<string> {
  for (let at = 0; at < lines.length; at += SLICE) {
    const slice = lines.slice(at, at + SLICE).map((line) => line());
    yield (at === 0 ? head : '') + slice.join('');
  }
}

/**
 * What containers sent, in Prometheus' text, family by family, in slices. `labelsOf` gives a container's own label block, or
 * `undefined` for one that is not shown.
 */
export function* renderStatsd(
  book: StatsdBook,
  labelsOf: (key: string) => string | undefined,
  nowMs: number,
): Generator<string> {
  const families = new Map<string, { readonly kind: StatsdKind; readonly lines: Line[] }>();
  const checks: Line[] = [];
  const events: Line[] = [];
  for (const [key, account] of book.accounts()) {
    const container = labelsOf(key);
    if (container === undefined) continue;
    for (const series of account.series.values()) {
      const name = familyOf(series);
      const family = families.get(name) ?? { kind: series.kind, lines: [] };
      families.set(name, family);
      family.lines.push(() => linesOf(series, container, nowMs));
    }
    for (const { name, labels, state } of account.checks.values()) {
      const check = `check="${escapeLabelValue(name)}"`;
      checks.push(() => `${CHECK.name}{${joined(container, check, labels)}} ${CHECK_STATES.indexOf(state)}\n`);
    }
    for (const [alert, count] of account.eventCounts)
      events.push(() => `${EVENTS.name}{${joined(container, `alert_type="${alert}"`)}} ${count}\n`);
  }
  for (const [name, { kind, lines }] of [...families].toSorted(([a], [b]) => (a < b ? -1 : 1)))
    yield* inSlices(headOf({ ...FORMS[kind], name }), lines);
  yield* inSlices(headOf(CHECK), checks);
  yield* inSlices(headOf(EVENTS), events);
}
