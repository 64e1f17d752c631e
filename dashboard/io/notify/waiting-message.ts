import type { Backoff } from '../../../native/host/backoff.ts';
import type { ChannelStatus } from '../../model/notify/why.ts';
import type { SendOutcome } from './channel.ts';
import type { DeliveryAttempt, OutboxItem } from './outbox.ts';

/** A message of the outbox on its way to one channel. */
export interface Waiting {
  item: OutboxItem;
  readonly backoff: Backoff;
  dueMonotonicMs: number;
  retry: { readonly why: string; readonly nextUnixMs: number } | undefined;
  inFlight: boolean;
}

export type RetryOutcome = Extract<SendOutcome, { kind: 'retry' }>;

/** One message of a group is under way to a channel at a time. */
export function keyOf({ channel, groupKey }: Pick<OutboxItem, 'channel' | 'groupKey'>): string {
  return `${channel}\n${groupKey}`;
}

/** Those whom a message is still owed to, while others took it. */
export function leftAfter({ left }: OutboxItem, outcome: RetryOutcome, atUnixMs: number): OutboxItem['left'] {
  if (outcome.left === undefined) return left;
  return { to: outcome.left, toldAtUnixMs: left?.toldAtUnixMs ?? atUnixMs };
}

export function waitingStatus({ item, retry, inFlight }: Waiting): ChannelStatus {
  if (item.refused !== undefined) return { kind: 'refused', ...item.refused };
  if (inFlight || retry === undefined) return { kind: 'sending' };
  return { kind: 'retrying', why: retry.why, attempt: item.attempts + 1, nextUnixMs: retry.nextUnixMs };
}

/** An attempt as the delivery log has it. */
export function attemptOf(
  { channel, groupKey, id, reason, attempts }: OutboxItem,
  outcome: SendOutcome,
  times: Pick<DeliveryAttempt, 'atUnixMs' | 'latencyMs' | 'retryAtUnixMs'>,
): Omit<DeliveryAttempt, 'seq'> {
  return {
    ...{ ...times, channel, groupKey, messageId: id, reason },
    attempt: attempts + 1,
    outcome: outcome.kind,
    why: outcome.kind === 'sent' ? undefined : outcome.why,
    status: outcome.status,
    body: outcome.body,
  };
}
