import { createHash, createHmac } from 'node:crypto';
import type { Clock } from '../../../native/host/clock.ts';

/** What came of one attempt. `retry`: it may work later. `refused`: the same message will not be taken. */
export type SendOutcome =
  | { readonly kind: 'sent'; readonly status: number }
  | { readonly kind: 'retry'; readonly why: string }
  | { readonly kind: 'refused'; readonly why: string };

export interface WebhookOptions {
  readonly url: string;
  /** `whsec_<base64>`; unsigned without it. */
  readonly secret: string | undefined;
  readonly userAgent: string;
  readonly clock: Clock;
  readonly timeoutMs: number;
}

/** One receiver of alerts. */
export interface Webhook {
  /** Identifies it in the store without giving the URL (which may hold a secret) away. */
  readonly id: string;
  /** What a person may see of it: the URL's host. */
  readonly label: string;
  /** Sends once; never throws but for the caller's own abort. */
  send(message: { readonly id: string; readonly body: string }, signal: AbortSignal): Promise<SendOutcome>;
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

/** 2xx is taken; a redirect is never followed; 408, 429 and 5xx may pass; any other answer is final. */
export function outcomeOf(status: number): SendOutcome {
  if (status >= 200 && status < 300) return { kind: 'sent', status };
  if (status >= 500 || status === 408 || status === 429) return { kind: 'retry', why: `answered ${status}` };
  if (status >= 300 && status < 400)
    return { kind: 'refused', why: `answered ${status}, and redirects are not followed` };
  return { kind: 'refused', why: `refused it with ${status}` };
}

function whyOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `gave no answer within ${timeoutMs / 1000} s`;
  const { cause } = error;
  if (cause instanceof Error) return 'code' in cause ? `cannot be reached (${String(cause.code)})` : cause.message;
  return error.message;
}

export function createWebhook({ url, secret, userAgent, clock, timeoutMs }: WebhookOptions): Webhook {
  const headersOf = (id: string, body: string): Record<string, string> => {
    const timestampSeconds = Math.floor(clock.nowMs() / 1000);
    const signature =
      secret === undefined ? {} : { 'webhook-signature': signatureOf(secret, { id, timestampSeconds, body }) };
    return {
      'content-type': 'application/json',
      'user-agent': userAgent,
      'webhook-id': id,
      'webhook-timestamp': String(timestampSeconds),
      ...signature,
    };
  };
  return {
    id: createHash('sha256').update(url).digest('hex').slice(0, 16),
    label: new URL(url).host,
    send: async ({ id, body }, signal) => {
      try {
        const response = await fetch(url, {
          method: 'POST',
          body,
          headers: headersOf(id, body),
          redirect: 'manual',
          signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
        });
        // Nothing in the answer's body is wanted, and it could be endless.
        await response.body?.cancel().catch(() => undefined);
        return outcomeOf(response.status);
      } catch (error) {
        signal.throwIfAborted();
        return { kind: 'retry', why: whyOf(error, timeoutMs) };
      }
    },
  };
}
