import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startEtcd } from '../../support/etcd.ts';
import { makeUnderlay, type TestHost } from '../../support/netns.ts';
import { until } from '../../support/until.ts';
import { containerAddress, overlayHost, reaches, startPing, type OverlayHost } from './cluster.ts';

/** Three clusters on three hosts and one etcd, with a prefix each; the first host is in all of them. */
const CLUSTERS = {
  red: {
    prefix: '/red/network',
    config: { Network: '10.5.0.0/16', Backend: { Type: 'vxlan', VNI: 1 } },
    hosts: [0, 1],
    device: 'flannel.1',
  },
  blue: {
    prefix: '/blue/network',
    config: { Network: '10.6.0.0/16', Backend: { Type: 'vxlan', VNI: 2 } },
    hosts: [0, 2],
    device: 'flannel.2',
  },
  flat: {
    prefix: '/flat/network',
    config: { Network: '10.7.0.0/16', Backend: { Type: 'host-gw' } },
    hosts: [0, 1, 2],
    device: 'eth0',
  },
} as const;

type ClusterName = keyof typeof CLUSTERS;
const NAMES: readonly ClusterName[] = ['red', 'blue', 'flat'];

const stack = new AsyncDisposableStack();
let machines: readonly TestHost[];
let ctl: (...words: string[]) => string;
/** The agents of each cluster, in the order of its hosts. */
const agents = new Map<ClusterName, readonly OverlayHost[]>();

const of = (name: ClusterName): readonly OverlayHost[] => agents.get(name) ?? [];

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weft-test-flannel-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const underlay = stack.use(await makeUnderlay({ hosts: 3 }));
  machines = underlay.hosts;
  const etcd = stack.use(await startEtcd({ namespace: underlay.fabric.name, addresses: [underlay.address] }));
  ctl = (...words) => underlay.fabric.run('env', 'ETCDCTL_API=3', 'etcdctl', '--endpoints', etcd.endpoint, ...words);
  for (const [index, name] of NAMES.entries()) {
    const { prefix, config, hosts } = CLUSTERS[name];
    ctl('put', `${prefix}/config`, JSON.stringify(config));
    const etcdFlags = [`--etcd-endpoints=${etcd.endpoint}`, `--etcd-prefix=${prefix}`];
    const places = hosts.map((host) =>
      overlayHost(machines[host]!, { folder, etcdFlags, label: `-${name}`, statusPort: 9100 + index }),
    );
    agents.set(name, places);
    stack.defer(async () => {
      await Promise.all(places.map((place) => place.stop()));
    });
  }
  for (const { namespace } of machines) namespace.run('sysctl', '-qw', 'net.ipv4.ip_forward=1');
  await Promise.all(NAMES.flatMap((name) => of(name).map((place) => place.ready())));
});

afterAll(async () => {
  await stack.disposeAsync();
});

/** Where the first host's routes of weft lead over one device. */
function routes(device: string): string[] {
  const words = device === 'eth0' ? `route show dev ${device} proto 119` : `route show dev ${device}`;
  const lines = machines[0]!.namespace.ip(words).split('\n');
  return lines.flatMap((line) => line.split(' ', 1).filter((word) => word.includes('/'))).sort();
}

/** What the first host has of one cluster. */
function entries(name: ClusterName): readonly string[] {
  const { device } = CLUSTERS[name];
  if (device === 'eth0') return routes(device);
  const { namespace } = machines[0]!;
  const neighbours = namespace.ip(`neigh show dev ${device} nud permanent`).trim();
  return [...routes(device), neighbours, namespace.run('bridge', 'fdb', 'show', 'dev', device).trim()];
}

const othersOf = async (name: ClusterName): Promise<string[]> =>
  (
    await Promise.all(
      of(name)
        .slice(1)
        .map((place) => place.subnet()),
    )
  ).sort();

async function settled(): Promise<void> {
  for (const name of NAMES) {
    const wanted = await othersOf(name);
    await until(() => routes(CLUSTERS[name].device).join() === wanted.join(), { what: `${name}: ${wanted.join()}` });
  }
}

test('each cluster has its own subnets, and its own entries on the host that is in all', async () => {
  await settled();
  for (const name of NAMES) {
    const { prefix, config } = CLUSTERS[name];
    const keys = ctl('get', '--prefix', '--keys-only', `${prefix}/subnets/`).split('\n').filter(Boolean);
    const subnets = await Promise.all(of(name).map((place) => place.subnet()));
    expect(keys.map((key) => key.slice(`${prefix}/subnets/`.length).replace('-', '/')).sort()).toEqual(subnets.sort());
    const network = config.Network.replace('0.0/16', '');
    expect(subnets.every((subnet) => subnet.startsWith(network))).toBe(true);
  }
});

test('containers reach those of their own cluster, and none of a cluster that their host is not in', async () => {
  for (const name of NAMES) {
    const [here = '', ...there] = await Promise.all(of(name).map((place) => containerAddress(place)));
    for (const target of there) await reaches(of(name)[0]!, target, '-I', here);
  }
  const [, red] = of('red');
  const [, blue] = of('blue');
  const [redAddress, blueAddress] = [await containerAddress(red!), await containerAddress(blue!)];
  expect(red!.ns.try('ping', '-c', '1', '-W', '1', '-I', redAddress, blueAddress).status).not.toBe(0);
  expect(blue!.ns.try('ping', '-c', '1', '-W', '1', '-I', blueAddress, redAddress).status).not.toBe(0);
});

test.each(NAMES)(
  '%s: its agent starts again, its peer leaves and returns, and the others are not touched',
  async (name) => {
    await settled();
    const others = NAMES.filter((other) => other !== name);
    const before = others.map(entries);
    const steps = await Promise.all(others.map((other) => of(other)[0]!.metric('weft_flannel_steps_total')));
    const pings = await Promise.all(
      others.map(async (other) => {
        const [here = '', there = ''] = await Promise.all(of(other).map((place) => containerAddress(place)));
        return startPing(of(other)[0]!, there, here);
      }),
    );
    const { device, prefix } = CLUSTERS[name];
    of(name)[0]!.agent().signal('SIGKILL');
    await of(name)[0]!.agent().exited;
    await of(name)[0]!.ready();
    const left = of(name).at(-1)!;
    await left.stop();
    const subnet = await left.subnet();
    ctl('del', `${prefix}/subnets/${subnet.replace('/', '-')}`);
    await until(() => !routes(device).includes(subnet), { what: `${subnet} is gone` });
    expect(others.map(entries)).toEqual(before);
    await left.ready();
    await settled();
    expect(others.map(entries)).toEqual(before);
    expect(await Promise.all(others.map((other) => of(other)[0]!.metric('weft_flannel_steps_total')))).toEqual(steps);
    const counts = await Promise.all(pings.map((ping) => ping.lost()));
    const lost = counts.reduce((sum, count) => sum + count.lost, 0);
    process.stdout.write(
      `${name} restarts: ${lost} of ${counts.reduce((sum, { sent }) => sum + sent, 0)} pings of the others lost\n`,
    );
    expect(lost).toBe(0);
  },
);
