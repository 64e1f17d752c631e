import { z } from 'zod';

const text = z.string();
const maybeText = z.string().nullable();
const number = z.number();
const time = z.string().meta({ format: 'date-time' });
const labels = z.record(z.string(), z.string());

export const silence = z.strictObject({
  id: text,
  status: z.strictObject({ state: z.enum(['pending', 'active', 'expired']) }),
  matchers: z.array(z.strictObject({ name: text, value: text, isRegex: z.boolean(), isEqual: z.boolean() })),
  startsAt: time,
  endsAt: time,
  updatedAt: time,
  createdBy: text,
  comment: text,
  annotations: labels,
});

export const channel = z.looseObject({
  id: text,
  receiver: text,
  origin: z.enum(['file', 'api']),
  type: text,
  name: text,
  secretsLost: z.boolean().describe('They cannot be read any more: enter them again.'),
  disabledBecause: maybeText,
});

export const delivery = z.looseObject({
  seq: number,
  at: time,
  channel: text,
  retryAt: time.nullable(),
  canResend: z.boolean(),
});

export const routing = z.strictObject({
  key: text,
  depth: number,
  matchers: text,
  receiver: text,
  channels: z.array(text),
  groupBy: z.array(text),
  groupWaitMs: number,
  groupIntervalMs: number,
  repeatIntervalMs: number,
  muteTimeIntervals: z.array(text),
  activeTimeIntervals: z.array(text),
  continue: z.boolean(),
});

export const muteWindow = z.strictObject({
  name: text,
  origin: z.enum(['file', 'api']),
  timeIntervals: z.array(z.looseObject({ location: text })),
  text,
  active: z.boolean(),
  changesAt: time.nullable(),
});

export const group = z.looseObject({ key: text, receiver: text, labels, nextFlushAt: time, alerts: z.array(text) });
