import { createHmac } from 'node:crypto';
import type { Clock } from '../../../native/host/clock.ts';
import { outcomeOf, outcomeOfError, type Channel } from './channel.ts';
import { guardedFetch, type GuardedHttpOptions } from './guarded-http.ts';

export interface WebhookOptions {
  readonly id: string;
  readonly url: string;
  readonly label: string;
  readonly sendResolved: boolean;
  /** `whsec_<base64>`, the current one first; unsigned without any. */
  readonly secrets: readonly string[];
  readonly http: GuardedHttpOptions;
  readonly clock: Clock;
}

/** @see https://www.standardwebhooks.com: HMAC-SHA256 over `id.timestamp.body`. */
export function signatureOf(
  secret: string,
  message: { readonly id: string; readonly timestampSeconds: number; readonly body: string },
): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const signed = `${message.id}.${message.timestampSeconds}.${message.body}`;
  return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
}

/** Alertmanager's webhook message of version 4, signed as Standard Webhooks ask for. */
export function createWebhook({ id, url, label, sendResolved, secrets, http, clock }: WebhookOptions): Channel {
  const headersOf = (messageId: string, body: string): Record<string, string> => {
    const timestampSeconds = Math.floor(clock.nowMs() / 1000);
    const signed = { id: messageId, timestampSeconds, body };
    const signature = secrets.map((secret) => signatureOf(secret, signed)).join(' ');
    return {
      'content-type': 'application/json',
      'webhook-id': messageId,
      'webhook-timestamp': String(timestampSeconds),
      ...(signature === '' ? {} : { 'webhook-signature': signature }),
    };
  };
  return {
    id,
    kind: 'webhook',
    label,
    sendResolved,
    send: async (message, signal) => {
      const body = JSON.stringify(message.payload);
      try {
        return outcomeOf(await guardedFetch({ url, headers: headersOf(message.id, body), body }, http, signal));
      } catch (error) {
        signal.throwIfAborted();
        return outcomeOfError(error);
      }
    },
  };
}
