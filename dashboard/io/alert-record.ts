import { z } from 'zod';
import type { Alert, LivingState } from '../model/alert/alert.ts';
import { isMetric, type AlertMetric } from '../model/alert/metric.ts';
import { ALERT_OPERATORS, SEVERITIES } from '../model/alert/rule.ts';
import { INACTIVE, RESOLVED_REASONS, type AlertState } from '../model/alert/state.ts';

const texts = z.record(z.string(), z.string());

const life = {
  activeAtUnixMs: z.number(),
  heldMs: z.number(),
  clearMs: z.number().optional(),
  noData: z.boolean(),
  /** JSON has no NaN: what is not known is null. */
  value: z
    .number()
    .nullable()
    .transform((value) => value ?? Number.NaN),
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
  ruleId: z.string(),
  rule: z.string(),
  target: z.string(),
  labels: texts,
  annotations: texts,
  severity: z.enum(SEVERITIES),
  metric: z.string().transform((name, context): AlertMetric => {
    if (isMetric(name)) return name;
    context.addIssue({ code: 'custom', message: 'unknown metric' });
    return z.NEVER;
  }),
  op: z.enum(ALERT_OPERATORS),
  threshold: z.number(),
  forMs: z.number(),
  noDataSinceUnixMs: z.number().optional(),
  state: stateSchema,
  levels: z.array(
    z.object({
      severity: z.enum(SEVERITIES),
      state: z.union([stateSchema, z.object({ kind: z.literal('inactive') })]),
    }),
  ),
  before: resolvedSchema.optional(),
  transitions: z.array(z.object({ atUnixMs: z.number(), to: z.enum(['firing', 'resolved']) })),
  flapping: z.boolean(),
});

/** The record as JSON text; `undefined` fields are left out. */
export function encodeAlert(alert: Alert): string {
  return JSON.stringify(alert);
}

/** @throws {z.ZodError | SyntaxError} when the text is not a record of this version. */
export function decodeAlert(text: string): Alert {
  const { noDataSinceUnixMs, state, before, levels, ...rest } = alertSchema.parse(JSON.parse(text));
  return {
    ...rest,
    noDataSinceUnixMs,
    state: living(state),
    levels: levels.map((level) => ({ ...level, state: anyState(level.state) })),
    before: before === undefined ? undefined : { ...before, clearMs: before.clearMs },
  };
}

function living(state: z.infer<typeof stateSchema>): LivingState {
  return { ...state, clearMs: state.clearMs };
}

function anyState(state: z.infer<typeof stateSchema> | { kind: 'inactive' }): AlertState {
  return state.kind === 'inactive' ? INACTIVE : living(state);
}
