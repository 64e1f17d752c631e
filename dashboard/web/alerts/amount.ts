import { formatDuration, formatMetric, formatRatio, formatSetting } from '../format.ts';
import { alertsMessage } from '../store.ts';

type Format = typeof formatMetric;

/** A number of a rule: what is made of a metric may have another unit than the metric itself. */
function formatAmount(
  { metric, agg }: { metric: string; agg: string },
  value: number | undefined,
  plain: Format,
): string {
  if (agg === 'zeroIn') return formatDuration(value === undefined ? undefined : value * 1000);
  return agg === 'rate' && metric.endsWith('Seconds') ? formatRatio(value) : plain(metric, value);
}

/** A rule's threshold: `4 h`, `80 %`, `512 MiB`. */
export function formatThreshold(rule: {
  readonly metric: string;
  readonly agg: string;
  readonly threshold: number;
}): string {
  return formatAmount(rule, rule.threshold, formatSetting);
}

interface Measured {
  readonly rule: string;
  readonly metric: string;
  readonly value: number | undefined;
  readonly threshold: number;
}

/** An alert's value and its threshold; what its rule makes of the metric is known while there is such a rule. */
export function formatMeasured({
  rule,
  metric,
  value,
  threshold,
}: Measured): readonly [value: string, threshold: string] {
  const agg = alertsMessage.value?.rules.find(({ name }) => name === rule)?.agg ?? 'last';
  return [formatAmount({ metric, agg }, value, formatMetric), formatThreshold({ metric, agg, threshold })];
}
