import { byteUnitOf, formatCount, formatNumber, formatSet, UNAVAILABLE } from '../format.ts';

/** What a chart's values are. */
export type Unit = 'ratio' | 'cores' | 'bytes' | 'bytesPerSecond' | 'load' | 'count';

/** How the values of one chart are written: all in one unit. */
export interface Scale {
  /** The value at the upper edge. */
  readonly ceiling: number;
  /** After each number; empty for plain counts. */
  readonly suffix: string;
  /** What one of the suffix is worth. */
  readonly one: number;
  /** Whole numbers. */
  readonly isCount?: boolean;
}

const STEPS = [1, 2, 5, 10] as const;

/** The least of 1, 2, 5, 10, 20, … that is not smaller: an edge that stays where it is while values move below it. */
export function niceCeiling(value: number): number {
  const size = 10 ** Math.floor(Math.log10(value));
  const step = STEPS.find((candidate) => candidate * size >= value * (1 - 1e-9)) ?? 10;
  // Powers of ten below one are not exact.
  return Number((step * size).toPrecision(1));
}

/** An axis that nothing is on is still one. */
const LEAST: Readonly<Record<Unit, number>> = {
  ratio: 0.01,
  cores: 0.01,
  bytes: 1024,
  bytesPerSecond: 1024,
  load: 1,
  count: 1,
};

/** A threshold far above everything would make a flat line of what is below it. */
const SHOWN_WITHIN = 4;

/** Whether a chart with this largest value has its limit on it. */
export function showsLimit(largest: number, limit: number): boolean {
  return limit <= largest * SHOWN_WITHIN;
}

/** The axis for values up to `largest`, and for the limit where that is near. */
export function scaleFor(unit: Unit, largest: number, limit?: number): Scale {
  const wanted = limit !== undefined && showsLimit(largest, limit) ? Math.max(largest, limit) : largest;
  const top = Math.max(wanted, LEAST[unit]);
  switch (unit) {
    case 'ratio':
      return { ceiling: niceCeiling(top * 100) / 100, suffix: '%', one: 0.01 };
    case 'cores':
      return { ceiling: niceCeiling(top), suffix: 'cores', one: 1 };
    case 'bytes':
    case 'bytesPerSecond': {
      const { bytes, label } = byteUnitOf(top);
      const suffix = unit === 'bytes' ? label : `${label}/s`;
      return { ceiling: niceCeiling(top / bytes) * bytes, suffix, one: bytes };
    }
    case 'load':
    case 'count':
      return { ceiling: niceCeiling(top), suffix: '', one: 1, isCount: unit === 'count' };
  }
}

/** Lines of the grid: quarters of 1 and 2, fifths of 5. */
export function gridOf({ ceiling, one }: Pick<Scale, 'ceiling' | 'one'>): number[] {
  const first = (ceiling / one).toExponential()[0];
  const parts = first === '5' ? 5 : 4;
  return Array.from({ length: parts + 1 }, (_, part) => (ceiling * part) / parts);
}

const withSuffix = (text: string, suffix: string): string =>
  suffix === '' || text === UNAVAILABLE ? text : `${text}\u00a0${suffix}`;

/** A value in the chart's unit. */
export function formatOn(
  { suffix, one, isCount = false }: Omit<Scale, 'ceiling'>,
  value: number | null | undefined,
): string {
  const known = value ?? Number.NaN;
  return isCount ? formatCount(known) : withSuffix(formatNumber(known / one), suffix);
}

/** A limit or a line of the grid: without zeros behind it. */
export function formatSetOn({ suffix, one }: Pick<Scale, 'suffix' | 'one'>, value: number): string {
  return withSuffix(formatSet(value / one), suffix);
}
