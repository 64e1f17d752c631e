import { z } from 'zod';

/**
 * JSON as a Go program takes it in: whole numbers with all their digits. A number with a fraction or an exponent stays a
 * number, so that no schema of whole numbers takes it, as Go's decoder would not.
 */
export function goJson(text: string): unknown {
  const exactly = (_key: string, value: unknown, context: { source?: string }): unknown =>
    typeof value === 'number' && /^-?\d+$/.test(context.source ?? '') ? BigInt(context.source ?? '') : value;
  return JSON.parse(text, exactly as Parameters<typeof JSON.parse>[1]);
}

/** Go leaves a field that is missing or null at its zero. */
const orZero = <T>(type: z.ZodType<T>, zero: T): z.ZodType<T> => type.nullish().transform((value) => value ?? zero);

const wholeWithin = (least: bigint, most: bigint): z.ZodType<bigint> => orZero(z.bigint().min(least).max(most), 0n);

export const uint64 = wholeWithin(0n, 2n ** 64n - 1n);
export const uint32 = wholeWithin(0n, 2n ** 32n - 1n);
export const uint16 = wholeWithin(0n, 2n ** 16n - 1n);
export const int64 = wholeWithin(-(2n ** 63n), 2n ** 63n - 1n);
export const text = orZero(z.string(), '');
export const flag = orZero(z.boolean(), false);
/** time.Time takes RFC 3339 and nothing else. */
export const time = orZero(z.iso.datetime({ offset: true }), '0001-01-01T00:00:00Z');
export const slice = <T>(of: z.ZodType<T>): z.ZodType<T[]> => orZero(z.array(of), []);
export const map = <T>(of: z.ZodType<T>): z.ZodType<Record<string, T>> => orZero(z.record(z.string(), of), {});
