import { createServer, type IncomingHttpHeaders } from 'node:http';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { io, type Socket } from 'socket.io-client';
import { freePort } from '../../cli/demo/ports.ts';
import {
  type AlertsMessage,
  type FrameMessage,
  type HistoryMessage,
  type InventoryMessage,
} from '../../dashboard/wire.ts';
import { UI_NAMESPACE } from '../../dashboard/view-wire.ts';
import { AGENT_NAMESPACE, type ExitedInventory } from '../../statsd/wire.ts';
import { startWeft, untilReady, type TestProcess } from '../support/processes.ts';
import { until } from '../support/until.ts';
import { aFrame, anInventory } from '../unit/dashboard/builders.ts';

export interface TestDashboard extends AsyncDisposable {
  readonly url: string;
  readonly listen: string;
  readonly stateDir: string;
  readonly process: () => TestProcess;
  readonly token: (name: 'agent-token' | 'api-token' | 'admin-token') => Promise<string>;
  /** GET below `/api/v1` with the API token. */
  readonly get: (path: string) => Promise<unknown>;
  /** kill -9, as a crash does; then `start` again on the same state and port. */
  readonly crash: () => Promise<void>;
  readonly start: () => Promise<void>;
}

export interface TestDashboardOptions {
  readonly rules?: string;
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A real `weft dashboard` on a free loopback port, its state in a temporary folder; both are gone after its scope. */
export async function startDashboard({
  rules,
  flags = [],
  env = {},
}: TestDashboardOptions = {}): Promise<TestDashboard> {
  const stateDir = await mkdtemp(join(tmpdir(), 'weft-test-dashboard-'));
  const rulesFile = join(stateDir, 'rules.yaml');
  if (rules !== undefined) await writeFile(rulesFile, rules);
  const listen = `127.0.0.1:${await freePort()}`;
  const prompt = ['--group-wait', '0s', '--group-interval', '1s'];
  const argv = ['dashboard', '--listen', listen, '--data-dir', stateDir, '--log-level', 'debug', ...prompt, ...flags];
  if (rules !== undefined) argv.push('--rules', rulesFile);
  const launch = async (): Promise<TestProcess> => {
    const child = await startWeft(argv, { env });
    await untilReady(child, { listen });
    return child;
  };
  let child = await launch();
  const token = async (name: string): Promise<string> => (await readFile(join(stateDir, name), 'utf8')).trim();
  return {
    url: `http://${listen}`,
    listen,
    stateDir,
    process: () => child,
    token,
    get: async (path) => {
      const headers = { authorization: `Bearer ${await token('api-token')}` };
      const response = await fetch(`http://${listen}/api/v1${path}`, { headers, signal: AbortSignal.timeout(5000) });
      const body: unknown = await response.json();
      return body;
    },
    crash: async () => {
      child.signal('SIGKILL');
      await child.exited;
    },
    start: async () => {
      child = await launch();
    },
    [Symbol.asyncDispose]: async () => {
      await child[Symbol.asyncDispose]();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}

/** A container as the API tells it. */
export interface ApiContainer {
  readonly name: string;
  readonly state: string;
  readonly cpuCores: number | null;
  readonly cpuOfLimitRatio: number | null;
  readonly memoryOfLimitRatio: number | null;
}

/** What `/containers` says. */
export async function containersOf(dashboard: TestDashboard): Promise<ApiContainer[]> {
  return ((await dashboard.get('/containers')) as { containers: ApiContainer[] }).containers;
}

/** A new login token's cookie. */
export async function logIn(dashboard: TestDashboard): Promise<string> {
  const asked = await fetch(`${dashboard.url}/api/v1/login-tokens`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await dashboard.token('api-token')}` },
  });
  const { loginToken } = (await asked.json()) as { loginToken: string };
  const response = await fetch(`${dashboard.url}/api/v1/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: dashboard.url },
    body: JSON.stringify({ token: loginToken }),
  });
  return response.headers.getSetCookie()[0]?.split(';')[0] ?? '';
}

/** Resolves when connected; rejects with the server's sentence. */
async function connected(socket: Socket): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  socket.once('connect', () => {
    resolve(socket);
  });
  socket.once('connect_error', (error) => {
    socket.disconnect();
    reject(error);
  });
  return await promise;
}

const CLIENT = { transports: ['websocket'], forceNew: true, reconnection: false };

export interface TestAgent extends Disposable {
  readonly socket: Socket;
  /** Names the containers of the frames to come, and those that ended lately. */
  inventory(containers: Parameters<typeof anInventory>[0], exited?: readonly ExitedInventory[]): void;
  /** Sends the next frame with these rows. */
  frame(rows: Parameters<typeof aFrame>[1]): void;
}

