import { z } from 'zod';
import type { Alert, LivingState } from '../model/alert-book.ts';
import { ALERT_METRICS, SEVERITIES } from '../model/alert-rule.ts';
import { RESOLVED_REASONS } from '../model/alert-state.ts';
import type { Delivered } from '../model/notification.ts';

const texts = z.record(z.string(), z.string());

const life = {
  activeAtUnixMs: z.number(),
  heldMs: z.number(),
  clearMs: z.number().optional(),
  noData: z.boolean(),
  value: z.number(),
};

const resolvedSchema = z.object({
  kind: z.literal('resolved'),
  firedAtUnixMs: z.number(),
  resolvedAtUnixMs: z.number(),
  reason: z.enum(RESOLVED_REASONS),
  ...life,
});

const stateSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('pending'), ...life }),
  z.object({ kind: z.literal('firing'), firedAtUnixMs: z.number(), ...life }),
  resolvedSchema,
]);

const alertSchema = z.object({
  fingerprint: z.string(),
  rule: z.string(),
  target: z.string(),
  labels: texts,
  annotations: texts,
  severity: z.enum(SEVERITIES),
  metric: z.enum(ALERT_METRICS),
  threshold: z.number(),
  forMs: z.number(),
  noDataSinceUnixMs: z.number().optional(),
  state: stateSchema,
  before: resolvedSchema.optional(),
});

const deliverySchema = z.object({
  firing: z.array(z.string()),
  refusedId: z.string().optional(),
  sentence: z.string().optional(),
});

/** {@link Delivered} with the sentence that the page shows. */
export interface DeliveryRecord extends Delivered {
  /** What became of the last message; `undefined` before the first attempt ended. */
  readonly sentence: string | undefined;
}

/** The record as JSON text; `undefined` fields are left out. */
export function encodeAlert(alert: Alert): string {
  return JSON.stringify(alert);
}

/** @throws {z.ZodError | SyntaxError} when the text is not a record of this version. */
export function decodeAlert(text: string): Alert {
  const { noDataSinceUnixMs, state, before, ...rest } = alertSchema.parse(JSON.parse(text));
  const living: LivingState = { ...state, clearMs: state.clearMs };
  return {
    ...rest,
    noDataSinceUnixMs,
    state: living,
    before: before === undefined ? undefined : { ...before, clearMs: before.clearMs },
  };
}

export function encodeDelivery(record: DeliveryRecord): string {
  return JSON.stringify(record);
}

/** @throws {z.ZodError | SyntaxError} when the text is not a record of this version. */
export function decodeDelivery(text: string): DeliveryRecord {
  const { firing, refusedId, sentence } = deliverySchema.parse(JSON.parse(text));
  return { firing, refusedId, sentence };
}
