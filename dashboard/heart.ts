import { systemClock as clock, systemRandom as random } from '../native/host/clock.ts';
import { packageVersion } from '../native/host/package-root.ts';
import type { Foundation } from './foundation.ts';
import { HostMemory } from './io/host-memory.ts';
import { assembleNotifier, type NotifyParts } from './io/notify/assemble.ts';
import type { Leadership } from './io/notify/notifier.ts';
import { RuleBook } from './io/rule-book.ts';
import { RuleFiles } from './io/rule-files.ts';
import { AlertBook } from './model/alert/book.ts';
import { placeOf } from './model/alert/place.ts';
import { restoreAlerts } from './model/alert/restore.ts';
import { alertOrder, alertView, ruleView } from './model/alert/view.ts';
import { Cluster } from './model/cluster.ts';
import { LiveView } from './model/live-view.ts';
import type { AlertsMessage } from './wire.ts';

/** What the dashboard knows of the cluster, its alerts and who is told of them. */
export interface Heart {
  readonly cluster: Cluster;
  readonly book: AlertBook;
  readonly notify: NotifyParts;
  readonly rules: RuleBook;
  readonly ruleFiles: RuleFiles;
  readonly hosts: HostMemory;
  readonly view: LiveView;
  readonly alerts: () => AlertsMessage;
}

export function makeHeart(
  { config, log, store, metrics }: Foundation,
  { externalUrl, leadership }: { readonly externalUrl: string; readonly leadership: Leadership | undefined },
): Heart {
  const version = packageVersion();
  const cluster = new Cluster();
  const { documents, outbox } = store;
  const ruleFiles = new RuleFiles(config);
  const rules = new RuleBook({ ...config.ruleLists, files: ruleFiles.rules }, documents, clock);
  const restored = restoreAlerts(store.loadAlerts(), { downAtUnixMs: store.evaluatedAt(), nowUnixMs: clock.nowMs() });
  const firing = new Set(restored.filter(({ state }) => state.kind === 'firing').map(({ fingerprint }) => fingerprint));
  store.episodes.endOrphans((identity) => firing.has(identity), store.evaluatedAt() ?? clock.nowMs());
  const book = new AlertBook(rules.rules, restored);
  rules.drive(book);
  const hosts = new HostMemory({ cluster, documents, clock });
  const notify = assembleNotifier({
    settings: config.notifySettings,
    webhooks: config.webhook,
    webhookSecret: config.webhookSecret,
    timing: {
      groupWaitMs: config.groupWait,
      groupIntervalMs: config.groupInterval,
      repeatIntervalMs: config.repeatInterval,
    },
    policy: { allowed: config.allowPrivateTargets },
    documents,
    outbox,
    alerts: () => book.alerts,
    leadership: () => leadership ?? { leads: true, leader: undefined },
    externalUrl,
    userAgent: `weft/${version}`,
    clock,
    random,
    log: log.child({ module: 'notify' }),
    onOutcome: (outcome) => {
      metrics.notifications.inc({ outcome });
    },
    onTold: (channel, fingerprints, atUnixMs) => {
      try {
        store.episodes.tell(channel, fingerprints, atUnixMs);
      } catch (err) {
        // The history may miss a name; that somebody was told must be known all the same.
        log.error({ err, channel }, 'the history of alerts could not be written');
      }
    },
  });
  const startedAtUnixMs = clock.nowMs();
  const etcd = config.etcdEndpoints.length === 0 ? 'off' : 'unavailable';
  const facts = {
    version,
    startedAtUnixMs,
    // Channels come and go while it runs.
    get webhooks() {
      return notify.channels.all.length;
    },
  };
  const view = new LiveView(cluster, facts, { version: startedAtUnixMs, etcd });
  const alerts = (): AlertsMessage => ({
    alerts: [...book.alerts].sort(alertOrder).map((alert) =>
      alertView(alert, {
        delivery: notify.notifier.sentence(alert),
        ...placeOf(cluster, alert),
        acknowledgedBy: notify.acknowledgements.of(alert)?.by,
      }),
    ),
    rules: book.rules.map((rule) => ruleView(rule, book.healthOf(rule.id))),
  });
  return { cluster, book, notify, rules, ruleFiles, hosts, view, alerts };
}
