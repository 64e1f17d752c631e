import type { Clock } from '../native/host/clock.ts';
import type { Logger } from '../native/host/log.ts';
import type { BrowserHub, ViewSource } from './io/browser-hub.ts';
import type { DashboardMetrics } from './io/metrics.ts';
import type { Notifier } from './io/notify/notifier.ts';
import type { StateStore } from './io/store.ts';
import type { Alert, AlertBook, Evaluation } from './model/alert-book.ts';
import type { Cluster } from './model/cluster.ts';
import type { LiveView } from './model/live-view.ts';

export interface DashboardAgentParts {
  readonly cluster: Cluster;
  readonly book: AlertBook;
  readonly notifier: Notifier;
  readonly store: Pick<StateStore, 'saveAlerts'>;
  readonly view: LiveView;
  readonly source: ViewSource;
  readonly hub: BrowserHub;
  readonly metrics: DashboardMetrics;
  readonly clock: Clock;
  readonly log: Logger;
}

const TICK_MS = 1000;

/** How long a pending alert has held is written down this often, ticks; a crash loses no more. */
const SAVE_EVERY_TICKS = 10;

/** Values of alerts that did not change state are sent again this often, ticks. */
const ALERT_VALUES_EVERY_TICKS = 2;

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

  constructor(parts: DashboardAgentParts) {
    this.#parts = parts;
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
      for (const step of [this.#age, this.#alert, this.#tell, this.#show]) {
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
    metrics.containers.set(cluster.containerCount());
  }

  #alert(): void {
    const { book, cluster, clock, notifier, metrics } = this.#parts;
    const evaluation = book.evaluate(cluster, {
      nowUnixMs: clock.nowMs(),
      monotonicMs: clock.monotonicMs(),
      owed: (alert) => notifier.owed(alert),
    });
    metrics.alertsDropped.inc({ reason: 'duplicate' }, evaluation.duplicates);
    metrics.alertsDropped.inc({ reason: 'limit' }, evaluation.refused);
    this.#note(evaluation);
    this.#alertsChanged ||= evaluation.changed.length + evaluation.removed.length > 0;
    for (const alert of evaluation.changed) notifier.mark(alert);
    // Written down before anybody is told: what was told must not be forgotten. If that fails they are told all the same.
    this.#save(evaluation);
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
    const { book, store } = this.#parts;
    for (const identity of [...changed.map((alert) => alert.fingerprint), ...removed]) this.#unsaved.add(identity);
    if (this.#ticks % SAVE_EVERY_TICKS === 0)
      for (const { fingerprint, state } of book.alerts) if (state.kind !== 'resolved') this.#unsaved.add(fingerprint);
    const known = [...this.#unsaved].map((identity) => [identity, book.get(identity)] as const);
    const put = known.flatMap(([, alert]): Alert[] => (alert === undefined ? [] : [alert]));
    store.saveAlerts(
      put,
      known.filter(([, alert]) => alert === undefined).map(([identity]) => identity),
    );
    this.#unsaved.clear();
  }

  #tell(): void {
    const { notifier, metrics } = this.#parts;
    notifier.pump();
    if (this.#ticks % SAVE_EVERY_TICKS === 0) notifier.prune();
    metrics.notificationsWaiting.set(notifier.waiting);
  }

  #show(): void {
    const { hub, source, view } = this.#parts;
    hub.dropEnded();
    const changed = view.refresh();
    if (!hub.watched) return;
    if (changed) hub.sendInventory(source.inventory());
    hub.sendFrame(source.frame());
    if (!this.#alertsChanged && this.#ticks % ALERT_VALUES_EVERY_TICKS !== 0) return;
    this.#alertsChanged = false;
    const alerts = source.alerts();
    const text = JSON.stringify(alerts);
    if (text === this.#sentAlerts) return;
    this.#sentAlerts = text;
    hub.sendAlerts(alerts);
  }
}
