import type { Gauge, LabelValues } from 'prom-client';
import type { Clock } from '../native/host/clock.ts';
import type { Logger } from '../native/host/log.ts';
import type { AgentDoor } from './io/agent-feed.ts';
import type { BrowserHub } from './io/browser-hub.ts';
import type { HistoryStore } from './io/history/history-store.ts';
import type { DashboardMetrics } from './io/metrics.ts';
import type { HostMemory } from './io/host-memory.ts';
import type { NotifyParts } from './io/notify/assemble.ts';
import type { StateStore } from './io/state-store.ts';
import type { Alert } from './model/alert/alert.ts';
import type { AlertBook } from './model/alert/book.ts';
import type { Evaluation } from './model/alert/evaluation.ts';
import { worstFacts, type SelfFact } from './model/alert/target.ts';
import type { Cluster } from './model/cluster.ts';
import { Pace } from './model/pace.ts';
import type { LiveView } from './model/live-view.ts';
import type { AlertsMessage } from './wire.ts';

export interface DashboardAgentParts {
  readonly cluster: Cluster;
  readonly book: AlertBook;
  readonly notify: NotifyParts;
  readonly hosts: HostMemory;
  readonly store: Pick<StateStore, 'saveAlerts' | 'saveEvaluatedAt'>;
  readonly history: Pick<HistoryStore, 'append' | 'state'>;
  readonly view: LiveView;
  readonly alerts: () => AlertsMessage;
  readonly hub: BrowserHub;
  readonly agents: AgentDoor;
  readonly metrics: DashboardMetrics;
  readonly clock: Clock;
  readonly log: Logger;
}

const TICK_MS = 1000;

/** How long a pending alert has held is written down this often, ticks; a crash loses no more. */
const SAVE_EVERY_TICKS = 10;

/** Values of alerts that did not change state are sent again this often, ticks. */
const ALERT_VALUES_EVERY_TICKS = 2;

/** What may not be folded yet, milliseconds. */
const UNFOLDED_MS = 20_000;

/**
 * The loop of the dashboard: once a second it ages the hosts, evaluates the rules, writes down what changed, tells receivers,
 * and sends browsers one frame. Everything that comes in between only changes what the next tick sees.
 */
export class DashboardAgent {
  readonly #parts: DashboardAgentParts;
  #ticks = 0;
  /** Fingerprints whose last change is not written down yet. */
  readonly #unsaved = new Set<string>();
  #sentAlerts: string | undefined;
  #alertsChanged = false;
  readonly #pace: Pace;

  constructor(parts: DashboardAgentParts) {
    this.#parts = parts;
    this.#pace = new Pace(parts.clock.monotonicMs());
  }

  /** Whether one tick has been done: what is served is more than empty. */
  get ticked(): boolean {
    return this.#ticks > 0;
  }

  /** Ticks on every whole second until the signal aborts. @throws the signal's reason. */
  async run(signal: AbortSignal): Promise<never> {
    const { clock, log, metrics } = this.#parts;
    for (;;) {
      const startedMs = clock.monotonicMs();
      for (const step of [this.#age, this.#alert, this.#tell, this.#show, this.#remember]) {
        try {
          step.call(this);
        } catch (err) {
          // One part that fails must not silence the others; it is met again in a second.
          log.error({ err }, 'tick failed in part');
        }
      }
      this.#ticks += 1;
      metrics.tickSeconds.observe((clock.monotonicMs() - startedMs) / 1000);
      const restMs = TICK_MS - (clock.nowMs() % TICK_MS);
      // A timer may fire a little early: the rest of such a second is no tick of its own.
      await clock.sleep(restMs < TICK_MS / 10 ? restMs + TICK_MS : restMs, signal);
    }
  }

  #age(): void {
    const { cluster, clock, log, metrics } = this.#parts;
    for (const { host, was } of cluster.tick(clock.monotonicMs())) {
      const level = host.state === 'stale' ? 'warn' : 'info';
      log[level]({ nodeId: host.nodeId, host: host.name, was, state: host.state }, 'host state changed');
    }
    const counts = { live: 0, late: 0, stale: 0 };
    for (const host of cluster.hosts.values()) counts[host.state] += 1;
    for (const [state, count] of Object.entries(counts)) metrics.hosts.set({ state }, count);
    this.#parts.hosts.follow();
    metrics.containers.set(cluster.containerCount());
  }

