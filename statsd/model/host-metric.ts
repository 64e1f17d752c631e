import type { OwnMetric } from './exposition.ts';

/** A family of the host in node_exporter's name. */
export const hostMetric = (name: string, type: OwnMetric['type'], values: OwnMetric['values']): OwnMetric => ({
  name: `node_${name}`,
  type,
  help: `${name.replaceAll('_', ' ')}, as node_exporter tells it.`,
  values,
});
