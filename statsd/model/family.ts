import type { ContainerDetails } from './details.ts';
import { FIELD, type Field } from './reading.ts';

export type MetricType = 'counter' | 'gauge' | 'summary' | 'untyped';

/** What of one container the families are made from. */
export interface Measured {
  readonly sample: Float64Array;
  readonly details: ContainerDetails;
  /** What the runtime counts. */
  readonly health: 'starting' | 'healthy' | 'unhealthy' | undefined;
  readonly restartCount: number | undefined;
}

/** Rendered labels that come after the container's own, or empty; and the value, NaN for none. */
export type Point = readonly [extra: string, value: number];

export interface Family {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  /** One series for each container, without further labels. */
  readonly value?: (sample: Float64Array) => number;
  /** Any number of series for each container. */
  readonly points?: (measured: Measured) => readonly Point[];
}

// A field's place is looked up once: by its name it took longer than all that is written of it.

/** A field of the sample. */
export function field(name: Field): NonNullable<Family['value']> {
  const index = FIELD[name];
  return (sample) => sample[index] ?? Number.NaN;
}

/** cAdvisor prints 0 where there is no limit. */
export function limitOrZero(name: Field): NonNullable<Family['value']> {
  const valueOf = field(name);
  return (sample) => {
    const value = valueOf(sample);
    return value === Infinity ? 0 : value;
  };
}

/** Only containers with a quota have it, as in cAdvisor. */
export function withQuota(name: Field): NonNullable<Family['value']> {
  const [quotaOf, valueOf] = [field('cpuQuotaMicros'), field(name)];
  return (sample) => (Number.isFinite(quotaOf(sample)) ? valueOf(sample) : Number.NaN);
}

/** A gauge with one series. */
export const gauge = (name: string, help: string, value: NonNullable<Family['value']>): Family => ({
  name,
  help,
  type: 'gauge',
  value,
});
/** A counter with one series. */
export const counter = (name: string, help: string, value: NonNullable<Family['value']>): Family => ({
  ...gauge(name, help, value),
  type: 'counter',
});
/** A counter with any number of series. */
export const points = (name: string, help: string, make: NonNullable<Family['points']>): Family => ({
  name,
  help,
  type: 'counter',
  points: make,
});
