import type { Hono } from 'hono';
import { z } from 'zod';
import type { Clock } from '../../../native/host/clock.ts';
import type { AlertBook } from '../../model/alert/book.ts';
import { principalOf } from '../access/gate.ts';
import type { Env } from '../http.ts';
import type { NotifyParts } from '../notify/assemble.ts';
import { problem } from '../problem.ts';
import { jsonObject } from './access.ts';
import type { Doors } from './doors.ts';

const ackSchema = z.object({
  /** Who asks, when nothing is said. */
  by: z.string().min(1).max(256).optional(),
  comment: z.string().max(4096).default(''),
});

export interface AcknowledgeApiParts {
  readonly notify: Pick<NotifyParts, 'acknowledgements'>;
  readonly book: AlertBook;
  readonly clock: Clock;
}

/** Who looks after an alert that fires. */
export function addAcknowledgements(
  api: Hono<Env>,
  { notify, book, clock }: AcknowledgeApiParts,
  { changing }: Pick<Doors, 'changing'>,
): void {
  const { acknowledgements } = notify;
  api.post(
    '/alerts/:fingerprint/acknowledge',
    changing(async (context) => {
      const alert = book.get(context.req.param('fingerprint') ?? '');
      if (alert?.state.kind !== 'firing') return problem(context, 404, 'there is no such alert that fires');
      const { by = principalOf(context).name, comment } = ackSchema.parse((await jsonObject(context)) ?? {});
      acknowledgements.put(alert.fingerprint, { by, comment, atUnixMs: clock.nowMs() });
      return context.json({});
    }),
  );
  api.delete(
    '/alerts/:fingerprint/acknowledge',
    changing((context) => {
      acknowledgements.remove(context.req.param('fingerprint') ?? '');
      return context.json({});
    }),
  );
}
