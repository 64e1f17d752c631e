import { afterAll, beforeAll, expect, test } from 'vitest';
import { httpGet } from '../../support/processes.ts';
import { until } from '../../support/until.ts';
import { makeCluster, STATUS, type OverlayCluster, type OverlayHost } from './cluster.ts';

let cluster: OverlayCluster;
let one: OverlayHost;
let two: OverlayHost;

beforeAll(async () => {
  cluster = await makeCluster({ hosts: 2 });
  [one, two] = cluster.hosts as [OverlayHost, OverlayHost];
  cluster.configure({ Network: '10.5.0.0/16', Backend: { Type: 'vxlan' } });
  await one.ready('--iface=eth0');
  await two.ready();
  await until(async () => (await one.status()).peers.programmed === 1, { what: 'one knows two' });
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

/** As etcd says, in hexadecimal. */
function leaseIdOf(subnet: string): string {
  const key = `/coreos.com/network/subnets/${subnet.replace('/', '-')}`;
  const [, id = '0'] = /"lease":(\d+)/.exec(cluster.ctl('get', '-w', 'json', key)) ?? [];
  return BigInt(id).toString(16);
}

test('the document tells of host, lease, peers, etcd, MTUs and config', async () => {
  const status = await one.status();
  const subnet = await one.subnet();
  const twoSubnet = await two.subnet();
  expect(status).toMatchObject({
    v: 1,
    host: {
      interface: 'eth0',
      interfaceBecause: '--iface eth0 names it',
      ipv4: one.address,
      publicIp: one.address,
      pid: one.agent().pid,
    },
    readiness: { ready: true },
    problems: [],
    lease: { subnets: [subnet], acquiredBy: 'free', etcdLeaseId: leaseIdOf(subnet) },
    peers: {
      wanted: 1,
      programmed: 1,
      failed: 0,
      held: 0,
      list: [
        {
          subnets: [twoSubnet],
          publicIp: two.address,
          backend: 'vxlan',
          vtepMac: two.device().mac,
          via: 'vxlan',
          state: 'programmed',
        },
      ],
    },
    watch: { connected: true, endpoint: cluster.etcd.endpoint, resyncs: { start: 1 } },
    etcd: { endpoint: cluster.etcd.endpoint, endpoints: [cluster.etcd.endpoint], prefix: '/coreos.com/network' },
    mtus: { underlay: 1500, overlayIpv4: 1450, subnetEnv: 1450 },
    config: {
      key: '/coreos.com/network/config',
      text: '{"Network":"10.5.0.0/16","Backend":{"Type":"vxlan"}}',
      parsed: { Network: '10.5.0.0/16', SubnetLen: 24 },
    },
  });
  // The watch stands at the store's own revision, or is on its way there.
  const revision = (): number => {
    const { header } = JSON.parse(cluster.ctl('get', '-w', 'json', '/x')) as { header: { revision: number } };
    return header.revision;
  };
  const before = revision();
  await until(async () => Number((await one.status()).watch.revision) >= before, { what: 'the watch is there' });
  const { lagMs = Infinity, silenceMs = Infinity } = (await one.status()).watch;
  expect([lagMs, silenceMs].every(Number.isFinite)).toBe(true);
  expect(status.lease?.secondsLeft).toBeGreaterThan(86_000);
  expect(status.peers.list?.[0]?.nodeId).toBe((await two.status()).host?.nodeId);
});

test('requests to etcd are counted by method and outcome', async () => {
  const { body } = await httpGet(`http://${STATUS}/metrics`, { namespace: one.ns.name });
  for (const method of ['get', 'list', 'grant', 'keep_alive', 'put']) {
    expect(body).toMatch(
      new RegExp(`^weft_flannel_etcd_request_seconds_count\\{method="${method}",outcome="ok"\\} [1-9]`, 'm'),
    );
  }
  expect(await one.metric('weft_flannel_watch_lag_seconds')).toBeGreaterThanOrEqual(0);
});

test('the port says the same as the socket', async () => {
  const { status, body } = await httpGet(`http://${STATUS}/status`, { namespace: one.ns.name });
  expect([status, (JSON.parse(body) as { host: unknown }).host]).toEqual([200, (await one.status()).host]);
});

test('a repair is counted by its kind, a route of somebody else is told with its peer', async () => {
  const subnet = await two.subnet();
  one.ns.ip(`route del ${subnet}`);
  await until(async () => ((await one.status()).repairs['add-route'] ?? 0) > 0, { what: 'the repair is counted' });
  const taken = '10.5.200.0/24';
  const key = '/coreos.com/network/subnets/10.5.200.0-24';
  one.ns.ip(`route add ${taken} via 192.168.77.1`);
  const data = { VNI: 1, VtepMAC: '02:00:00:00:02:00' };
  cluster.ctl('put', key, JSON.stringify({ PublicIP: '192.168.77.200', BackendType: 'vxlan', BackendData: data }));
  await until(async () => (await one.status()).peers.failed === 1, { what: 'the conflict is seen' });
  const { peers, problems } = await one.status();
  const failed = peers.list?.find(({ state }) => state === 'failed');
  expect(failed).toMatchObject({ subnets: [taken], error: expect.stringContaining(taken) as string });
  expect(problems.map(({ subject }) => subject)).toEqual(['peers']);
  one.ns.ip(`route del ${taken}`);
  await until(async () => (await one.status()).peers.programmed === 2, { what: 'programmed', timeoutMs: 40_000 });
  cluster.ctl('del', key);
});

test('a second agent of one socket goes without, and says so', async () => {
  await using child = await two.start(`--status-socket=${one.statusSocket}`, '--healthz-port=0');
  await until(() => child.logs().some(({ reason }) => String(reason).endsWith('another process listens there')), {
    what: 'the log tells',
  });
  expect((await one.status()).host?.pid).toBe(one.agent().pid);
});
