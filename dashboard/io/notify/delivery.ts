import { Backoff } from '../../../native/host/backoff.ts';
import type { Clock, RandomSource } from '../../../native/host/clock.ts';
import type { Logger } from '../../../native/host/log.ts';
import type { ChannelStatus } from '../../model/notify/why.ts';
import type { Channel, SendOutcome } from './channel.ts';
import type { Channels } from './channels.ts';
import type { Entries } from './entries.ts';
import type { DeliveryAttempt, Outbox, OutboxItem } from './outbox.ts';
import { attemptOf, keyOf, leftAfter, waitingStatus, type RetryOutcome, type Waiting } from './waiting-message.ts';

export interface DeliveryParts {
  readonly channels: Channels;
  readonly outbox: Outbox;
  readonly entries: Entries;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
  readonly onOutcome: (outcome: SendOutcome['kind'] | 'dropped') => void;
}

/** Which message an attempt was one of. */
export type MessageOfLog = Pick<DeliveryAttempt, 'channel' | 'groupKey' | 'messageId'>;

/** Messages that wait for one channel at most; the oldest gives way and is counted. */
export const MAX_WAITING = 10_000;

/** Messages on their way to one channel at once: one that hangs for one group does not hold up the others. */
const MAX_IN_FLIGHT = 4;

/** Somebody who puts a message off for so long will not take it, milliseconds. */
const LEFT_FOR_MS = 24 * 3_600_000;

const RETRY = { firstMs: 1000, maxMs: 300_000 };

/**
 * Sends what is in the outbox until it is taken, refused or superseded. Invariant: one message per channel and group is under way
 * at a time; a message is written down before its first attempt and taken out with the note that it arrived.
 */
export class Delivery {
  readonly #parts: DeliveryParts;
  readonly #waiting = new Map<string, Waiting>();
  readonly #sent = new Map<string, { readonly status: string; readonly atUnixMs: number }>();
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<void>>();
  readonly #inFlight = new Map<string, number>();

