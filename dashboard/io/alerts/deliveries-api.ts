import type { Hono } from 'hono';
import type { Env } from '../http.ts';
import type { NotifyParts } from '../notify/assemble.ts';
import type { DeliveryAttempt } from '../notify/outbox.ts';
import { problem } from '../problem.ts';
import type { Doors } from './doors.ts';

type DeliveriesNotify = Pick<NotifyParts, 'channels' | 'outbox' | 'notifier'>;

function attemptView(attempt: DeliveryAttempt, { channels, notifier }: DeliveriesNotify): object {
  const { atUnixMs, retryAtUnixMs, channel, ...rest } = attempt;
  return {
    at: new Date(atUnixMs).toISOString(),
    channel: channels.get(channel)?.spec.name ?? channel,
    ...rest,
    retryAt: retryAtUnixMs === undefined ? null : new Date(retryAtUnixMs).toISOString(),
    canResend: attempt.outcome !== 'sent' && notifier.whyNotAgain(attempt) === undefined,
  };
}

/** What became of what channels were sent, and what was not taken sent again. */
export function addDeliveries(
  api: Hono<Env>,
  { notify }: { readonly notify: DeliveriesNotify },
  { reading, changing }: Doors,
): void {
  const { outbox, notifier } = notify;
  api.get(
    '/deliveries',
    reading((context) => {
      const limit = Number(context.req.query('limit') ?? 100);
      if (!Number.isInteger(limit) || limit < 1 || limit > 1000)
        return problem(context, 400, 'limit: expected 1 to 1000');
      return context.json({ deliveries: outbox.attempts(limit).map((attempt) => attemptView(attempt, notify)) });
    }),
  );
  api.post(
    '/deliveries/:seq/resend',
    changing((context) => {
      const attempt = outbox.attempt(Number(context.req.param('seq')));
      if (attempt === undefined) return problem(context, 404, 'there is no such attempt');
      const reason = notifier.resend(attempt);
      return reason === undefined ? context.json({}) : problem(context, 409, `it is not sent again: ${reason}`);
    }),
  );
}
