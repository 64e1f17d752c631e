import type { AlertRule } from '../../model/alert/rule.ts';
import type { ThresholdStep } from './panel.ts';

/** Lines of a chart at most: five hundred containers must not draw five hundred lines. */
const LINES = 15;

/** With the host's name, of the hosts that were chosen. */
export function ofHost(value: string): string {
  return `${value} * on (job, instance) group_left (host) weft_statsd_host_info{host=~"$host"}`;
}

/** The same of an overlay agent. */
export function ofOverlay(value: string): string {
  return `${value} * on (job, instance) group_left (host) weft_flannel_host_info{host=~"$host"}`;
}

/** Of the containers that were chosen, by host and name. */
export function ofContainer(value: string): string {
  const chosen = 'container_info{name=~"$container", compose_project=~"$project"}';
  const named = ofHost(`${value} * on (job, instance, id) group_left () ${chosen}`);
  return `sum by (host, name) (${named})`;
}

/** The most of them. */
export function most(value: string): string {
  return `topk(${LINES}, ${value})`;
}

export const rate = (counter: string): string => `rate(${counter}[$__rate_interval])`;
export const summedRate = (counter: string, without: string): string => `sum without (${without}) (${rate(counter)})`;

const COLORS = { info: 'blue', warning: 'orange', critical: 'red' } as const;

/** Where a rule's levels begin, as lines of a chart; none without the rule. */
export function thresholdsOf(
  rules: readonly AlertRule[],
  name: string,
): { readonly thresholds?: readonly ThresholdStep[] } {
  const rule = rules.find((each) => each.name === name && each.enabled);
  if (rule === undefined) return {};
  const steps = rule.levels.map(({ severity, threshold }) => ({ value: threshold, color: COLORS[severity] }));
  return { thresholds: [{ value: null, color: 'text' }, ...steps] };
}

export const HOST = {
  name: 'host',
  label: 'Host',
  query: 'label_values(weft_statsd_host_info, host)',
} as const;
