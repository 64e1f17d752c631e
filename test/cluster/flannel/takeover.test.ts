import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startProcess } from '../../support/processes.ts';
import { until } from '../../support/until.ts';
import { makeCluster, reaches, startPing, SUBNETS, type OverlayCluster, type OverlayHost } from './cluster.ts';

/** What a flanneld has leased, and where it can be reached. */
interface FlanneldHost {
  readonly host: OverlayHost;
  /** `10.5.17`, of a /24. */
  readonly net: string;
  readonly mac: string;
}

let cluster: OverlayCluster;
let here: FlanneldHost;
let there: FlanneldHost;

beforeAll(async () => {
  cluster = await makeCluster({ hosts: 2 });
  const [first, second] = cluster.hosts as [OverlayHost, OverlayHost];
  here = { host: first, net: '10.5.89', mac: '66:67:05:52:a6:9e' };
  there = { host: second, net: '10.5.17', mac: '06:e2:40:46:20:58' };
  for (const { host, net } of [here, there]) {
    host.ns.run('sysctl', '-qw', 'net.ipv4.ip_forward=1');
    host.ns.ip('link add cni0 type bridge');
    host.ns.ip('link set cni0 addrgenmode none up');
    host.ns.ip(`addr add ${net}.1/24 dev cni0`);
  }
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

const keyOf = ({ net }: FlanneldHost): string => `${SUBNETS}${net}.0-24`;

/** The lease as flanneld v0.20.2 and today's write it. */
function lease(of: FlanneldHost, backend: object): void {
  const id = cluster.ctl('lease', 'grant', '86400').split(' ')[1] ?? '';
  cluster.ctl(
    'put',
    keyOf(of),
    JSON.stringify({ PublicIP: of.host.address, PublicIPv6: null, ...backend }),
    `--lease=${id}`,
  );
}

/** As recorded in test/fixtures/flannel/R01: `ip -d link`, routes, neighbours and FDB entries of a host with one peer. */
function programVxlan({ host, net, mac }: FlanneldHost, peer: FlanneldHost): void {
  const { ns, address } = host;
  ns.ip(
    `link add flannel.1 address ${mac} txqueuelen 0 type vxlan id 1 dev eth0 local ${address} dstport 8472 nolearning`,
  );
  ns.run('sysctl', '-qw', 'net.ipv6.conf.flannel/1.accept_ra=0');
  ns.ip(`addr add ${net}.0/32 dev flannel.1`);
  ns.ip('link set flannel.1 up');
  ns.ip(`neigh add ${peer.net}.0 lladdr ${peer.mac} dev flannel.1 nud permanent`);
  ns.run('bridge', ...`fdb add ${peer.mac} dev flannel.1 dst ${peer.host.address}`.split(' '));
  ns.ip(`route add ${peer.net}.0/24 via ${peer.net}.0 dev flannel.1 onlink`);
}

const BACKENDS = [
  {
    name: 'vxlan',
    mtu: 1450,
    lay: (): void => {
      cluster.configure({ Network: '10.5.0.0/16', Backend: { Type: 'vxlan' } });
      for (const of of [here, there]) {
        lease(of, { BackendType: 'vxlan', BackendData: { VNI: 1, VtepMAC: of.mac } });
        programVxlan(of, of === here ? there : here);
      }
    },
    value: (nodeId: string) =>
      `{"PublicIP":"192.168.77.11","PublicIPv6":null,"BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":"${here.mac}"},"NodeID":"${nodeId}"}`,
  },
  {
    name: 'host-gw',
    mtu: 1500,
    lay: (): void => {
      cluster.configure({ Network: '10.5.0.0/16', Backend: { Type: 'host-gw' } });
      for (const of of [here, there]) {
        const peer = of === here ? there : here;
        lease(of, { BackendType: 'host-gw' });
        of.host.ns.ip(`route add ${peer.net}.0/24 via ${peer.host.address} dev eth0`);
      }
    },
    value: (nodeId: string) =>
      `{"PublicIP":"192.168.77.11","PublicIPv6":null,"BackendType":"host-gw","NodeID":"${nodeId}"}`,
  },
];

/** Everything that flanneld put into the kernel. */
const kernelOf = ({ host }: FlanneldHost): string =>
  host.ns.run(
    'sh',
    '-c',
    'ip -d link show type vxlan; ip -4 addr; ip -4 route; ip neigh show nud permanent; bridge fdb show; sysctl -a -r accept_ra$',
  );

describe.each(BACKENDS)('a flanneld of $name', ({ mtu, lay, value }) => {
  beforeEach(async () => {
    lay();
    await reaches(here.host, `${there.net}.1`, '-I', `${here.net}.1`);
  });

  afterEach(async () => {
    await here.host.stop();
    for (const { host } of [here, there]) {
      host.ns.try('ip', 'link', 'del', 'flannel.1');
      for (const { net } of [here, there]) host.ns.try('ip', 'route', 'del', `${net}.0/24`, 'dev', 'eth0');
    }
    for (const of of [here, there]) cluster.ctl('del', keyOf(of));
  });

  test('is followed by weft, which writes nothing into the kernel and loses no packet; and is left as it was', async () => {
    const env = `FLANNEL_NETWORK=10.5.0.0/16\nFLANNEL_SUBNET=${here.net}.1/24\nFLANNEL_MTU=${mtu}\nFLANNEL_IPMASQ=false\n`;
    writeFileSync(here.host.subnetFile, env);
    const { ino } = statSync(here.host.subnetFile);
    const before = kernelOf(here);
    await using monitor = await startProcess(['ip', '-4', 'monitor', 'link', 'address', 'route'], {
      namespace: here.host.ns.name,
    });
    const toldOf = async (net: string): Promise<void> => {
      // Again and again: it may not listen yet.
      const addedAgain = (): boolean => {
        here.host.ns.try('ip', 'route', 'del', 'blackhole', net);
        here.host.ns.ip(`route add blackhole ${net}`);
        return monitor.stdout().includes(net);
      };
      await until(addedAgain, { what: 'the monitor tells', everyMs: 100 });
    };
    await toldOf('10.9.1.0/24');
    const ping = await startPing(here.host, `${there.net}.1`, `${here.net}.1`);
    await here.host.ready('-iface=eth0');
    await until(async () => (await here.host.status()).peers.programmed === 1, { what: 'the peer is taken over' });
    expect(await here.host.metric('weft_flannel_steps_total')).toBe(0);
    const { lease: held, repairs, host } = await here.host.status();
    expect([held?.subnets, held?.acquiredBy, repairs]).toEqual([[`${here.net}.0/24`], 'public-ip', {}]);
    expect(cluster.keys(keyOf(here)).get(keyOf(here))).toBe(value(host?.nodeId ?? ''));
    await here.host.stop();
    expect(await ping.lost()).toMatchObject({ lost: 0 });
    await toldOf('10.9.2.0/24');
    expect(monitor.stdout()).toMatch(/^(?:(?:Deleted )?blackhole 10\.9\.[12]\.0\/24 *\n)+$/);
    for (const net of ['10.9.1.0/24', '10.9.2.0/24']) here.host.ns.ip(`route del blackhole ${net}`);
    expect(kernelOf(here)).toBe(before);
    expect(readFileSync(here.host.subnetFile, 'utf8')).toBe(env);
    expect(statSync(here.host.subnetFile).ino).toBe(ino);
  });
});
