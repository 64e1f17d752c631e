import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEtcdCluster, type EtcdCluster } from '../../support/etcd-cluster.ts';
import type { EtcdClusterMember } from '../../support/etcd-member.ts';
import { makeUnderlay } from '../../support/netns.ts';
import { until } from '../../support/until.ts';
import { containerAddress, overlayHost, reaches, startPing, SUBNETS, type OverlayHost } from './cluster.ts';

const NETWORK_CONFIG = JSON.stringify({
  Network: '10.5.0.0/16',
  // What lies above is for peers that the tests write themselves.
  SubnetMax: '10.5.199.0',
  Backend: { Type: 'vxlan' },
});
/** A MAC that nobody has. */
const NOWHERE = '02:00:00:00:00:fe';

const stack = new AsyncDisposableStack();
let etcd: EtcdCluster;
let hosts: readonly OverlayHost[];
let h1: OverlayHost;
let h2: OverlayHost;
let h3: OverlayHost;
/** Runs only where a test starts it. */
let late: OverlayHost;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weft-test-flannel-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const underlay = stack.use(await makeUnderlay({ hosts: 4 }));
  etcd = stack.use(await startEtcdCluster({ fabric: underlay.fabric, tls: 'mutual', auth: true }));
  etcd.ctl('put', '/coreos.com/network/config', NETWORK_CONFIG);
  const all = underlay.hosts.map((host) => overlayHost(host, { folder, etcdFlags: etcd.agentFlags() }));
  stack.defer(async () => {
    await Promise.all(all.map((host) => host.stop()));
  });
  [h1, h2, h3, late] = all as [OverlayHost, OverlayHost, OverlayHost, OverlayHost];
  hosts = [h1, h2, h3];
  for (const host of all) host.ns.run('sysctl', '-qw', 'net.ipv4.ip_forward=1');
  await Promise.all(hosts.map((host) => host.ready()));
  const there = await Promise.all(hosts.map((host) => containerAddress(host)));
  for (const target of there) for (const host of hosts) await reaches(host, target);
});

afterAll(async () => {
  await stack.disposeAsync();
});

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const nowMs = (): number => Math.round(performance.now());

/** Key, value pairs of the leases. */
function leases(): Map<string, string> {
  const lines = etcd.ctl('get', '--prefix', SUBNETS).split('\n');
  return new Map(lines.flatMap((line, index) => (line.startsWith('/') ? [[line, lines[index + 1] ?? '']] : [])));
}

const routesOf = (host: OverlayHost): string[] =>
  host.ns
    .ip('route show dev flannel.1')
    .split('\n')
    .flatMap((line) => line.split(' ', 1).filter((word) => word.includes('/')));

/** Pings every 10 ms between containers of all hosts, each way once; says how many were lost. */
async function countLosses(what: string, during: () => Promise<void>): Promise<number> {
  const addresses = await Promise.all(hosts.map((host) => containerAddress(host)));
  const pings = await Promise.all(
    hosts.map((host, index) => startPing(host, addresses[(index + 1) % hosts.length] ?? '', addresses[index])),
  );
  await during();
  const counts = await Promise.all(pings.map((ping) => ping.lost()));
  const lost = counts.reduce((sum, count) => sum + count.lost, 0);
  say(`${what}: ${lost} of ${counts.reduce((sum, { sent }) => sum + sent, 0)} pings lost`);
  return lost;
}

function revokeAllLeases(): void {
  for (const id of etcd.ctl('lease', 'list').split('\n').slice(1).filter(Boolean)) {
    try {
      etcd.ctl('lease', 'revoke', id);
    } catch (error) {
      // Those of presence last for 15 s: one may have run out since the list.
      if (!String(error).includes('requested lease not found')) throw error;
    }
  }
}

