import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addressText, subnetsText } from '../../../flannel/model/lease-text.ts';
import { decodeLease, encodeLease, type Lease } from '../../../flannel/wire.ts';
import { httpGet } from '../../support/processes.ts';
import { until } from '../../support/until.ts';
import { makeCluster, startPing, STATUS, SUBNETS, type OverlayCluster, type OverlayHost } from './cluster.ts';

let cluster: OverlayCluster;
let h1: OverlayHost;
let h2: OverlayHost;
let h3: OverlayHost;

beforeAll(async () => {
  cluster = await makeCluster({ hosts: 3 });
  // The rest of the network is for keys that the tests write themselves.
  cluster.configure({
    Network: '10.5.0.0/16',
    SubnetMin: '10.5.10.0',
    SubnetMax: '10.5.199.0',
    Backend: { Type: 'vxlan' },
  });
  [h1, h2, h3] = cluster.hosts as [OverlayHost, OverlayHost, OverlayHost];
  await Promise.all(cluster.hosts.map((host) => host.ready()));
  await settled();
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

const routesOf = (host: OverlayHost): string[] =>
  host.ns
    .ip('route show')
    .split('\n')
    .filter((line) => line.includes('dev flannel.1'))
    .map((line) => line.trim());

/** Every host has a route, a neighbour and an FDB entry for the two others. */
async function settled(): Promise<void> {
  for (const host of cluster.hosts) {
    await until(
      () =>
        routesOf(host).length === 2 &&
        host.ns.ip('neigh show dev flannel.1 nud permanent').trim().split('\n').length === 2 &&
        host.ns.run('bridge', 'fdb', 'show', 'dev', 'flannel.1').trim().split('\n').length === 2,
      { what: `${host.address} reaches both others` },
    );
  }
}

const gatewayOf = async (host: OverlayHost): Promise<string> => (await host.subnet()).replace(/\/.*/, '');
const keyOf = async (host: OverlayHost): Promise<string> => `${SUBNETS}${(await host.subnet()).replace('/', '-')}`;

const leases = (): Lease[] => [...cluster.keys(SUBNETS)].map(([key, value]) => decodeLease(key, value));

test('three hosts lease three subnets, in flannel’s keys and values', async () => {
  const keys = cluster.keys('/coreos.com/network/');
  expect(keys.size).toBe(4);
  for (const host of cluster.hosts) {
    const subnet = await host.subnet();
    const value = keys.get(`${SUBNETS}${subnet.replace('/', '-')}`);
    const { mac } = host.device();
    const nodeId = /"NodeID":"([0-9a-f-]{36})"/.exec(value ?? '')?.[1];
    expect(value).toBe(
      `{"PublicIP":"${host.address}","PublicIPv6":null,"BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":"${mac}"},"NodeID":"${nodeId}"}`,
    );
    expect(readFileSync(host.subnetFile, 'utf8')).toBe(
      `FLANNEL_NETWORK=10.5.0.0/16\nFLANNEL_SUBNET=${subnet.replace('.0/', '.1/')}\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=false\n`,
    );
  }
  expect(new Set(leases().map(({ subnets }) => subnetsText(subnets))).size).toBe(3);
});

test('each lease hangs on an etcd lease of a day', () => {
  const ids = cluster.ctl('lease', 'list').split('\n').slice(1).filter(Boolean);
  const lives = ids.map((id) => cluster.ctl('lease', 'timetolive', '--keys', id));
  for (const [key] of cluster.keys(SUBNETS)) {
    expect(lives.find((life) => life.includes(key))).toMatch(/granted with TTL\(86400s\), remaining\(863\d\ds\)/);
  }
});

test('the routes look as flanneld’s', async () => {
  const others = await Promise.all([h2, h3].map(gatewayOf));
  expect(routesOf(h1).sort()).toEqual(others.map((net) => `${net}/24 via ${net} dev flannel.1 onlink`).sort());
});

test('agents show themselves under /weft/agents', async () => {
  const presences = [...cluster.keys('/weft/agents/').values()].map(
    (value) => JSON.parse(value) as Record<string, unknown>,
  );
  expect(presences.map(({ publicIp }) => publicIp).sort()).toEqual(cluster.hosts.map(({ address }) => address).sort());
  expect(presences.find(({ publicIp }) => publicIp === h1.address)).toMatchObject({
    v: 1,
    pid: h1.agent().pid,
    subnet: await h1.subnet(),
    vtepMac: h1.device().mac,
    mtu: 1450,
    statusListen: STATUS,
  });
});

test('metrics are what promtool would read, and tell of the peers', async () => {
  const { status, body } = await httpGet(`http://${STATUS}/metrics`, { namespace: h1.ns.name });
  expect(status).toBe(200);
  expect(body).toContain('# TYPE weft_flannel_repairs_total counter\n');
  expect(await h1.metric('weft_flannel_peers')).toBe(2);
  expect(await h1.metric('weft_flannel_ready')).toBe(1);
});

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'a restart after %s keeps subnet, MAC, device and every packet',
  async (signal) => {
    const before = { subnet: await h2.subnet(), device: h2.device(), keys: cluster.keys(SUBNETS) };
    const ping = await startPing(h1, await gatewayOf(h2));
    h2.agent().signal(signal);
    await h2.agent().exited;
    if (signal === 'SIGTERM') expect(h2.agent().exit()).toEqual({ code: 0, signal: null });
    expect(routesOf(h2)).toHaveLength(2);
    await h2.ready();
    expect({ subnet: await h2.subnet(), device: h2.device(), keys: cluster.keys(SUBNETS) }).toEqual(before);
    expect((await ping.lost()).lost).toBe(0);
  },
);

test('a peer that came while an agent was down is there after its start, one that left is not', async () => {
  h3.agent().signal('SIGKILL');
  await h3.agent().exited;
  const ghost = encodeLease({ ...leases()[0]!, nodeId: undefined })
    .replace(/"PublicIP":"[^"]*"/, '"PublicIP":"192.168.77.99"')
    .replace(/"VtepMAC":"[^"]*"/, '"VtepMAC":"02:00:00:00:00:99"');
  cluster.ctl('put', `${SUBNETS}10.5.0.0-24`, ghost);
  h3.ns.ip('route add 10.5.254.0/24 via 10.5.254.0 dev flannel.1 onlink');
  await h3.ready();
  await until(() => routesOf(h3).some((route) => route.startsWith('10.5.0.0/24')), { what: 'the new peer' });
  await until(() => !routesOf(h3).some((route) => route.startsWith('10.5.254.0/24')), { what: 'the stale route gone' });
  cluster.ctl('del', `${SUBNETS}10.5.0.0-24`);
  await settled();
});

test.each([
  { name: 'route', damage: (net: string) => ['ip', 'route', 'del', `${net}/24`] },
  { name: 'neighbour', damage: (net: string) => ['ip', 'neigh', 'del', net, 'dev', 'flannel.1'] },
  { name: 'device', damage: () => ['ip', 'link', 'del', 'flannel.1'] },
  { name: 'address', damage: () => ['ip', 'addr', 'flush', 'dev', 'flannel.1'] },
  { name: 'state', damage: () => ['ip', 'link', 'set', 'flannel.1', 'down'] },
  { name: 'MAC', damage: () => ['ip', 'link', 'set', 'flannel.1', 'address', '02:00:00:00:00:66'] },
])('the $name damaged by hand is repaired', async ({ damage }) => {
  const { mac } = h1.device();
  const repairs = await h1.metric('weft_flannel_repairs_total');
  const target = await gatewayOf(h2);
  h1.ns.run(...damage(target));
  await until(() => h1.ns.try('ping', '-c', '1', '-W', '0.1', target).status === 0, {
    what: 'ping through the overlay',
    timeoutMs: 1000,
    everyMs: 1,
  });
  await settled();
  expect(h1.device().mac).toBe(mac);
  expect(await h1.metric('weft_flannel_repairs_total')).toBeGreaterThan(repairs);
});

test('an FDB entry deleted by hand is repaired', async () => {
  const [entry = ''] = h1.ns.run('bridge', 'fdb', 'show', 'dev', 'flannel.1').split('\n');
  const [mac = '', , remote = ''] = entry.split(' ');
  h1.ns.run('bridge', 'fdb', 'del', mac, 'dev', 'flannel.1', 'dst', remote, 'self');
  await settled();
});

test.each([
  { name: 'its key is deleted', lose: (key: string) => cluster.ctl('del', key) },
  {
    name: 'its etcd lease is revoked',
    lose: (key: string) => {
      const shown = JSON.parse(cluster.ctl('get', '-w', 'json', key)) as { kvs: { lease: number }[] };
      // JSON rounds the 64-bit id, so it is found by its key.
      expect(shown.kvs).toHaveLength(1);
      const ids = cluster.ctl('lease', 'list').split('\n').slice(1).filter(Boolean);
      const id = ids.find((each) => cluster.ctl('lease', 'timetolive', '--keys', each).includes(key));
      cluster.ctl('lease', 'revoke', id ?? '');
    },
  },
  { name: 'its value is garbled', lose: (key: string) => cluster.ctl('put', key, 'garbage') },
  {
    name: 'its etcd lease is stripped',
    lose: (key: string) => cluster.ctl('put', key, cluster.keys(key).get(key) ?? ''),
  },
])('a host takes the same subnet again when $name', async ({ lose }) => {
  const subnet = await h2.subnet();
  const key = await keyOf(h2);
  const value = cluster.keys(key).get(key);
  const ping = await startPing(h2, await gatewayOf(h1));
  lose(key);
  const isHeld = (): boolean =>
    cluster.keys(key).get(key) === value &&
    (JSON.parse(cluster.ctl('get', '-w', 'json', key)) as { kvs: { lease?: number }[] }).kvs[0]?.lease !== undefined;
  await until(isHeld, { what: 'the lease is back' });
  await settled();
  expect(await h2.subnet()).toBe(subnet);
  expect((await ping.lost()).lost).toBe(0);
});

test('junk below the prefix is counted and changes nothing', async () => {
  const before = cluster.hosts.map(routesOf);
  const junk = ['garbage', '10.5.1.0-32', '10.5.250.0-24', '10.5.251.0-24/x'];
  for (const name of junk) cluster.ctl('put', `${SUBNETS}${name}`, name === '10.5.250.0-24' ? '{"PublicIP":7}' : 'foo');
  for (const host of cluster.hosts) {
    await until(async () => (await host.metric('weft_flannel_junk_keys')) === 4, { what: 'four junk keys counted' });
  }
  for (const name of junk) cluster.ctl('del', `${SUBNETS}${name}`);
  for (const host of cluster.hosts) {
    await until(async () => (await host.metric('weft_flannel_junk_keys')) === 0, { what: 'no junk key counted' });
  }
  expect(cluster.hosts.map(routesOf)).toEqual(before);
  const told = (): unknown[] =>
    h1
      .agent()
      .logs()
      .filter(
        ({ msg, key }) =>
          String(msg).startsWith('key under the subnets prefix') && junk.includes(String(key).slice(SUBNETS.length)),
      )
      .map(({ key }) => key);
  await until(() => told().length >= 4, { what: 'four log lines' });
  expect(told()).toEqual(junk.map((name) => `${SUBNETS}${name}`));
});

test('a host on the own subnet raises an alarm and is never fought', async () => {
  const key = await keyOf(h3);
  const own = cluster.keys(key).get(key) ?? '';
  const foreign = own.replace(h3.address, '192.168.77.200').replace(/,"NodeID":"[^"]*"/, '');
  cluster.ctl('put', key, foreign);
  await until(async () => (await httpGet(`http://${STATUS}/readyz`, { namespace: h3.ns.name })).status === 503, {
    what: 'not ready',
  });
  const { body } = await httpGet(`http://${STATUS}/readyz`, { namespace: h3.ns.name });
  expect(body).toContain('is held by a flannel host at 192.168.77.200 now');
  expect(cluster.keys(key).get(key)).toBe(foreign);
  expect(routesOf(h3)).toHaveLength(2);
  cluster.ctl('del', key);
  await until(() => cluster.keys(key).get(key) === own, { what: 'the subnet taken again' });
  await until(async () => (await httpGet(`http://${STATUS}/readyz`, { namespace: h3.ns.name })).status === 200, {
    what: 'ready again',
  });
  await settled();
});

test('the MTU of the interface below is followed', async () => {
  h2.ns.ip('link set eth0 mtu 1400');
  await until(() => h2.ns.ip('link show dev flannel.1').includes('mtu 1350'), { what: 'MTU 1350' });
  await until(() => readFileSync(h2.subnetFile, 'utf8').includes('FLANNEL_MTU=1350'), { what: 'subnet.env' });
  h2.ns.ip('link set eth0 mtu 1500');
  await until(() => h2.ns.ip('link show dev flannel.1').includes('mtu 1450'), { what: 'MTU 1450' });
  await settled();
});

test('a restart of etcd costs no packet and no lease', async () => {
  const before = cluster.keys(SUBNETS);
  const ping = await startPing(h1, await gatewayOf(h3));
  await cluster.etcd.kill();
  await until(async () => (await h1.metric('weft_flannel_etcd_connected')) === 0, { what: 'the outage is seen' });
  expect((await httpGet(`http://${STATUS}/readyz`, { namespace: h1.ns.name })).status).toBe(200);
  await cluster.etcd.start();
  await until(async () => (await h1.metric('weft_flannel_etcd_connected')) === 1, { what: 'etcd is back' });
  expect(cluster.keys(SUBNETS)).toEqual(before);
  expect((await ping.lost()).lost).toBe(0);
});

test('a compaction behind a broken watch is caught up with', async () => {
  // The agent sleeps through the history that it would have resumed from.
  h1.agent().signal('SIGSTOP');
  const ghost =
    '{"PublicIP":"192.168.77.98","PublicIPv6":null,"BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":"02:00:00:00:00:98"}}';
  cluster.ctl('put', `${SUBNETS}10.5.0.0-24`, ghost);
  const { header } = JSON.parse(cluster.ctl('get', '-w', 'json', '/x')) as { header: { revision: number } };
  await cluster.etcd.kill();
  await cluster.etcd.start();
  cluster.ctl('compact', String(header.revision));
  h1.agent().signal('SIGCONT');
  await until(() => routesOf(h1).some((route) => route.startsWith('10.5.0.0/24')), {
    what: 'the missed peer',
    timeoutMs: 20_000,
  });
  cluster.ctl('del', `${SUBNETS}10.5.0.0-24`);
  await until(() => routesOf(h1).length === 2, { what: 'the peer is gone' });
});

const owners = (): string[] =>
  leases()
    .map((lease) => `${subnetsText(lease.subnets)} ${addressText(lease)}`)
    .sort();

test.each<{ name: string; wipe: () => Promise<void> }>([
  {
    name: 'all keys deleted',
    wipe: () => {
      cluster.ctl('del', '--prefix', '/');
      return Promise.resolve();
    },
  },
  {
    name: 'its data folder removed',
    wipe: async () => {
      const argv = readFileSync(`/proc/${cluster.etcd.pid()}/cmdline`, 'utf8').split('\0');
      const folder = argv.find((word) => word.startsWith('--data-dir='))?.replace('--data-dir=', '') ?? '';
      expect(folder).toMatch(/weft-test-etcd-/);
      await cluster.etcd.kill();
      await rm(folder, { recursive: true });
      await cluster.etcd.start();
    },
  },
])('an etcd that lost everything ($name) is filled again and no packet is lost', async ({ wipe }) => {
  const before = owners();
  const ping = await startPing(h1, await gatewayOf(h3));
  await wipe();
  await until(() => cluster.keys(SUBNETS).size === 3, { what: 'three leases again', timeoutMs: 30_000 });
  expect(owners()).toEqual(before);
  await settled();
  expect((await ping.lost()).lost).toBe(0);
});

test('a clean stop leaves the overlay and takes the sign of life away', async () => {
  const gone = h3.agent();
  expect(await gone.stop()).toEqual({ code: 0, signal: null });
  expect(routesOf(h3)).toHaveLength(2);
  expect(cluster.keys(SUBNETS).size).toBe(3);
  const presences = [...cluster.keys('/weft/agents/').values()];
  expect(presences.some((value) => value.includes(h3.address))).toBe(false);
  expect(h1.ns.try('ping', '-c', '1', '-W', '1', await gatewayOf(h3)).status).toBe(0);
});
