import { join } from 'node:path';
import { HostFileError } from '../native/host/atomic-file.ts';
import { EtcdClient } from '../native/etcd/client.ts';
import { fixedTls } from '../native/etcd/tls.ts';
import { systemClock, systemRandom } from '../native/host/clock.ts';
import type { AgentInput } from '../native/host/config.ts';
import { FatalError, reportConfigError, runUntilSignal, type ExitCode } from '../native/host/lifecycle.ts';
import { createLogger, type Logger } from '../native/host/log.ts';
import { makeFolder } from '../native/host/make-folder.ts';
import { packageRoot, packageVersion } from '../native/host/package-root.ts';
import { DashboardAgent } from './agent.ts';
import { loadDashboardConfig, type DashboardConfig } from './config.ts';
import { serveAgents } from './io/agent-feed.ts';
import { createApi } from './io/api.ts';
import { Auth } from './io/auth.ts';
import { BrowserHub, type ViewSource } from './io/browser-hub.ts';
import { createHttpApp } from './io/http.ts';
import { createMetrics, type DashboardMetrics } from './io/metrics.ts';
import { Notifier } from './io/notify/notifier.ts';
import { createWebhook } from './io/notify/webhook.ts';
import { followPresence } from './io/presence.ts';
import { RequestGuard } from './io/request-guard.ts';
import { admitBrowser, closeListeners, createSocketServer, openListeners, serve } from './io/server.ts';
import { openStateStore, StateStoreError, type StateStore } from './io/store.ts';
import { readOrMakeToken, requireToken } from './io/token-files.ts';
import { readWebFiles, type WebFile } from './io/web-files.ts';
import { alertOrder, alertView, ruleView } from './model/alert-view.ts';
import { AlertBook } from './model/alert-book.ts';
import { apiAlerts, apiContainers, apiHosts } from './model/api-view.ts';
import { Cluster } from './model/cluster.ts';
import { LiveView } from './model/live-view.ts';

const clock = systemClock;
const random = systemRandom;

/** A webhook that does not answer within this is tried again, milliseconds. */
const WEBHOOK_TIMEOUT_MS = 10_000;

interface Foundation {
  readonly config: DashboardConfig;
  readonly log: Logger;
  readonly store: StateStore;
  readonly auth: Auth;
  readonly metrics: DashboardMetrics;
}

/** A folder or a token that cannot be used is a sentence for a person, not a stack. */
function asFatal(error: unknown): never {
  if (error instanceof HostFileError || error instanceof StateStoreError)
    throw new FatalError(`${error.message}; choose another folder with --state-dir`, { cause: error });
  throw error;
}

async function openAuth(config: DashboardConfig, store: StateStore): Promise<Auth> {
  const { stateDir, agentTokenFile, apiTokenFile } = config;
  const own = (name: string): Promise<string> => readOrMakeToken(join(stateDir, name));
  const [agentToken, apiToken, sessionKey, loginToken] = await Promise.all([
    agentTokenFile === undefined ? own('agent-token') : requireToken(agentTokenFile),
    apiTokenFile === undefined ? own('api-token') : requireToken(apiTokenFile),
    own('session-key'),
    own('login-token'),
  ]);
  const loginTokenFile = join(stateDir, 'login-token');
  return new Auth({ agentToken, apiToken, sessionKey, loginToken, loginTokenFile, revoked: store, clock });
}

/** Tokens first: their sentence names the folder, and a folder that cannot be written is the likely fault. */
async function layFoundation(config: DashboardConfig, log: Logger): Promise<Foundation> {
  try {
    await makeFolder(config.stateDir).catch((cause: unknown) => {
      throw new HostFileError('make', config.stateDir, cause);
    });
    const store = openStateStore(config.stateDir, (record, err) => {
      log.warn({ err, record }, 'stored record cannot be read and is left out');
    });
    return { config, log, store, auth: await openAuth(config, store), metrics: createMetrics() };
  } catch (error) {
    return asFatal(error);
  }
}

/** How a person on this machine reaches an address that is listened on. */
function urlOf(listen: string): string {
  const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(listen) ?? [];
  const wildcard = host === '0.0.0.0' || host === '[::]';
  return `http://${wildcard ? '127.0.0.1' : host}:${port}`;
}

function warnOfPlainHttp(config: DashboardConfig, log: Logger): void {
  const open = config.listen.filter(({ host }) => !/^127\.|^::1$|^localhost$/.test(host));
  if (open.length > 0 && config.publicUrl?.startsWith('https:') !== true)
    log.warn(
      { addresses: open.map(({ host, port }) => `${host}:${port}`) },
      'served without TLS beyond this machine: tokens can be read on the way',
    );
}

/** The page is looked for until it is there, so that it may be built after the start. */
function webFilesIn(folder: string): () => ReadonlyMap<string, WebFile> {
  let files = readWebFiles(folder);
  return () => {
    if (files.size === 0) files = readWebFiles(folder);
    return files;
  };
}

