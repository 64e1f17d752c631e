import type { StatsdView } from '../status-wire.ts';
import { distinctOf, quantileOf, QUANTILES, type StatsdAccount, type StatsdSeries } from './statsd-book.ts';

type MetricView = StatsdView['metrics'][number];

function metricView(series: StatsdSeries, nowMs: number): MetricView {
  const { kind, name, sum, count } = series;
  const common = { name, kind, tags: Object.fromEntries(series.tags) };
  if (kind === 'set') return { ...common, value: distinctOf(series, nowMs) };
  if (kind === 'counter' || kind === 'gauge') return { ...common, value: series.value };
  const quantiles = QUANTILES.map((q) => [String(q), quantileOf(series, q, nowMs)] as const);
  const known = quantiles.filter(([, value]) => !Number.isNaN(value));
  return { ...common, sum, count, ...(known.length === 0 ? {} : { quantiles: Object.fromEntries(known) }) };
}

/** What a container said of itself, for the API; `undefined` when it said nothing. */
export function statsdView(account: StatsdAccount | undefined, nowMs: number): StatsdView | undefined {
  if (account === undefined) return undefined;
  return {
    metrics: [...account.series.values()].map((series) => metricView(series, nowMs)),
    checks: [...account.checks.values()].map(({ name, state, message, tags, atUnixMs }) => ({
      ...{ name, state, tags: Object.fromEntries(tags), atUnixMs },
      ...(message === undefined ? {} : { message }),
    })),
    events: account.events.map(({ title, text, alert, isLowPriority, tags, atUnixMs }) => ({
      ...{ title, alert, tags: Object.fromEntries(tags), atUnixMs },
      ...(text === '' ? {} : { text }),
      ...(isLowPriority ? { isLowPriority } : {}),
    })),
  };
}
