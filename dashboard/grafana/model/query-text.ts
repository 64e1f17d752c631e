import type { Query } from '../../model/alert/rule.ts';
import type { Saying } from './metric-saying.ts';
import { durationText, RULE_INTERVAL } from './promql.ts';

/** Over how long Prometheus makes what the live rules see from one second to the next: it scrapes more seldom. */
export const MOMENT = '1m';

/** Seconds until a line of least squares reaches 0; nothing where it does not fall, or a quarter of the window is not covered. */
function zeroIn(range: string, windowMs: number): string {
  const covered = `last_over_time(${range} offset ${durationText(Math.ceil(windowMs / 4))})`;
  return `clamp_min(predict_linear(${range}, 0), 0)\n/ -(deriv(${range}) < 0)\nand ${covered}`;
}

/** One expression at many moments. */
const subquery = (expression: string, window: string): string => `(${expression})[${window}:${RULE_INTERVAL}]`;

/** A query over a value that is there at each moment; `range` is all of it within the window. */
function overTime({ agg, windowMs }: Query, value: string, range: string): string {
  switch (agg) {
    case 'avg':
    case 'max':
    case 'min':
      return `${agg}_over_time(${range})`;
    case 'p95':
      return `quantile_over_time(0.95, ${range})`;
    case 'zeroIn':
      return zeroIn(range, windowMs);
    case 'last':
    case 'rate': // of counters only
    case 'increase':
      return value;
  }
}

function counted(query: Query, saying: Extract<Saying, { kind: 'counter' }>): string {
  const growth = `${query.agg === 'rate' ? 'rate' : 'increase'}(${saying.selector}[${durationText(query.windowMs)}])`;
  return saying.without === undefined ? growth : `sum without (${saying.without}) (${growth})`;
}

/** A query of the live rules in PromQL, with the labels that its series have; `matched` names a metric with the rule's matchers. */
export function queryText(query: Query, saying: Saying, matched: (metric: string) => string): string {
  const window = durationText(query.windowMs);
  switch (saying.kind) {
    case 'series':
      return overTime(query, matched(saying.metric), `${matched(saying.metric)}[${window}]`);
    case 'formula':
      return overTime(query, saying.expression, subquery(saying.expression, window));
    case 'rate':
      if (query.agg === 'avg') return saying.over(window);
      return overTime(query, saying.over(MOMENT), subquery(saying.over(MOMENT), window));
    case 'counter':
      return counted(query, saying);
    case 'events': {
      const metric = matched(saying.metric);
      const growth = `${metric} - min_over_time(${metric}[${window}])`;
      return query.agg === 'rate' ? `(${growth}) / ${query.windowMs / 1000}` : growth;
    }
  }
}