/** A socket that speaks as a stats agent does, with time that the test tells. */
export async function dialAgent(
  dashboard: TestDashboard,
  over: { nodeId?: string; hostname?: string; token?: string; v?: number } = {},
): Promise<TestAgent> {
  const { nodeId = 'n1', hostname = 'h1', v = 1 } = over;
  const token = over.token ?? (await dashboard.token('agent-token'));
  const socket = await connected(
    io(`${dashboard.url}${AGENT_NAMESPACE}`, { ...CLIENT, auth: { v, token, nodeId, hostname } }),
  );
  let tableVersion = 0;
  let seq = 0;
  const started = performance.now();
  return {
    socket,
    inventory: (containers, exited = []) => {
      tableVersion += 1;
      socket.emit('inventory', { ...anInventory(containers, { nodeId, hostname, tableVersion }), exited });
    },
    frame: (rows) => {
      seq += 1;
      const elapsed = performance.now() - started;
      socket.emit('frame', aFrame(seq, rows, { tableVersion, monotonicMs: elapsed, timeUnixMs: Date.now() }));
    },
    [Symbol.dispose]: () => {
      socket.disconnect();
    },
  };
}

export interface TestBrowser extends Disposable {
  readonly socket: Socket;
  readonly inventories: InventoryMessage[];
  readonly frames: FrameMessage[];
  readonly histories: HistoryMessage[];
  readonly alerts: AlertsMessage[];
}

/** A socket that does what the page does. */
export async function openBrowser(
  dashboard: TestDashboard,
  headers: Readonly<Record<string, string>>,
  transport: 'websocket' | 'polling' = 'websocket',
): Promise<TestBrowser> {
  const socket = io(`${dashboard.url}${UI_NAMESPACE}`, {
    ...CLIENT,
    transports: [transport],
    extraHeaders: { ...headers },
  });
  const browser = { socket, inventories: [], frames: [], histories: [], alerts: [] } as Omit<
    TestBrowser,
    typeof Symbol.dispose
  >;
  socket.on('inventory', (message: InventoryMessage) => browser.inventories.push(message));
  socket.on('frame', (message: FrameMessage) => browser.frames.push(message));
  socket.on('history', (message: HistoryMessage) => browser.histories.push(message));
  socket.on('alerts', (message: AlertsMessage) => browser.alerts.push(message));
  await connected(socket);
  return {
    ...browser,
    [Symbol.dispose]: () => {
      socket.disconnect();
    },
  };
}

export interface Delivery {
  readonly headers: IncomingHttpHeaders;
  readonly body: {
    readonly version: string;
    readonly status: string;
    readonly groupKey: string;
    readonly notification_reason: string;
    readonly alerts: readonly {
      readonly status: string;
      readonly labels: Record<string, string>;
      readonly startsAt: string;
    }[];
  };
  readonly raw: string;
}

export interface TestReceiver extends AsyncDisposable {
  readonly url: string;
  /** Everything that arrived, taken or not. */
  readonly deliveries: Delivery[];
  /** What the next requests are answered with; `hang` answers never. */
  answer: number | 'hang';
}

/** A real webhook receiver on loopback. */
export async function startReceiver(): Promise<TestReceiver> {
  const deliveries: Delivery[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const raw = Buffer.concat(chunks).toString('utf8');
      deliveries.push({ headers: request.headers, body: JSON.parse(raw) as Delivery['body'], raw });
      if (receiver.answer === 'hang') return;
      response.writeHead(receiver.answer, { location: `${receiver.url}/elsewhere` }).end('answer');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const receiver: TestReceiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    deliveries,
    answer: 200,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return receiver;
}

/** Sends a frame of the rows that `rows` gives ten times a second, until its scope ends. */
export function keepSending(agent: TestAgent, rows: () => Parameters<typeof aFrame>[1]): Disposable {
  agent.frame(rows());
  const timer = setInterval(() => {
    agent.frame(rows());
  }, 100);
  return {
    [Symbol.dispose]: () => {
      clearInterval(timer);
    },
  };
}

/** The alert of a container as the API tells it, once it is in a state. */
export async function untilAlert(
  dashboard: TestDashboard,
  container: string,
  state: string,
): Promise<Record<string, unknown>> {
  return await until(
    async () => {
      const { alerts } = (await dashboard.get('/alerts')) as {
        alerts?: { labels: Record<string, string>; state: string }[];
      };
      return alerts?.find((alert) => alert.labels['container'] === container && alert.state === state);
    },
    { what: `the alert of ${container} is ${state}`, timeoutMs: 20_000 },
  );
}

/** What `/metrics` says. */
export async function metricsOf(dashboard: TestDashboard): Promise<string> {
  const headers = { authorization: `Bearer ${await dashboard.token('api-token')}` };
  return await (await fetch(`${dashboard.url}/metrics`, { headers })).text();
}
