import type { Clock } from '../../../native/host/clock.ts';
import type { Logger } from '../../../native/host/log.ts';
import type { Alert } from '../../model/alert/alert.ts';
import type { NotifyEntry } from '../../model/notify/dedup.ts';
import { firesFor, planFlush, type Notification, type Suppression } from '../../model/notify/flush.ts';
import type { Group, GroupBook } from '../../model/notify/group-book.ts';
import { webhookPayload } from '../../model/notify/webhook-payload.ts';
import { whyLine } from '../../model/notify/why.ts';
import type { Acknowledgements } from './acknowledgements.ts';
import type { Channel } from './channel.ts';
import type { Channels } from './channels.ts';
import type { Delivery, MessageOfLog } from './delivery.ts';
import type { Entries } from './entries.ts';
import type { Suppressor } from './suppressor.ts';

/** Which of several dashboards notifies. */
export interface Leadership {
  /** Whether it is this one. */
  readonly leads: boolean;
  /** The other one, as people know it. */
  readonly leader: string | undefined;
}

export interface NotifierParts {
  readonly groups: GroupBook;
  readonly channels: Channels;
  readonly suppressor: Suppressor;
  readonly entries: Entries;
  readonly delivery: Delivery;
  readonly acknowledgements: Acknowledgements;
  readonly leadership: () => Leadership;
  /** All alerts, as they are now. */
  readonly alerts: () => readonly Alert[];
  readonly externalUrl: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Decides each second what channels have to be told: groups that are due, less what is kept quiet, against what was told before.
 * What comes of it goes to {@link Delivery}.
 */
export class Notifier {
  readonly #parts: NotifierParts;
  #led = false;
  #grace = false;

  constructor(parts: NotifierParts) {
    this.#parts = parts;
  }

  get waiting(): number {
    return this.#parts.delivery.waiting;
  }

  /** One second. `grace`: soon after the start, before every known host was heard: nothing new is decided. */
  tick(grace: boolean): void {
    const { groups, suppressor, delivery, clock, channels } = this.#parts;
    this.#grace = grace;
    const { leads } = this.#parts.leadership();
    if (leads && !this.#led) delivery.reconsider();
    if (grace) {
      // What was decided before the restart is owed all the same.
      if (leads) delivery.pump();
      return;
    }
    const alerts = this.#parts.alerts();
    if (leads && !this.#led) groups.hurry(clock.nowMs());
    this.#led = leads;
    suppressor.update(alerts);
    const due = groups.update(alerts, { nowUnixMs: clock.nowMs(), monotonicMs: clock.monotonicMs() });
    if (!leads) return;
    this.#dropOver(alerts);
    for (const group of due) this.#flush(group);
    delivery.pump();
    for (const forwarder of channels.forwarders) forwarder.pump(alerts, delivery.signal);
  }

  /** Sends a message of the log that was not taken once more. @returns why that cannot be, if so */
  resend(message: MessageOfLog): string | undefined {
    return this.whyNotAgain(message) ?? this.#parts.delivery.resend(message);
  }

  /** Why a message of the log cannot be sent again; `undefined` when it can. */
  whyNotAgain(message: MessageOfLog): string | undefined {
    const { delivery, leadership } = this.#parts;
    const { leads, leader = 'another dashboard' } = leadership();
    return leads ? delivery.whyNotAgain(message) : `${leader} notifies, not this dashboard`;
  }

  /** Whether a channel still has to be told of an alert's end. */
  owed(alert: Alert): boolean {
    const { channels, entries, delivery, groups, leadership } = this.#parts;
    if (!leadership().leads) return false;
    return groups.of(alert).some(({ key, route }) =>
      channels.of(route.receiver).some(({ id }) => {
        if (channels.disabledBecause(id) !== undefined) return false;
        const item = delivery.get(id, key);
        if (item?.refused === undefined && item?.firing.includes(alert.fingerprint) === true) return true;
        return entries.get(id, key)?.firing.includes(alert.fingerprint) === true;
      }),
    );
  }

  /** Forgets what was told of groups that are no more. */
  prune(): void {
    const { groups, entries, clock } = this.#parts;
    const known = new Set(groups.all.map(({ key }) => key));
    entries.prune((key) => known.has(key), clock.nowMs());
  }

  /** What keeps an alert quiet along one of its ways; `undefined` when one is open. */
  suppression(alert: Alert): Suppression | undefined {
    const { groups, suppressor, clock } = this.#parts;
    let first: Suppression | undefined;
    for (const route of groups.routesFor(alert.labels)) {
      const one = suppressor.suppression(alert, route, clock.nowMs());
      if (one === undefined) return undefined;
      first ??= one;
    }
    return first;
  }

  /** What became of an alert's notification, and why, in one sentence. */
  sentence(alert: Alert): string {
    const { groups, channels, entries, delivery, leadership, clock, acknowledgements } = this.#parts;
    const [group] = groups.of(alert);
    const receivers = groups.routesFor(alert.labels).map(({ receiver }) => receiver);
    const told = receivers.flatMap((receiver) => channels.of(receiver));
    const sent = [
      ...told.map((channel) => ({
        label: channel.label,
        status: delivery.status(channel.id, group?.key ?? ''),
        entry: entries.get(channel.id, group?.key ?? ''),
      })),
      ...channels.forwarders.map((forwarder) => forwardView(forwarder, alert)),
    ];
    const { leads, leader } = leadership();
    return whyLine({
      alert,
      nowUnixMs: clock.nowMs(),
      group,
      suppression: this.suppression(alert),
      channels: sent,
      leader: leads ? undefined : (leader ?? 'another dashboard'),
      graceUntil: this.#grace ? 'hosts' : undefined,
      acknowledgedBy: acknowledgements.of(alert)?.by,
    });
  }

  async stop(): Promise<void> {
    await this.#parts.delivery.stop();
    await Promise.all(this.#parts.channels.forwarders.map((forwarder) => forwarder.settled()));
  }

  /** Between two looks at a group, which may be minutes apart. */
  #dropOver(alerts: readonly Alert[]): void {
    const { delivery } = this.#parts;
    if (delivery.waiting === 0) return;
    const firing = new Set(alerts.filter(firesFor).map(({ fingerprint }) => fingerprint));
    delivery.dropOver((fingerprint) => firing.has(fingerprint));
  }

  #flush(group: Group): void {
    const { channels, suppressor, clock, log } = this.#parts;
    const nowUnixMs = clock.nowMs();
    const open = group.alerts.filter((alert) => suppressor.suppression(alert, group.route, nowUnixMs) === undefined);
    for (const channel of channels.of(group.route.receiver)) {
      try {
        this.#tell(channel, group, open);
      } catch (err) {
        // A disk that is full must not keep the other channels from being told.
        log.error({ err, channel: channel.label, groupKey: group.key }, 'notification could not be written down');
      }
    }
  }

  #tell(channel: Channel, group: Group, alerts: readonly Alert[]): void {
    const { delivery, entries, acknowledgements, clock, externalUrl } = this.#parts;
    const at = { channel: channel.id, groupKey: group.key };
    const before = delivery.get(channel.id, group.key);
    const entry = this.#heardEntry(channel, group) ?? entries.get(channel.id, group.key);
    const nowUnixMs = clock.nowMs();
    const plan = planFlush({
      group,
      entry,
      // Of a host that fell silent before anybody was told it shows soon whether the host itself is the news.
      alerts: alerts.filter((alert) => !isHeld(alert, entry)),
      isAcknowledged: (alert) => acknowledgements.of(alert) !== undefined,
      sendResolved: channel.sendResolved,
      nowUnixMs,
    });
    if (plan === undefined) {
      // What was told to all but a few is no news, and still owed to these.
      if (before !== undefined && before.left === undefined && alerts.length > 0) delivery.drop(at);
      return;
    }
    if (before?.id === plan.id) {
      const { refused } = before;
      if (refused === undefined || nowUnixMs - refused.atUnixMs < group.route.repeatIntervalMs) return;
    }
    if (isOnlyForTheLog(channel, plan)) {
      entries.put({
        groupKey: group.key,
        receiver: channel.id,
        firing: [],
        resolved: plan.resolved,
        atUnixMs: nowUnixMs,
      });
      delivery.drop(at);
      return;
    }
    const payload = webhookPayload(plan, { externalUrl, receiver: group.route.receiver });
    const { id, reason, firing, resolved } = plan;
    const message = { id, reason, firing, resolved, payload, createdUnixMs: nowUnixMs };
    delivery.put({ ...at, ...message, attempts: 0, heard: false, refused: undefined });
  }

