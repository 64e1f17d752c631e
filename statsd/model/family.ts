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

/** A field of the sample. */
export const field =
  (name: Field): NonNullable<Family['value']> =>
  (sample) =>
    sample[FIELD[name]] ?? Number.NaN;

/** cAdvisor prints 0 where there is no limit. */
export const limitOrZero =
  (name: Field): NonNullable<Family['value']> =>
  (sample) => {
    const value = sample[FIELD[name]] ?? Number.NaN;
    return value === Infinity ? 0 : value;
  };

/** Only containers with a quota have it, as in cAdvisor. */
export const withQuota =
  (name: Field): NonNullable<Family['value']> =>
  (sample) =>
    Number.isFinite(sample[FIELD.cpuQuotaMicros]) ? (sample[FIELD[name]] ?? Number.NaN) : Number.NaN;

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

export const valueIn = (sample: Float64Array, name: Field): number => sample[FIELD[name]] ?? Number.NaN;
