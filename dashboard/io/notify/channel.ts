import type { WebhookPayload } from '../../model/notify/webhook-payload.ts';
import { NoAnswer, type HttpAnswer } from './guarded-http.ts';
import { TargetRefused } from './target-guard.ts';

/** What came of one attempt. `retry`: it may work later. `refused`: the same message will not be taken. */
export type SendOutcome =
  | { readonly kind: 'sent'; readonly status: string; readonly body: string }
  | {
      readonly kind: 'retry';
      readonly why: string;
      readonly status: string | undefined;
      readonly body: string;
      readonly retryAfterMs?: number | undefined;
      /** The receiver may have taken it all the same. */
      readonly heard: boolean;
      /** The others took it; these are to be tried again, and nobody else. */
      readonly left?: readonly string[] | undefined;
    }
  | {
      readonly kind: 'refused';
      readonly why: string;
      readonly status: string | undefined;
      readonly body: string;
      /** The channel is of no use any more, and why. */
      readonly disable?: string | undefined;
    };

export interface OutboundMessage {
  /** The same for every attempt. */
  readonly id: string;
  /** Those whom an earlier attempt left out; else it is for all. */
  readonly only?: readonly string[] | undefined;
  readonly payload: WebhookPayload;
}

export const CHANNEL_KINDS = ['webhook', 'slack', 'email', 'pagerduty', 'statsd', 'alertmanager'] as const;
export type ChannelKind = (typeof CHANNEL_KINDS)[number];

/** One way to tell somebody. */
export interface Channel {
  /** Identifies it in the store without giving an address (which may hold a secret) away. */
  readonly id: string;
  readonly kind: ChannelKind;
  /** What a person may see of it. */
  readonly label: string;
  readonly sendResolved: boolean;
  /** Sends once; never throws but for the caller's own abort. */
  readonly send: (message: OutboundMessage, signal: AbortSignal) => Promise<SendOutcome>;
}

/** What an answer's body may show of it in logs and pages. */
export const SHOWN_BODY_CHARACTERS = 200;

/** Without control characters: a receiver's words end up in terminals. */
export function shownBody(body: string): string {
  return body.replace(/[^\P{C}\n\t]/gu, '?').slice(0, SHOWN_BODY_CHARACTERS);
}

/** 2xx is taken; a redirect is never followed; 408, 429 and 5xx may pass; 410 ends the channel; any other answer is final. */
export function outcomeOf({ status, body, retryAfterMs }: HttpAnswer): SendOutcome {
  const seen = { status: String(status), body: shownBody(body) };
  if (status >= 200 && status < 300) return { kind: 'sent', ...seen };
  if (status >= 500 || status === 408 || status === 429)
    return { kind: 'retry', why: `answered ${status}`, retryAfterMs, heard: false, ...seen };
  if (status >= 300 && status < 400)
    return { kind: 'refused', why: `answered ${status}, and redirects are not followed`, ...seen };
  const disable = status === 410 ? 'it answered 410: it is gone for good' : undefined;
  return { kind: 'refused', why: `refused it with ${status}`, disable, ...seen };
}

/** What a request that brought no answer comes to. */
export function outcomeOfError(error: unknown): SendOutcome {
  if (error instanceof TargetRefused)
    return { kind: 'refused', why: `must not be reached: ${error.message}`, status: undefined, body: '' };
  const heard = error instanceof NoAnswer ? error.heard : true;
  const why = error instanceof Error ? error.message : String(error);
  return { kind: 'retry', why, status: undefined, body: '', heard };
}