  constructor(parts: DeliveryParts, restored: readonly OutboxItem[]) {
    this.#parts = parts;
    for (const item of restored) this.#waiting.set(keyOf(item), this.#fresh(item));
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Messages that wait or are under way. */
  get waiting(): number {
    let count = 0;
    for (const { item } of this.#waiting.values()) if (item.refused === undefined) count += 1;
    return count;
  }

  get(channel: string, groupKey: string): OutboxItem | undefined {
    return this.#waiting.get(keyOf({ channel, groupKey }))?.item;
  }

  /** Takes a message; an older one of the same channel and group is superseded. */
  put(item: OutboxItem): void {
    const key = keyOf(item);
    const before = this.#waiting.get(key);
    this.#waiting.set(key, { ...this.#fresh(item), inFlight: before?.inFlight ?? false });
    this.#bound(item.channel);
    this.#parts.outbox.put(item);
  }

  /** Takes a message back: nobody needs it any more. */
  drop(at: Pick<OutboxItem, 'channel' | 'groupKey'>): void {
    const waiting = this.#waiting.get(keyOf(at));
    if (waiting === undefined || waiting.inFlight) return;
    this.#waiting.delete(keyOf(at));
    this.#parts.outbox.remove(at);
  }

  /**
   * Takes back what would tell of nothing that still fires: a receiver that comes back minutes later must not hear of what is over. What
   * may have been heard stays: its end has to be told.
   */
  dropOver(fires: (fingerprint: string) => boolean): void {
    for (const { item } of [...this.#waiting.values()]) {
      const { firing, heard, refused } = item;
      if (firing.length > 0 && !heard && refused === undefined && !firing.some(fires)) this.drop(item);
    }
  }

  /** Sends a message that was not taken once more, now and under its id. @returns why that cannot be, if so */
  resend({ channel, groupKey, messageId }: MessageOfLog): string | undefined {
    const reason = this.whyNotAgain({ channel, groupKey, messageId });
    const waiting = this.#waiting.get(keyOf({ channel, groupKey }));
    if (reason !== undefined || waiting === undefined) return reason;
    const item = { ...waiting.item, refused: undefined };
    this.#parts.outbox.put(item);
    this.#waiting.set(keyOf(item), this.#fresh(item));
    this.pump();
    return undefined;
  }

  /** Why a message of the log cannot be sent again: it was taken, another one took its place, or nobody would hear it. */
  whyNotAgain({ channel, groupKey, messageId }: MessageOfLog): string | undefined {
    const waiting = this.#waiting.get(keyOf({ channel, groupKey }));
    if (waiting?.item.id !== messageId) return 'it was taken, or what it tells is over or was told otherwise since';
    if (waiting.inFlight) return 'it is on its way';
    const disabled = this.#parts.channels.disabledBecause(channel);
    return disabled === undefined ? undefined : `the channel is switched off: ${disabled}`;
  }

  /** Another dashboard told until now: messages that are older than what it told are dropped. */
  reconsider(): void {
    for (const { item } of [...this.#waiting.values()]) {
      const told = this.#parts.entries.get(item.channel, item.groupKey);
      // Of one that is left for a few, what was told first is its own.
      const since = item.left === undefined ? item.createdUnixMs : item.left.toldAtUnixMs + 1;
      if (told !== undefined && told.atUnixMs >= since) this.drop(item);
    }
  }

  status(channel: string, groupKey: string): ChannelStatus {
    const disabled = this.#parts.channels.disabledBecause(channel);
    if (disabled !== undefined) return { kind: 'disabled', why: disabled };
    const key = keyOf({ channel, groupKey });
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined) return waitingStatus(waiting);
    const sent = this.#sent.get(key);
    return sent === undefined ? { kind: 'idle' } : { kind: 'sent', ...sent };
  }

  /** Starts whatever is due; called every second and after every answer. */
  pump(): void {
    if (this.#stop.signal.aborted) return;
    const now = this.#parts.clock.monotonicMs();
    for (const waiting of this.#waiting.values()) {
      const { item, inFlight, dueMonotonicMs } = waiting;
      if (inFlight || dueMonotonicMs > now || item.refused !== undefined) continue;
      if ((this.#inFlight.get(item.channel) ?? 0) >= MAX_IN_FLIGHT) continue;
      if (this.#parts.channels.disabledBecause(item.channel) !== undefined) continue;
      const channel = this.#parts.channels.get(item.channel)?.channel;
      if (channel !== undefined) this.#start(channel, waiting);
    }
  }

  /** Ends what is on its way; it is owed again after the next start. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
  }

  #fresh(item: OutboxItem): Waiting {
    const { clock, random } = this.#parts;
    const backoff = new Backoff({ ...RETRY, random });
    return { item, backoff, dueMonotonicMs: clock.monotonicMs(), retry: undefined, inFlight: false };
  }

  #bound(channel: string): void {
    const mine = [...this.#waiting.values()].filter(({ item }) => item.channel === channel);
    for (const { item, inFlight } of mine.slice(0, Math.max(0, mine.length - MAX_WAITING))) {
      if (inFlight) continue;
      this.drop(item);
      this.#parts.onOutcome('dropped');
    }
  }

  #start(channel: Channel, waiting: Waiting): void {
    waiting.inFlight = true;
    this.#count(channel.id, 1);
    const running = this.#send(channel, waiting.item)
      .catch((err: unknown) => {
        if (!this.#stop.signal.aborted) this.#parts.log.error({ err, channel: channel.label }, 'notification failed');
      })
      .finally(() => {
        this.#count(channel.id, -1);
        const now = this.#waiting.get(keyOf(waiting.item));
        if (now !== undefined) now.inFlight = false;
        this.#running.delete(running);
        this.pump();
      });
    this.#running.add(running);
  }

  #count(channel: string, change: number): void {
    this.#inFlight.set(channel, (this.#inFlight.get(channel) ?? 0) + change);
  }

  async #send(channel: Channel, item: OutboxItem): Promise<void> {
    const { clock, channels, log, onOutcome } = this.#parts;
    const startedMs = clock.monotonicMs();
    const outcome = await channel.send({ id: item.id, payload: item.payload, only: item.left?.to }, this.#stop.signal);
    const latencyMs = Math.round(clock.monotonicMs() - startedMs);
    onOutcome(outcome.kind);
    const facts = { channel: channel.label, groupKey: item.groupKey, reason: item.reason, messageId: item.id };
    if (outcome.kind === 'sent') log.info({ ...facts, status: outcome.status }, 'notification sent');
    else log.warn({ ...facts, outcome: outcome.kind, why: outcome.why }, 'notification not taken');
    try {
      const retryAtUnixMs = this.#record(item, outcome);
      const atUnixMs = clock.nowMs();
      this.#parts.outbox.log(attemptOf(item, outcome, { atUnixMs, latencyMs, retryAtUnixMs }));
      channels.note(channel.id, outcome);
    } catch (error) {
      // Its outcome could not be written down: later, and not at once, or a full disk would become a storm of messages.
      const waiting = this.#waiting.get(keyOf(item));
      if (waiting !== undefined) waiting.dueMonotonicMs = clock.monotonicMs() + waiting.backoff.nextMs();
      throw error;
    }
  }

  /** @returns when it is tried again, if it is. */
  #record(item: OutboxItem, outcome: SendOutcome): number | undefined {
    const { clock, outbox } = this.#parts;
    const waiting = this.#waiting.get(keyOf(item));
    const current = waiting?.item.id === item.id ? waiting : undefined;
    const atUnixMs = clock.nowMs();
    if (outcome.kind === 'sent') {
      this.#told(item, { status: outcome.status, atUnixMs: item.left?.toldAtUnixMs ?? atUnixMs });
      // Told first, taken out second: a crash in between repeats the message under the same id, the other order would lose it.
      this.#done(item, current);
      return undefined;
    }
    if (outcome.kind === 'retry') return this.#retry(item, outcome, current);
    // Most took it: that it is over for the others is in the log, and no reason to begin again with all.
    if (item.left !== undefined) this.#done(item, current);
    else if (current !== undefined) {
      current.item = { ...item, attempts: item.attempts + 1, refused: { why: outcome.why, atUnixMs } };
      outbox.put(current.item);
    }
    return undefined;
  }

  #retry(item: OutboxItem, outcome: RetryOutcome, current: Waiting | undefined): number | undefined {
    const atUnixMs = this.#parts.clock.nowMs();
    const left = leftAfter(item, outcome, atUnixMs);
    if (left !== undefined && atUnixMs - left.toldAtUnixMs > LEFT_FOR_MS) {
      this.#done(item, current);
      return undefined;
    }
    const retryAtUnixMs = current && this.#later(current, { ...item, attempts: item.attempts + 1, left }, outcome);
    if (left !== undefined) this.#told(item, { status: outcome.status ?? '', atUnixMs: left.toldAtUnixMs });
    return retryAtUnixMs;
  }

  /** Writes down that a message was told, unless something newer was. */
  #told(item: OutboxItem, { status, atUnixMs }: { readonly status: string; readonly atUnixMs: number }): void {
    const { entries } = this.#parts;
    const { channel: receiver, groupKey, firing, resolved } = item;
    const isKnown = item.left !== undefined && (entries.get(receiver, groupKey)?.atUnixMs ?? -Infinity) >= atUnixMs;
    if (isKnown) return;
    this.#sent.set(keyOf(item), { status, atUnixMs });
    entries.put({ groupKey, receiver, firing, resolved, atUnixMs });
  }

  /** Takes a message out, if it is still the one that waits. */
  #done(item: OutboxItem, current: Waiting | undefined): void {
    if (current === undefined) return;
    this.#waiting.delete(keyOf(item));
    this.#parts.outbox.remove(item);
  }

  #later(current: Waiting, item: OutboxItem, outcome: RetryOutcome): number {
    const { clock, outbox } = this.#parts;
    const delayMs = Math.max(current.backoff.nextMs(), outcome.retryAfterMs ?? 0);
    const nextUnixMs = clock.nowMs() + delayMs;
    current.dueMonotonicMs = clock.monotonicMs() + delayMs;
    current.retry = { why: outcome.why, nextUnixMs };
    // Of what is told already the end is owed by that, not by what is left.
    current.item = { ...item, heard: item.left === undefined && (item.heard || outcome.heard) };
    outbox.put(current.item);
    return nextUnixMs;
  }
}
