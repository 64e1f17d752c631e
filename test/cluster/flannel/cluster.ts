import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { flannelStatusSchema, STATUS_PATH, type FlannelStatusDocument } from '../../../flannel/status-wire.ts';
import { readStatusSocket } from '../../../native/host/status-socket.ts';
import { startEtcd, type TestEtcd } from '../../support/etcd.ts';
import { makeUnderlay, type TestHost, type TestNamespace } from '../../support/netns.ts';
import { httpGet, startProcess, startWeft, untilReady, type TestProcess } from '../../support/processes.ts';
import { until } from '../../support/until.ts';

export const STATUS = '127.0.0.1:9100';
const CONFIG_KEY = '/coreos.com/network/config';
export const SUBNETS = '/coreos.com/network/subnets/';

/** A host of the overlay and the agent on it. */
export interface OverlayHost {
  readonly ns: TestNamespace;
  readonly address: string;
  readonly subnetFile: string;
  readonly statusSocket: string;
  /** What the agent tells of itself. */
  status(): Promise<FlannelStatusDocument>;
  /** The agent that runs now. */
  agent(): TestProcess;
  /** Ends it, if it was ever started. */
  stop(): Promise<void>;
  start(...flags: string[]): Promise<TestProcess>;
  /** Start and wait for /readyz. */
  ready(...flags: string[]): Promise<TestProcess>;
  /** `10.5.17.0/24`, as subnet.env says. */
  subnet(): Promise<string>;
  /** What subnet.env says. */
  environment(): Promise<Readonly<Record<string, string>>>;
  /** The value of one metric. */
  metric(name: string): Promise<number>;
  device(): { readonly ifindex: number; readonly mac: string };
}

export interface OverlayCluster extends AsyncDisposable {
  readonly etcd: TestEtcd;
  readonly fabric: TestNamespace;
  readonly hosts: readonly OverlayHost[];
  /** `etcdctl` in the fabric. */
  ctl(...words: string[]): string;
  /** Key, value pairs below a prefix. */
  keys(prefix: string): Map<string, string>;
  configure(config: object): void;
}

export interface OverlayHostOptions {
  /** For the files of its agents; the caller removes it. */
  readonly folder: string;
  /** How the agent finds etcd: `--etcd-endpoints=…`, `--etcd-prefix=…`, TLS. */
  readonly etcdFlags: readonly string[];
  /** Tells two agents on one host apart. */
  readonly label?: string;
  /** Of its `/readyz` and `/metrics`; default 9100. */
  readonly statusPort?: number;
  /** Added to the agent's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** How long {@link OverlayHost.ready} waits; default a minute. */
  readonly readyWithinMs?: number;
}

/** An agent's place on a host; it is not started. */
export function overlayHost(host: TestHost, options: OverlayHostOptions): OverlayHost {
  const { folder, etcdFlags, label = '', statusPort = 9100, env = {}, readyWithinMs = 60_000 } = options;
  const ns = host.namespace;
  const files = join(folder, `${ns.name}${label}`);
  const subnetFile = `${files}.env`;
  const statusSocket = `${files}.sock`;
  const listen = `127.0.0.1:${statusPort}`;
  let current: TestProcess | undefined;
  const start = async (...flags: string[]): Promise<TestProcess> => {
    const standard = [
      ...etcdFlags,
      `--state-dir=${files}`,
      `--status-socket=${statusSocket}`,
      `--subnet-file=${subnetFile}`,
      '--healthz-ip=127.0.0.1',
      `--healthz-port=${statusPort}`,
    ];
    current = await startWeft(['flanneld', ...standard, ...flags], { namespace: ns.name, env });
    return current;
  };
  return {
    ns,
    address: host.underlayAddress,
    subnetFile,
    statusSocket,
    status: async () => flannelStatusSchema.parse(JSON.parse(await readStatusSocket(statusSocket, STATUS_PATH))),
    start,
    stop: async () => {
      await current?.[Symbol.asyncDispose]();
    },
    agent: () => {
      if (current === undefined) throw new RangeError('the agent was not started');
      return current;
    },
    ready: async (...flags) => {
      const child = await start(...flags);
      await untilReady(child, { listen, namespace: ns.name, timeoutMs: readyWithinMs });
      return child;
    },
    subnet: async () => {
      const text = await readFile(subnetFile, 'utf8');
      const [, bridge = ''] = /^FLANNEL_SUBNET=(\S+)$/m.exec(text) ?? [];
      return bridge.replace(/\.1\//, '.0/');
    },
    environment: async () => {
      const lines = (await readFile(subnetFile, 'utf8')).trim().split('\n');
      return Object.fromEntries(
        lines.map((line) => [line.split('=', 1)[0] ?? '', line.replace(/^[^=]*=/, '')] as const),
      );
    },
    metric: async (name) => {
      const { body } = await httpGet(`http://${listen}/metrics`, { namespace: ns.name });
      return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(body)?.[1]);
    },
    device: () => {
      const [link] = JSON.parse(ns.ip('-j link show dev flannel.1')) as { ifindex: number; address: string }[];
      return { ifindex: link!.ifindex, mac: link!.address };
    },
  };
}

