import { Backoff } from '../../../native/host/backoff.ts';
import type { Clock, RandomSource } from '../../../native/host/clock.ts';
import type { Logger } from '../../../native/host/log.ts';
import type { Alert } from '../../model/alert-book.ts';
import { episodeOf, groupKeyOf, planNotification, type Notification } from '../../model/notification.ts';
import { webhookPayload } from '../../model/webhook-payload.ts';
import type { DeliveryRecord } from '../alert-record.ts';
import type { StateStore } from '../store.ts';
import type { SendOutcome, Webhook } from './webhook.ts';

export interface NotifierParts {
  readonly webhooks: readonly Webhook[];
  readonly store: Pick<StateStore, 'loadDeliveries' | 'saveDelivery' | 'removeDelivery'>;
  /** All alerts, as they are now. */
  readonly alerts: () => readonly Alert[];
  readonly externalUrl: string;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
  readonly onOutcome: (outcome: SendOutcome['kind'] | 'dropped') => void;
}

/** Groups that wait for one receiver at most; the oldest gives way and is counted. */
export const MAX_WAITING = 10_000;

/** Messages on their way to one receiver at once: a receiver that hangs for one group does not hold up the others. */
const MAX_IN_FLIGHT = 4;

const RETRY = { firstMs: 1000, maxMs: 300_000 };

interface Waiting {
  readonly backoff: Backoff;
  dueMonotonicMs: number;
  attempts: number;
  inFlight: boolean;
}

interface Channel {
  readonly webhook: Webhook;
  readonly delivered: Map<string, DeliveryRecord>;
  readonly waiting: Map<string, Waiting>;
  inFlight: number;
}

/**
 * Tells receivers what changed. It keeps no messages: a group is marked, and what to say is made from the alerts and from what
 * the receiver was told last, at the moment of sending. So a newer state supersedes an older one by itself, a restart finds out
 * what is owed, and what was told before is not told again. Invariant: one message per receiver and group at a time.
 */
export class Notifier {
  readonly #parts: NotifierParts;
  readonly #channels: readonly Channel[];
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<void>>();

