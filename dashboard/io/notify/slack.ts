import { slackMessage } from '../../model/notify/slack-message.ts';
import { outcomeOf, outcomeOfError, shownBody, type Channel, type SendOutcome } from './channel.ts';
import { guardedFetch, type GuardedHttpOptions, type HttpAnswer } from './guarded-http.ts';

export interface SlackOptions {
  readonly id: string;
  readonly url: string;
  readonly label: string;
  readonly sendResolved: boolean;
  readonly http: GuardedHttpOptions;
}

/** Slack says `ok`, or why not, also with 200. 403, 404 and 410 mean that the webhook itself is gone. */
export function slackOutcome(answer: HttpAnswer): SendOutcome {
  const outcome = outcomeOf(answer);
  const { status, body } = answer;
  if (outcome.kind === 'refused' && (status === 403 || status === 404 || status === 410))
    return { ...outcome, disable: `Slack answered ${status} ${shownBody(body)}` };
  if (outcome.kind !== 'sent' || body.trim() === 'ok') return outcome;
  return { kind: 'refused', why: `answered ${shownBody(body)}`, status: String(status), body: shownBody(body) };
}

/** A Slack incoming webhook. */
export function createSlack({ id, url, label, sendResolved, http }: SlackOptions): Channel {
  return {
    id,
    kind: 'slack',
    label,
    sendResolved,
    send: async ({ payload }, signal) => {
      const body = JSON.stringify(slackMessage(payload));
      try {
        return slackOutcome(
          await guardedFetch({ url, headers: { 'content-type': 'application/json' }, body }, http, signal),
        );
      } catch (error) {
        signal.throwIfAborted();
        return outcomeOfError(error);
      }
    },
  };
}
