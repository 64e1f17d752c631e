import { z } from 'zod';
import { MARK_KINDS } from '../../model/history/series.ts';

const text = z.string();
const maybeText = z.string().nullable();
const number = z.number();
const maybeNumber = z.number().nullable();
const time = z.string().meta({ format: 'date-time' });

const exit = {
  exitCode: number.optional().describe('128 and the number of the signal after a signal.'),
  oomKilled: z.boolean().optional(),
  ranForMs: number.optional(),
};
const markKind = z.enum(MARK_KINDS);
const mark = z.strictObject({ at: time, kind: markKind, containerId: text, ...exit });
/** One event of `GET /events`. */
export const event = mark.partial().extend({
  at: time,
  kind: z.enum([...MARK_KINDS, 'fired', 'resolved']),
  series: text.optional(),
  nodeId: text.optional(),
  host: text.optional(),
  name: text.optional(),
  rule: text.optional(),
  severity: text.optional(),
  because: text.optional().describe('Why the alert resolved.'),
});
const bins = z.strictObject({ min: z.array(maybeNumber), avg: z.array(maybeNumber), max: z.array(maybeNumber) });
/** What `GET /history` answers with. */
export const history = z.strictObject({
  from: time,
  stepMs: number,
  points: number,
  partial: maybeText,
  unknown: z.array(text),
  series: z.array(
    z.looseObject({
      key: text,
      kind: z.enum(['host', 'container']),
      host: text,
      name: text,
      columns: z.record(z.string(), bins),
      marks: z.array(mark),
    }),
  ),
});