interface Heart {
  readonly cluster: Cluster;
  readonly book: AlertBook;
  readonly notifier: Notifier;
  readonly view: LiveView;
  readonly source: ViewSource;
}

function makeHeart({ config, log, store, metrics }: Foundation, externalUrl: string): Heart {
  const version = packageVersion();
  const cluster = new Cluster();
  const book = new AlertBook(config.alertRules, store.loadAlerts());
  const notifier = new Notifier({
    webhooks: config.webhook.map((url) =>
      createWebhook({
        url,
        secret: config.webhookSecret,
        userAgent: `weft/${version}`,
        clock,
        timeoutMs: WEBHOOK_TIMEOUT_MS,
      }),
    ),
    store,
    alerts: () => book.alerts,
    externalUrl,
    clock,
    random,
    log: log.child({ module: 'notify' }),
    onOutcome: (outcome) => {
      metrics.notifications.inc({ outcome });
    },
  });
  const startedAtUnixMs = clock.nowMs();
  const etcd = config.etcdEndpoints.length === 0 ? 'off' : 'unavailable';
  const facts = { version, startedAtUnixMs, webhooks: config.webhook.length };
  const view = new LiveView(cluster, facts, { version: startedAtUnixMs, etcd });
  const source: ViewSource = {
    inventory: () => view.inventory(clock.nowMs()),
    history: () => view.history(clock.nowMs()),
    frame: () => view.frame(clock.nowMs()),
    alerts: () => ({
      alerts: [...book.alerts].sort(alertOrder).map((alert) => alertView(alert, notifier.sentence(alert))),
      rules: config.alertRules.map(ruleView),
    }),
  };
  return { cluster, book, notifier, view, source };
}

function apiSource({ view, source, cluster }: Heart) {
  const now = () => ({ nowMonotonicMs: clock.monotonicMs(), etcd: view.etcd });
  return {
    status: () => ({ ...view.server, hosts: cluster.hosts.size, containers: cluster.containerCount() }),
    hosts: () => apiHosts(view.order(), now()),
    containers: () => apiContainers(view.order(), now()),
    alerts: () => apiAlerts(source.alerts().alerts),
  };
}

async function watchOverlay({ config, log }: Foundation, { cluster, view }: Heart, signal: AbortSignal): Promise<void> {
  if (config.etcdEndpoints.length === 0) return;
  const { etcdEndpoints: endpoints, etcdTls, etcdUsername: username, etcdPassword: password } = config;
  const auth = username === undefined ? undefined : { username, password: password ?? '' };
  using client = new EtcdClient({ endpoints, tls: etcdTls && fixedTls(etcdTls), auth, clock });
  await followPresence(
    {
      client,
      clock,
      random,
      log: log.child({ module: 'presence' }),
      onPresences: (presences) => {
        cluster.presences(presences, clock.monotonicMs());
      },
      onState: (state) => {
        view.setEtcd(state);
      },
    },
    signal,
  );
}

async function run(config: DashboardConfig, log: Logger, signal: AbortSignal): Promise<void> {
  const foundation = await layFoundation(config, log);
  const { store, auth, metrics } = foundation;
  using _store = store;
  const bound = await openListeners(config.listen);
  const listen = bound.map(({ listen: address }) => address);
  const externalUrl = config.publicUrl ?? urlOf(listen[0] ?? '');
  const loginUrl = (token: string): string => `${externalUrl}/login#token=${token}`;
  const guard = new RequestGuard({ auth, publicUrl: config.publicUrl, port: Number(listen[0]?.split(':').at(-1)) });
  const heart = makeHeart(foundation, externalUrl);
  const io = createSocketServer(() => guard);
  const hub = new BrowserHub(io, {
    source: heart.source,
    admit: (request) => admitBrowser(guard, request),
    isValid: (session) => auth.isValid(session),
    clock,
    log: log.child({ module: 'browsers' }),
    metrics,
  });
  serveAgents(io, {
    cluster: heart.cluster,
    isAgent: (token) => auth.isAgent(token),
    clock,
    log: log.child({ module: 'agents' }),
    metrics,
  });
  const agent = new DashboardAgent({ ...heart, store, hub, metrics, clock, log });
  const api = createApi({
    auth,
    guard,
    source: apiSource(heart),
    loginUrl,
    onLogout: () => {
      hub.dropEnded();
    },
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
    log: log.child({ module: 'http' }),
  });
  const listeners = bound.map(({ server }) => serve(server, app, io));
  warnOfPlainHttp(config, log);
  log.info({ listen, rules: config.alertRules.length, webhooks: config.webhook.length }, 'serving');
  process.stdout.write(`weft dashboard: ${loginUrl(auth.printedLoginToken)}\n`);
  try {
    await Promise.all([agent.run(signal), watchOverlay(foundation, heart, signal)]);
  } finally {
    await Promise.all([heart.notifier.stop(), closeListeners(listeners)]);
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
