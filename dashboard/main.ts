import { join } from 'node:path';
import { systemClock, systemRandom } from '../native/host/clock.ts';
import type { AgentInput } from '../native/host/config.ts';
import { reportConfigError, runUntilSignal, type ExitCode } from '../native/host/lifecycle.ts';
import { createLogger, type Logger } from '../native/host/log.ts';
import { memoryTrim, trimRegularly } from '../native/host/memory-trim.ts';
import { packageRoot, packageVersion } from '../native/host/package-root.ts';
import { DashboardAgent } from './agent.ts';
import { loadDashboardConfig, type DashboardConfig } from './config.ts';
import { layFoundation } from './foundation.ts';
import { makeHeart, type Heart } from './heart.ts';
import { serveAgents } from './io/agent-feed.ts';
import type { ForwardAuthSettings } from './io/access/forward-auth.ts';
import { VouchWatch } from './io/access/vouch-watch.ts';
import { createAlertmanagerApi } from './io/alerts/alertmanager-api.ts';
import { createApi } from './io/api.ts';
import { BrowserHub } from './io/browser-hub.ts';
import { HistoryReader } from './io/history/history-reader.ts';
import type { HistoryStore } from './io/history/history-store.ts';
import { RemoteReader } from './io/remote/remote-reader.ts';
import { restoreHistory } from './io/history/restore.ts';
import { openCoordination } from './io/coordination.ts';
import { createHttpApp } from './io/http.ts';
import type { Leadership } from './io/notify/notifier.ts';
import { RequestGuard } from './io/request-guard.ts';
import { MessageBounds } from './io/message-bounds.ts';
import {
  admitBrowser,
  closeListeners,
  createSocketServer,
  openListeners,
  serve,
  useCertificate,
  type BoundServer,
} from './io/server.ts';
import { followRuleFiles } from './io/rule-files.ts';
import { followTlsFiles, type TlsFiles } from './io/tls-files.ts';
import { TrustedProxies } from './io/trusted-proxies.ts';
import { readWebFiles, type WebFile } from './io/web-files.ts';
import { apiContainers, apiHosts } from './model/api-view.ts';
import { LivePush } from './live-push.ts';
import { settingsSource } from './settings-source.ts';
import type { RowOrder } from './model/cluster-view.ts';
import type { Scope } from './model/scope.ts';

const clock = systemClock;
const random = systemRandom;

/** How a person on this machine reaches an address that is listened on. */
function urlOf(listen: string, scheme: 'http' | 'https'): string {
  const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(listen) ?? [];
  const wildcard = host === '0.0.0.0' || host === '[::]';
  return `${scheme}://${wildcard ? '127.0.0.1' : host}:${port}`;
}

function warnOfPlainHttp(config: DashboardConfig, log: Logger): void {
  // Without TLS only --insecure lets other machines in.
  if (config.insecure && config.tls === undefined && config.publicUrl?.startsWith('https:') !== true)
    log.warn('served without TLS: tokens and passwords can be read on the way');
}

async function followCertificate(
  bound: readonly BoundServer[],
  { tls: files }: DashboardConfig,
  { log, signal }: { readonly log: Logger; readonly signal: AbortSignal },
): Promise<void> {
  if (files === undefined) return;
  const use = (changed: TlsFiles): void => {
    useCertificate(bound, changed);
  };
  await followTlsFiles({ files, use, clock, log: log.child({ module: 'tls' }) }, signal);
}

function forwardAuthOf(config: DashboardConfig): ForwardAuthSettings | undefined {
  const { forwardAuthHeader, forwardAuthGroupsHeader, roleGroups: roles } = config;
  if (forwardAuthHeader === undefined) return undefined;
  return { userHeader: forwardAuthHeader, groupsHeader: forwardAuthGroupsHeader, roles };
}

/** The page is looked for until it is there, so that it may be built after the start. */
function webFilesIn(folder: string): () => ReadonlyMap<string, WebFile> {
  let files = readWebFiles(folder);
  return () => {
    if (files.size === 0) files = readWebFiles(folder);
    return files;
  };
}

function remoteReaderOf({ remoteReadUrl: url, remoteToken: token }: DashboardConfig): RemoteReader | undefined {
  return url === undefined ? undefined : new RemoteReader({ url, token }, clock);
}

function apiSource({ view, alerts }: Heart, history: HistoryStore, leadership: Leadership | undefined) {
  const now = () => ({ nowMonotonicMs: clock.monotonicMs(), etcd: view.etcd });
  return {
    status: () => ({
      ...view.server,
      history: historyStatus(history.state),
      remoteWrite: history.remoteWrite ?? null,
      // Alone it is always this one.
      notifier: { isThis: leadership?.leads ?? true, leader: leadership?.leader ?? null },
    }),
    order: () => view.order(),
    hosts: (order: RowOrder, scope: Scope | undefined) => apiHosts(order, { ...now(), scope }),
    containers: (order: RowOrder) => apiContainers(order, now()),
    alerts: () => alerts().alerts,
  };
}

/** How the stored past is, for `/status`. */
function historyStatus({ reason, droppedBlocks, use }: HistoryStore['state']): object {
  const iso = (unixMs: number | undefined): string | null =>
    unixMs === undefined ? null : new Date(unixMs).toISOString();
  return {
    complete: reason === undefined,
    reason: reason ?? null,
    lostBlocks: droppedBlocks,
    bytes: use?.bytes ?? null,
    series: use?.series ?? null,
    oldestMinuteAt: iso(use?.oldestUnixMs.minutes),
    oldestQuarterAt: iso(use?.oldestUnixMs.quarters),
  };
}

