import type { OwnMetric } from './exposition.ts';

/** A metric of the agent with one series. */
export const ownGauge = (name: string, help: string, value: number): OwnMetric => ({
  name,
  help,
  type: 'gauge',
  values: [['', value]],
});
export const ownCounter = (name: string, help: string, value: number): OwnMetric => ({
  ...ownGauge(name, help, value),
  type: 'counter',
});
