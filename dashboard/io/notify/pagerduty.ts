import { createHash } from 'node:crypto';
import { pagerDutyEvent } from '../../model/notify/pagerduty-message.ts';
import { outcomeOf, outcomeOfError, type Channel } from './channel.ts';
import { guardedFetch, type GuardedHttpOptions } from './guarded-http.ts';

export const PAGERDUTY_URL = 'https://events.pagerduty.com/v2/enqueue';

export interface PagerDutyOptions {
  readonly id: string;
  readonly url: string;
  readonly routingKey: string;
  readonly label: string;
  readonly sendResolved: boolean;
  readonly http: GuardedHttpOptions;
}

/** PagerDuty's Events API v2; one incident for each group. */
export function createPagerDuty({ id, url, routingKey, label, sendResolved, http }: PagerDutyOptions): Channel {
  return {
    id,
    kind: 'pagerduty',
    label,
    sendResolved,
    send: async ({ payload }, signal) => {
      const dedupKey = createHash('sha256').update(payload.groupKey).digest('hex');
      const body = JSON.stringify(pagerDutyEvent(payload, { routingKey, dedupKey }));
      try {
        return outcomeOf(
          await guardedFetch({ url, headers: { 'content-type': 'application/json' }, body }, http, signal),
        );
      } catch (error) {
        signal.throwIfAborted();
        return outcomeOfError(error);
      }
    },
  };
}