  #alert(): void {
    const { book, cluster, clock, notify, hosts, metrics } = this.#parts;
    const evaluation = book.evaluate(
      { cluster, self: this.#selfFacts() },
      {
        nowUnixMs: clock.nowMs(),
        monotonicMs: clock.monotonicMs(),
        grace: hosts.grace,
        owed: (alert) => notify.notifier.owed(alert),
      },
    );
    metrics.alertsDropped.inc({ reason: 'duplicate' }, evaluation.duplicates);
    metrics.alertsDropped.inc({ reason: 'limit' }, evaluation.refused);
    this.#note(evaluation);
    this.#alertsChanged ||= evaluation.changed.length + evaluation.removed.length > 0;
    // Written down before anybody is told: what was told must not be forgotten. If that fails they are told all the same.
    this.#save(evaluation);
    notify.acknowledgements.follow(evaluation.changed);
  }

  /** What weft's rules on itself look at. */
  #selfFacts(): readonly SelfFact[] {
    const { book, notify, metrics } = this.#parts;
    const failing = worstFacts(
      book.rules.map(({ id, name }) => ({
        metric: 'ruleFailing',
        labels: { rule: name },
        value: Number(book.healthOf(id).state === 'error'),
      })),
    );
    const broken = worstFacts(notify.channels.facts);
    this.#count(failing, metrics.ruleFailing, 'rule');
    this.#count(broken, metrics.channelBroken, 'channel');
    return [...failing, ...broken];
  }

  /** What was deleted is no longer counted. */
  #count<Label extends string>(facts: readonly SelfFact[], gauge: Gauge<Label>, label: Label): void {
    gauge.reset();
    for (const { labels, value } of facts) gauge.set({ [label]: labels[label] ?? '' } as LabelValues<Label>, value);
  }

  #note({ changed }: Evaluation): void {
    const { book, log, metrics } = this.#parts;
    for (const { rule, labels, state } of changed) {
      const { host, container } = labels;
      log.info({ rule, host, container, state: state.kind, value: state.value }, 'alert state changed');
    }
    const counts = { pending: 0, firing: 0, resolved: 0 };
    for (const { state } of book.alerts) counts[state.kind] += 1;
    for (const [state, count] of Object.entries(counts)) metrics.alerts.set({ state }, count);
  }

  #save({ changed, removed }: Evaluation): void {
    const { book, store, clock } = this.#parts;
    for (const identity of [...changed.map((alert) => alert.fingerprint), ...removed]) this.#unsaved.add(identity);
    if (this.#ticks % SAVE_EVERY_TICKS === 0)
      for (const { fingerprint, state } of book.alerts) if (state.kind !== 'resolved') this.#unsaved.add(fingerprint);
    const known = [...this.#unsaved].map((identity) => [identity, book.get(identity)] as const);
    const put = known.flatMap(([, alert]): Alert[] => (alert === undefined ? [] : [alert]));
    store.saveAlerts(
      put,
      known.filter(([, alert]) => alert === undefined).map(([identity]) => identity),
      clock.nowMs(),
    );
    this.#unsaved.clear();
    if (this.#ticks % SAVE_EVERY_TICKS === 0) store.saveEvaluatedAt(clock.nowMs());
  }

  /** Before the end: also the ten seconds that are not over yet. */
  rememberAll(): void {
    const { cluster, clock, history } = this.#parts;
    const book = cluster.history;
    history.append(book.fold(clock.nowMs() + UNFOLDED_MS), book.takeMarks(), (key) => book.get(key)?.facts);
  }

  /** Hands on what the last ten seconds became; after everything that people wait for. */
  #remember(): void {
    const { cluster, clock, history, metrics } = this.#parts;
    const book = cluster.history;
    history.append(book.fold(clock.nowMs()), book.takeMarks(), (key) => book.get(key)?.facts);
    const { droppedBlocks, use } = history.state;
    metrics.historyLines.set(book.size);
    metrics.historyRefused.set(book.refused);
    metrics.historyLostBlocks.set(droppedBlocks);
    if (use !== undefined) metrics.historyBytes.set(use.bytes);
  }

  #tell(): void {
    const { notify, hosts, metrics } = this.#parts;
    notify.notifier.tick(hosts.grace);
    metrics.notificationsWaiting.set(notify.notifier.waiting);
    if (this.#ticks % SAVE_EVERY_TICKS !== 0) return;
    notify.outbox.saveGroups(notify.groups.records);
    notify.notifier.prune();
    notify.silences.prune();
  }

  #show(): void {
    const { hub, alerts: alertsNow, view, agents, book, clock } = this.#parts;
    hub.dropEnded();
    agents.setPace(this.#pace.next(hub.watched, book.rules, clock.monotonicMs()));
    view.refresh();
    if (!hub.watched) return;
    hub.show();
    if (!this.#alertsChanged && this.#ticks % ALERT_VALUES_EVERY_TICKS !== 0) return;
    this.#alertsChanged = false;
    const alerts = alertsNow();
    const text = JSON.stringify(alerts);
    if (text === this.#sentAlerts) return;
    this.#sentAlerts = text;
    hub.sendAlerts(alerts);
  }
}