/** The lease of a host that is not there. */
const ghost = (number: number): readonly [key: string, value: string] => [
  `${SUBNETS}10.5.${number}.0-24`,
  JSON.stringify({
    PublicIP: `192.168.77.${number - 100}`,
    PublicIPv6: null,
    BackendType: 'vxlan',
    BackendData: { VNI: 1, VtepMAC: `02:00:00:00:01:${(number - 100).toString(16)}` },
  }),
];

async function untilRoute(host: OverlayHost, number: number, timeoutMs = 20_000): Promise<void> {
  const subnet = `10.5.${number}.0/24`;
  await until(() => routesOf(host).includes(subnet), { what: `${host.address} has a route to ${subnet}`, timeoutMs });
}

async function untilRoutes(count: number): Promise<void> {
  for (const host of hosts) {
    await until(() => routesOf(host).length === count, {
      what: `${host.address} has ${count} routes`,
      timeoutMs: 30_000,
    });
  }
}

/** Drops what a host sends to etcd, without a word to it. */
function cutOff(host: OverlayHost): void {
  for (const { address } of etcd.members)
    host.ns.ip(`neigh replace ${address} lladdr ${NOWHERE} dev eth0 nud permanent`);
}

function heal(host: OverlayHost): void {
  for (const { address } of etcd.members) host.ns.ip(`neigh del ${address} dev eth0`);
}

const isConnected = async (host: OverlayHost, wanted: 0 | 1): Promise<void> => {
  await until(async () => (await host.metric('weft_flannel_etcd_connected')) === wanted, {
    what: `${host.address} has etcd_connected ${wanted}`,
    timeoutMs: 40_000,
    everyMs: 200,
  });
};

describe('the agent', () => {
  test('kill -9 and a new process, a stop and a new process: no packet is lost', async () => {
    const before = leases();
    const lost = await countLosses('agent kill -9, then upgrade', async () => {
      h2.agent().signal('SIGKILL');
      await h2.agent().exited;
      await h2.ready();
      await h2.agent().stop();
      await h2.ready();
    });
    expect(lost).toBe(0);
    expect(leases()).toEqual(before);
  });
});