/** Hosts on one underlay, a real etcd on it, no agent yet; all of it and every agent ends with the scope. */
export async function makeCluster(
  options: { readonly hosts: number } & Pick<OverlayHostOptions, 'readyWithinMs' | 'env'>,
): Promise<OverlayCluster> {
  const stack = new AsyncDisposableStack();
  try {
    const folder = await mkdtemp(join(tmpdir(), 'weft-test-flannel-'));
    stack.defer(() => rm(folder, { recursive: true, force: true }));
    const underlay = stack.use(await makeUnderlay(options));
    const etcd = stack.use(await startEtcd({ namespace: underlay.fabric.name, addresses: [underlay.address] }));
    const hosts = underlay.hosts.map((host) =>
      overlayHost(host, { ...options, folder, etcdFlags: [`--etcd-endpoints=${etcd.endpoint}`] }),
    );
    stack.defer(async () => {
      await Promise.all(hosts.map((host) => host.stop()));
    });
    const ctl = (...words: string[]): string =>
      underlay.fabric.run('env', 'ETCDCTL_API=3', 'etcdctl', '--endpoints', etcd.endpoint, ...words);
    const owned = stack.move();
    return {
      etcd,
      fabric: underlay.fabric,
      hosts,
      ctl,
      keys: (prefix) => {
        const lines = ctl('get', '--prefix', prefix).split('\n');
        return new Map(
          lines.flatMap((line, index) => (index % 2 === 0 && line !== '' ? [[line, lines[index + 1] ?? '']] : [])),
        );
      },
      configure: (config) => {
        ctl('put', CONFIG_KEY, JSON.stringify(config));
      },
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

export interface RunningPing {
  /** Ends it; gives how many answers are missing. */
  lost(): Promise<{ readonly sent: number; readonly lost: number }>;
}

/** Pings every 10 ms from one host to another through the overlay; `source` is an address of the first. */
export async function startPing(from: OverlayHost, target: string, source?: string): Promise<RunningPing> {
  const flags = ['-i', '0.01', '-W', '1', ...(source === undefined ? [] : ['-I', source])];
  const ping = await startProcess(['ping', ...flags, target], { namespace: from.ns.name });
  return {
    lost: async () => {
      ping.signal('SIGINT');
      await ping.exited;
      return countLost(ping.stdout());
    },
  };
}

/** Of what ping says line by line. Only the last one that was sent may be on its way still. */
function countLost(output: string): { readonly sent: number; readonly lost: number } {
  const sent = Number(/(\d+) packets transmitted/.exec(output)?.[1]);
  const answered = new Set(Array.from(output.matchAll(/ icmp_seq=(\d+) ttl=/g), ([, number]) => Number(number)));
  const isLastUnderWay = sent > 0 && !answered.has(sent);
  return { sent, lost: sent - answered.size - (isLastUnderWay ? 1 : 0) };
}

/** What a container would have: the subnet's first host address, on a bridge. */
export async function containerAddress(host: OverlayHost, family: 'ipv4' | 'ipv6' = 'ipv4'): Promise<string> {
  const { FLANNEL_SUBNET = '', FLANNEL_IPV6_SUBNET = '' } = await host.environment();
  const address = family === 'ipv4' ? FLANNEL_SUBNET : FLANNEL_IPV6_SUBNET;
  host.ns.try('ip', 'link', 'add', 'cni0', 'type', 'bridge');
  host.ns.ip('link set cni0 up');
  host.ns.try('ip', 'addr', 'add', address, 'dev', 'cni0', ...(family === 'ipv6' ? ['nodad'] : []));
  return address.split('/')[0] ?? '';
}

/** One answer, however long the first packets take to find their way. */
export async function reaches(from: OverlayHost, target: string, ...flags: string[]): Promise<void> {
  await until(() => from.ns.try('ping', '-c', '1', '-W', '1', ...flags, target).status === 0, {
    what: `${from.ns.name} reaches ${target}`,
    timeoutMs: 15_000,
  });
}