  /** A receiver that gave no answer may know all the same: then its end has to be told too. */
  #heardEntry(channel: Channel, group: Group): NotifyEntry | undefined {
    const { delivery, entries } = this.#parts;
    const item = delivery.get(channel.id, group.key);
    if (item?.heard !== true) return undefined;
    const known = entries.get(channel.id, group.key);
    const stillFires = group.alerts.some(
      ({ fingerprint, state }) => state.kind === 'firing' && item.firing.includes(fingerprint),
    );
    if (stillFires) return undefined;
    const firing = [...new Set([...(known?.firing ?? []), ...item.firing])];
    return {
      groupKey: group.key,
      receiver: channel.id,
      firing,
      resolved: known?.resolved ?? [],
      atUnixMs: item.createdUnixMs,
    };
  }
}

function isHeld({ state, fingerprint, labels }: Alert, entry: NotifyEntry | undefined): boolean {
  const silent = state.kind === 'firing' && state.noData && Number.isFinite(state.value);
  return silent && labels['alertname'] !== 'HostUnreachable' && entry?.firing.includes(fingerprint) !== true;
}

/** A channel that does not want to hear of ends is not told, but its log is cleared. */
function isOnlyForTheLog(channel: Channel, plan: Notification): boolean {
  return !channel.sendResolved && plan.firing.length === 0;
}

function forwardView(
  forwarder: { readonly label: string; sentAt(fingerprint: string): number | undefined },
  { fingerprint }: Alert,
): Parameters<typeof whyLine>[0]['channels'][number] {
  const atUnixMs = forwarder.sentAt(fingerprint);
  const label = forwarder.label;
  if (atUnixMs === undefined) return { label, status: { kind: 'sending' }, entry: undefined };
  const entry = { groupKey: '', receiver: '', firing: [fingerprint], resolved: [fingerprint], atUnixMs };
  return { label, status: { kind: 'idle' }, entry };
}