  constructor(parts: NotifierParts) {
    this.#parts = parts;
    const stored = parts.store.loadDeliveries();
    this.#channels = parts.webhooks.map((webhook) => ({
      webhook,
      delivered: new Map(
        stored.filter(({ receiver }) => receiver === webhook.id).map(({ groupKey, record }) => [groupKey, record]),
      ),
      waiting: new Map<string, Waiting>(),
      inFlight: 0,
    }));
    for (const alert of parts.alerts()) this.mark(alert);
  }

  /** Groups that wait, over all receivers. */
  get waiting(): number {
    return this.#channels.reduce((sum, { waiting }) => sum + waiting.size, 0);
  }

  /** An alert changed: its group is looked at, at once even if an older state of it is being retried. */
  mark(alert: Alert): void {
    const groupKey = groupKeyOf(alert.labels);
    for (const channel of this.#channels) {
      const fresh: Waiting = {
        backoff: new Backoff({ ...RETRY, random: this.#parts.random }),
        dueMonotonicMs: this.#parts.clock.monotonicMs(),
        attempts: 0,
        inFlight: channel.waiting.get(groupKey)?.inFlight ?? false,
      };
      channel.waiting.set(groupKey, fresh);
      this.#bound(channel);
    }
  }

  /** Whether a receiver still waits to be told what became of an alert. */
  owed(alert: Alert): boolean {
    const groupKey = groupKeyOf(alert.labels);
    return this.#channels.some(({ waiting }) => waiting.has(groupKey));
  }

  /** Forgets groups that have no alert any more. */
  prune(): void {
    const groups = this.#groups();
    for (const { delivered, webhook, waiting } of this.#channels) {
      for (const groupKey of delivered.keys()) {
        if (groups.has(groupKey) || waiting.has(groupKey)) continue;
        delivered.delete(groupKey);
        this.#parts.store.removeDelivery(webhook.id, groupKey);
      }
    }
  }

  /** Starts whatever is due; called every second and after every change. */
  pump(): void {
    if (this.#stop.signal.aborted || this.waiting === 0) return;
    const groups = this.#groups();
    const now = this.#parts.clock.monotonicMs();
    for (const channel of this.#channels) {
      for (const [groupKey, waiting] of channel.waiting) {
        if (channel.inFlight >= MAX_IN_FLIGHT) break;
        if (waiting.inFlight || waiting.dueMonotonicMs > now) continue;
        this.#start(channel, groupKey, groups.get(groupKey) ?? []);
      }
    }
  }

  /** What became of an alert's notification, in one sentence. */
  sentence(alert: Alert): string {
    if (this.#channels.length === 0) return 'not sent: no webhook is configured';
    const groupKey = groupKeyOf(alert.labels);
    return this.#channels.map((channel) => sentenceOf(channel, groupKey, alert)).join('; ');
  }

  /** Ends what is on its way; it is owed again after the next start. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
  }

  #groups(): Map<string, Alert[]> {
    return Map.groupBy(this.#parts.alerts(), (alert) => groupKeyOf(alert.labels));
  }

  #bound({ waiting }: Channel): void {
    for (const [groupKey, { inFlight }] of waiting) {
      if (waiting.size <= MAX_WAITING) return;
      if (inFlight) continue;
      waiting.delete(groupKey);
      this.#parts.onOutcome('dropped');
    }
  }

  #start(channel: Channel, groupKey: string, group: readonly Alert[]): void {
    const plan = planNotification(group, channel.delivered.get(groupKey));
    if (plan === undefined) {
      channel.waiting.delete(groupKey);
      return;
    }
    const running = this.#send(channel, plan)
      .catch((err: unknown) => {
        if (!this.#stop.signal.aborted) this.#parts.log.error({ err, groupKey }, 'notification failed');
      })
      .finally(() => {
        this.#running.delete(running);
        this.pump();
      });
    this.#running.add(running);
  }

  async #send(channel: Channel, plan: Notification): Promise<void> {
    const { webhook, waiting } = channel;
    setInFlight(channel, plan.groupKey, true);
    try {
      const payload = webhookPayload(plan, { externalUrl: this.#parts.externalUrl, receiver: 'webhook' });
      const outcome = await webhook.send({ id: plan.id, body: JSON.stringify(payload) }, this.#stop.signal);
      this.#parts.onOutcome(outcome.kind);
      const facts = { receiver: webhook.label, groupKey: plan.groupKey, reason: plan.reason, messageId: plan.id };
      if (outcome.kind === 'sent') this.#parts.log.info({ ...facts, status: outcome.status }, 'notification sent');
      else this.#parts.log.warn({ ...facts, outcome: outcome.kind, why: outcome.why }, 'notification not taken');
      this.#record(channel, plan, outcome);
    } catch (error) {
      // Its outcome could not be written down: later, and not at once, or a full disk would become a storm of messages.
      const entry = waiting.get(plan.groupKey);
      if (entry !== undefined) entry.dueMonotonicMs = this.#parts.clock.monotonicMs() + entry.backoff.nextMs();
      throw error;
    } finally {
      setInFlight(channel, plan.groupKey, false);
    }
  }

  #record(channel: Channel, plan: Notification, outcome: SendOutcome): void {
    const { clock, store } = this.#parts;
    const { label, id: receiver } = channel.webhook;
    const told = channel.delivered.get(plan.groupKey)?.firing ?? [];
    const at = timeOfDay(clock.nowMs());
    if (outcome.kind === 'retry') {
      this.#retry(channel, plan, outcome.why);
      return;
    }
    const record: DeliveryRecord =
      outcome.kind === 'sent'
        ? { firing: plan.firing, refusedId: undefined, sentence: `sent to ${label} at ${at} (${outcome.status})` }
        : { firing: told, refusedId: plan.id, sentence: `${label} ${outcome.why} at ${at}; it is not sent again` };
    // Told first, written second: a crash in between repeats the message under the same id, the other order would lose it.
    channel.delivered.set(plan.groupKey, record);
    store.saveDelivery({ receiver, groupKey: plan.groupKey, record });
  }

  #retry(channel: Channel, plan: Notification, why: string): void {
    const { clock } = this.#parts;
    const known = channel.delivered.get(plan.groupKey);
    const waiting = channel.waiting.get(plan.groupKey);
    if (waiting === undefined) return;
    waiting.attempts += 1;
    const delayMs = waiting.backoff.nextMs();
    waiting.dueMonotonicMs = clock.monotonicMs() + delayMs;
    const next = timeOfDay(clock.nowMs() + delayMs);
    const sentence = `${channel.webhook.label} ${why}; attempt ${waiting.attempts + 1} at ${next}`;
    channel.delivered.set(plan.groupKey, { firing: known?.firing ?? [], refusedId: known?.refusedId, sentence });
  }
}

function setInFlight(channel: Channel, groupKey: string, inFlight: boolean): void {
  channel.inFlight += inFlight ? 1 : -1;
  const waiting = channel.waiting.get(groupKey);
  if (waiting !== undefined) waiting.inFlight = inFlight;
}

function sentenceOf(channel: Channel, groupKey: string, alert: Alert): string {
  const record = channel.delivered.get(groupKey);
  if (alert.state.kind === 'pending') return `not sent: it is pending until it has held for ${alert.forMs / 1000} s`;
  if (channel.waiting.get(groupKey)?.attempts === 0) return `being sent to ${channel.webhook.label}`;
  if (record?.sentence !== undefined) return record.sentence;
  if (record?.firing.includes(episodeOf(alert)) === true) return `sent to ${channel.webhook.label}`;
  return alert.state.kind === 'resolved' ? 'not sent: it resolved before anyone was told' : 'not sent';
}

function timeOfDay(unixMs: number): string {
  return `${new Date(unixMs).toISOString().slice(11, 19)} UTC`;
}