async function run(config: DashboardConfig, log: Logger, signal: AbortSignal): Promise<void> {
  const foundation = await layFoundation(config, log);
  const { store, history, auth, metrics } = foundation;
  using _store = store;
  await using _history = history;
  const bound = await openListeners(config.listen, config.tls);
  const listen = bound.map(({ listen: address }) => address);
  const externalUrl = config.publicUrl ?? urlOf(listen[0] ?? '', config.tls === undefined ? 'http' : 'https');
  const loginUrl = (token: string): string => `${externalUrl}/login#token=${token}`;
  const vouchWatch = new VouchWatch(clock);
  const guard = new RequestGuard({
    auth,
    publicUrl: config.publicUrl,
    tls: config.tls !== undefined,
    proxies: new TrustedProxies(config.trustedProxy),
    forwardAuth: forwardAuthOf(config),
    vouchWatch,
    port: Number(listen[0]?.split(':').at(-1)),
  });
  using coordination = openCoordination({
    settings: config,
    documents: store.documents,
    name: externalUrl,
    clock,
    random,
    log,
  });
  const heart = makeHeart(foundation, { externalUrl, leadership: coordination?.election });
  const io = createSocketServer(() => guard);
  const bounds = new MessageBounds(io);
  const hub = new BrowserHub(io, {
    view: heart.view,
    alerts: heart.alerts,
    admit: (request) => admitBrowser(guard, request),
    isValid: (caller) => guard.isStill(caller),
    askDevices: (question) => agents.devices(question),
    clock,
    log: log.child({ module: 'browsers' }),
    metrics,
  });
  const livePush = new LivePush({ hub, clock, log });
  const agents = serveAgents(io, {
    cluster: heart.cluster,
    onFrame: () => {
      livePush.wake();
    },
    admission: (token) => auth.agentAdmission(token),
    clock,
    log: log.child({ module: 'agents' }),
    metrics,
  });
  auth.onRevoked(() => {
    hub.dropEnded();
    agents.dropRevoked();
  });
  const agent = new DashboardAgent({ ...heart, store, history, hub, agents, metrics, clock, log });
  const remoteReader = remoteReaderOf(config);
  const api = createApi({
    auth,
    audit: store.audit,
    views: foundation.views,
    guard,
    source: apiSource(heart, history, coordination?.election),
    alerting: { ...heart, documents: store.documents, episodes: store.episodes, history, externalUrl },
    history: new HistoryReader(heart.cluster.history, history, remoteReader),
    settings: settingsSource({ config, heart, history, remoteReader, vouchWatch, documents: store.documents, clock }),
    version: packageVersion(),
    askDevices: (question) => agents.devices(question),
    loginUrl,
    clock,
    log: log.child({ module: 'api' }),
    metrics,
  });
  const app = createHttpApp({
    guard,
    webFiles: webFilesIn(join(packageRoot(), 'dist/web')),
    unready: () => (agent.ticked ? undefined : 'the first second is not over yet'),
    metrics: () => metrics.registry.metrics(),
    api,
    alertmanagerApi: createAlertmanagerApi({
      guard,
      audit: store.audit,
      log: log.child({ module: 'api' }),
      alerts: () => heart.book.alerts,
      notify: heart.notify,
      externalUrl,
      version: packageVersion(),
      clock,
    }),
    log: log.child({ module: 'http' }),
  });
  const listeners = bound.map(({ server }) => serve(server, { app, io, bounds }));
  warnOfPlainHttp(config, log);
  log.info({ listen, rules: heart.book.rules.length, webhooks: config.webhook.length }, 'serving');
  const { printed } = auth.loginTokens;
  process.stdout.write(`weft dashboard: ${printed === undefined ? externalUrl : loginUrl(printed)}\n`);
  try {
    const book = heart.cluster.history;
    const trim = memoryTrim();
    await Promise.all([
      agent.run(signal),
      livePush.run(signal),
      followRuleFiles(
        { files: heart.ruleFiles, book: heart.rules, clock, log: log.child({ module: 'rules' }) },
        signal,
      ),
      coordination?.run(
        {
          cluster: heart.cluster,
          onEtcd: (state) => {
            heart.view.setEtcd(state);
          },
        },
        signal,
      ),
      followCertificate(bound, config, { log, signal }),
      restoreHistory({ book, store: history, log }, clock.nowMs(), signal),
      ...(trim === undefined ? [] : [trimRegularly(trim, clock, signal)]),
    ]);
  } finally {
    agent.rememberAll();
    await Promise.all([heart.notify.notifier.stop(), closeListeners(listeners)]);
  }
}

/** Runs the dashboard until a signal ends it. Configuration faults go to stderr. @returns the process's exit code. */
export async function runDashboard(input: AgentInput): Promise<ExitCode> {
  let config: DashboardConfig;
  try {
    config = loadDashboardConfig(input);
  } catch (error) {
    return reportConfigError('weft dashboard', error);
  }
  const log = createLogger({ name: 'dashboard', level: config.logLevel });
  return await runUntilSignal(log, (signal) => run(config, log, signal));
}