describe('three members with TLS and users', () => {
  test.each<{ name: string; strike: (leader: EtcdClusterMember) => Promise<void> | void; number: number }>([
    { name: 'leader kill -9', strike: (leader) => leader.kill(), number: 201 },
    {
      name: 'leader SIGSTOP',
      strike: (leader) => {
        leader.pause();
      },
      number: 202,
    },
  ])('$name: a lease is had soon, a new peer is reached soon, no packet is lost', async ({ name, strike, number }) => {
    const leader = await etcd.leader();
    const [key, value] = ghost(number);
    const lost = await countLosses(name, async () => {
      await strike(leader);
      const struckMs = nowMs();
      const child = await late.start();
      await until(() => child.logs().some(({ msg }) => msg === 'subnet leased'), {
        what: 'a lease for the host that starts now',
        timeoutMs: 30_000,
      });
      const leasedMs = nowMs() - struckMs;
      await until(() => etcd.ctl('put', key, value), { what: 'the new peer is written', timeoutMs: 20_000 });
      const writtenMs = nowMs();
      for (const host of hosts) await untilRoute(host, number, 10_000);
      say(
        `${name}: lease after ${leasedMs} ms, process start included; a new peer's route ${nowMs() - writtenMs} ms late`,
      );
    });
    await late.stop();
    leader.resume();
    if (!leader.isUp()) await leader.start();
    await until(() => etcd.ctl('endpoint', 'health'), { what: 'all members are well', timeoutMs: 20_000 });
    for (const each of leases().keys()) {
      if (
        !(await Promise.all(hosts.map((host) => host.subnet()))).includes(each.replace(SUBNETS, '').replace('-', '/'))
      ) {
        etcd.ctl('del', each);
      }
    }
    await untilRoutes(2);
    expect(lost).toBe(0);
  });

  test('a host that is cut off keeps what it has, and learns the rest when it is back', async () => {
    const [key, value] = ghost(203);
    const lost = await countLosses('one host cut off from etcd', async () => {
      cutOff(h3);
      await isConnected(h3, 0);
      etcd.ctl('put', key, value);
      await untilRoute(h1, 203);
      expect(routesOf(h3)).toHaveLength(2);
      heal(h3);
      const healedMs = nowMs();
      await untilRoute(h3, 203);
      say(`one host cut off from etcd: up to date ${nowMs() - healedMs} ms after its return`);
      etcd.ctl('del', key);
      await untilRoutes(2);
    });
    expect(lost).toBe(0);
  });

  test('all hosts are cut off until their leases have run out: the same subnets again, and no packet is lost', async () => {
    const before = leases();
    const lost = await countLosses('all leases run out', async () => {
      hosts.forEach(cutOff);
      for (const host of hosts) await isConnected(host, 0);
      revokeAllLeases();
      expect(leases().size).toBe(0);
      hosts.forEach(heal);
      await until(() => leases().size === 3, { what: 'three leases again', timeoutMs: 60_000 });
      await untilRoutes(2);
    });
    expect(leases()).toEqual(before);
    expect(lost).toBe(0);
  });

  test('all members down for 20 s: no packet and no lease is lost', async () => {
    const before = leases();
    const lost = await countLosses('etcd down for 20 s', async () => {
      const downMs = nowMs();
      await Promise.all(etcd.members.map((member) => member.kill()));
      await until(() => nowMs() - downMs > 20_000, { what: '20 s', timeoutMs: 21_000, everyMs: 100 });
      await Promise.all(etcd.members.map((member) => member.start({ alone: true })));
      for (const host of hosts) await isConnected(host, 1);
    });
    expect(lost).toBe(0);
    expect(leases()).toEqual(before);
    await untilRoutes(2);
  });

  test('history is compacted while leases change and an agent sleeps', async () => {
    const numbers = Array.from({ length: 24 }, (_, index) => 201 + index);
    const lost = await countLosses('compaction under load', async () => {
      h1.agent().signal('SIGSTOP');
      for (const number of numbers) {
        const [key, value] = ghost(number);
        etcd.ctl('put', key, value);
        if (number % 8 !== 0) continue;
        const { header } = JSON.parse(etcd.ctl('get', '-w', 'json', '/x')) as { header: { revision: number } };
        etcd.ctl('compact', '--physical', String(header.revision));
      }
      h1.agent().signal('SIGCONT');
      await untilRoutes(2 + numbers.length);
      for (const number of numbers) etcd.ctl('del', ghost(number)[0]);
      await untilRoutes(2);
    });
    expect(lost).toBe(0);
  });

  test('a store restored from a snapshot: peers are kept, those that it does not know as well', async () => {
    const before = leases();
    // The snapshot is from before the third host's lease.
    const key = `${SUBNETS}${(await h3.subnet()).replace('/', '-')}`;
    await h3.stop();
    etcd.ctl('del', key);
    const older = etcd.snapshot();
    await h3.ready();
    await untilRoutes(2);
    expect([...leases().keys()]).toContain(key);
    const lost = await countLosses('restored from a snapshot', async () => {
      await etcd.restore(older);
      await until(() => leases().size === 3, { what: 'three leases', timeoutMs: 60_000 });
      await untilRoutes(2);
    });
    expect(lost).toBe(0);
    expect(leases()).toEqual(before);
  });

  test('a store with another identity and nothing in it: filled again, and no packet is lost', async () => {
    const before = leases();
    const lost = await countLosses('store wiped', async () => {
      await etcd.wipe({ identity: 'other' });
      etcd.enableAuth();
      await until(() => leases().size === 3, { what: 'three leases again', timeoutMs: 60_000 });
      await untilRoutes(2);
    });
    expect(lost).toBe(0);
    expect(leases()).toEqual(before);
  });
});
