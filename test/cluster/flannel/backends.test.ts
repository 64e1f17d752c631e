import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../support/until.ts';
import { containerAddress, makeCluster, reaches, type OverlayCluster, type OverlayHost } from './cluster.ts';

interface Case {
  readonly name: string;
  readonly config: object;
  readonly flags?: readonly string[];
  readonly families: readonly ('ipv4' | 'ipv6')[];
  /** What the first host's kernel and files say. */
  readonly shows: (first: OverlayHost, second: OverlayHost) => Promise<void>;
}

const NETWORKS = { Network: '10.5.0.0/16', EnableIPv6: true, IPv6Network: 'fc00:5::/48' };

const CASES: readonly Case[] = [
  {
    name: 'vxlan on both families',
    config: { ...NETWORKS, Backend: { Type: 'vxlan' } },
    families: ['ipv4', 'ipv6'],
    shows: async (first, second) => {
      const { FLANNEL_IPV6_SUBNET: subnet = '', FLANNEL_MTU } = await second.environment();
      const network = subnet.replace('::1/64', '::');
      expect(first.ns.ip('-6 route show')).toContain(`${network}/64 via ${network} dev flannel-v6.1`);
      expect(first.ns.ip('-d link show dev flannel-v6.1')).toContain('vxlan id 1 local fd00:77::11 dev eth0');
      expect(first.ns.ip('link show dev flannel-v6.1')).toContain('mtu 1430');
      expect(first.ns.ip('link show dev flannel.1')).toContain('mtu 1450');
      expect(FLANNEL_MTU).toBe('1450');
    },
  },
  {
    name: 'vxlan on both families with the MTU that both carry',
    config: { ...NETWORKS, Backend: { Type: 'vxlan' } },
    flags: ['--strict-mtu'],
    families: ['ipv6'],
    shows: async (first) => {
      expect((await first.environment())['FLANNEL_MTU']).toBe('1430');
    },
  },
  {
    name: 'vxlan on IPv6 alone, each host its own',
    config: { EnableIPv4: false, EnableIPv6: true, IPv6Network: 'fc00:5::/48', Backend: { Type: 'vxlan' } },
    families: ['ipv6'],
    shows: async (first, second) => {
      const [one, two] = [await first.environment(), await second.environment()];
      expect(one['FLANNEL_SUBNET']).toBeUndefined();
      expect(one['FLANNEL_IPV6_SUBNET']).not.toBe(two['FLANNEL_IPV6_SUBNET']);
    },
  },
  {
    name: 'vxlan over nexthop objects',
    config: { Network: '10.5.0.0/16', Backend: { Type: 'vxlan' } },
    flags: ['--nexthop-objects'],
    families: ['ipv4'],
    shows: async (first, second) => {
      const gateway = (await second.subnet()).replace('/24', '');
      expect(first.ns.ip('route show')).toMatch(new RegExp(`${gateway}/24 nhid \\d+ via ${gateway} dev flannel.1`));
    },
  },
  {
    name: 'vxlan with DirectRouting on one link',
    config: { ...NETWORKS, Backend: { Type: 'vxlan', DirectRouting: true } },
    families: ['ipv4', 'ipv6'],
    shows: async (first, second) => {
      expect(first.ns.ip('route show')).toContain(`${await second.subnet()} via ${second.address} dev eth0`);
      expect(first.ns.run('bridge', 'fdb', 'show', 'dev', 'flannel.1').trim()).toBe('');
    },
  },
  {
    name: 'host-gw on both families',
    config: { ...NETWORKS, Backend: { Type: 'host-gw' } },
    families: ['ipv4', 'ipv6'],
    shows: async (first, second) => {
      expect(first.ns.ip('route show')).toContain(`${await second.subnet()} via ${second.address} dev eth0`);
      expect((await first.environment())['FLANNEL_MTU']).toBe('1500');
      expect(first.ns.ip('link show')).not.toContain('flannel');
    },
  },
];

describe.each(CASES)('$name', ({ config, flags = [], families, shows }) => {
  let cluster: OverlayCluster;
  let hosts: readonly [OverlayHost, OverlayHost];

  beforeAll(async () => {
    cluster = await makeCluster({ hosts: 2 });
    cluster.configure(config);
    hosts = [cluster.hosts[0]!, cluster.hosts[1]!];
    for (const host of hosts) {
      host.ns.run('sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1');
      await host.ready(...flags);
    }
  });

  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
  });

  test('containers reach each other, and the kernel shows how', async () => {
    const [first, second] = hosts;
    for (const family of families) {
      const [here, there] = [await containerAddress(first, family), await containerAddress(second, family)];
      await reaches(first, there, '-I', here);
      await reaches(second, here, '-I', there);
    }
    await shows(first, second);
  });

  test('a restart finds everything as it is and writes nothing', async () => {
    const [first] = hosts;
    const state = (): string[] =>
      ['-6 route show', 'route show', '-4 addr show', 'link show'].map((words) => first.ns.ip(words));
    const before = state();
    await first.agent().stop();
    await first.ready(...flags);
    expect(await first.metric('weft_flannel_steps_total')).toBe(0);
    expect(state()).toEqual(before);
  });
});

describe('routes over the underlay', () => {
  let cluster: OverlayCluster;
  let first: OverlayHost;
  let second: OverlayHost;

  beforeAll(async () => {
    cluster = await makeCluster({ hosts: 2 });
    cluster.configure({ Network: '10.5.0.0/16', Backend: { Type: 'host-gw' } });
    [first, second] = [cluster.hosts[0]!, cluster.hosts[1]!];
    await first.ready();
    await second.ready();
    await until(async () => first.ns.ip('route show').includes(await second.subnet()), { what: 'the route' });
  });

  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
  });

  const routeIsBack = async (): Promise<void> => {
    const line = `${await second.subnet()} via ${second.address} dev eth0`;
    await until(() => first.ns.ip('route show').includes(line), { what: line });
  };

  test('a deleted one is back', async () => {
    first.ns.ip(`route del ${await second.subnet()}`);
    await routeIsBack();
  });

  test('a replaced one is taken back', async () => {
    first.ns.ip(`route replace ${await second.subnet()} via 192.168.77.1 dev eth0`);
    await routeIsBack();
  });

  test('all are back after the interface was down', async () => {
    first.ns.ip('link set eth0 down');
    first.ns.ip('link set eth0 up');
    await routeIsBack();
    first.ns.ip('route add default via 192.168.77.1 dev eth0'); // the kernel brings back none
  });

  test('one of a host that left while nobody looked goes at the next start, one of somebody else stays', async () => {
    await first.agent().stop();
    first.ns.ip('route add 10.5.250.0/24 via 192.168.77.99 dev eth0 proto 119');
    first.ns.ip('route add 10.5.251.0/24 via 192.168.77.99 dev eth0');
    await first.ready();
    await until(() => !first.ns.ip('route show').includes('10.5.250.0/24'), { what: 'the stale route to go' });
    expect(first.ns.ip('route show')).toContain('10.5.251.0/24');
  });

  test('a host that changes its address is followed without a restart', async () => {
    await containerAddress(first);
    const there = await containerAddress(second);
    second.ns.ip(`addr del ${second.address}/24 dev eth0`);
    second.ns.ip('addr add 192.168.77.42/24 dev eth0');
    // With the address the kernel has dropped the default route, which names the interface.
    second.ns.ip('route add default via 192.168.77.1 dev eth0');
    const line = `${await second.subnet()} via 192.168.77.42 dev eth0`;
    await until(() => first.ns.ip('route show').includes(line), { what: line, timeoutMs: 20_000 });
    await reaches(first, there);
    expect([...cluster.keys('/coreos.com/network/subnets/').values()].join()).not.toContain(second.address);
  });
});

test('alloc leases a subnet and leaves the kernel alone', async () => {
  await using cluster = await makeCluster({ hosts: 1 });
  cluster.configure({ Network: '10.5.0.0/16', Backend: { Type: 'alloc' } });
  const [host] = cluster.hosts;
  const before = host!.ns.ip('route show');
  await host!.ready();
  expect(await host!.environment()).toMatchObject({ FLANNEL_NETWORK: '10.5.0.0/16', FLANNEL_MTU: '1500' });
  expect(host!.ns.ip('route show')).toBe(before);
  expect(host!.ns.ip('link show')).not.toContain('flannel');
  expect([...cluster.keys('/coreos.com/network/subnets/').values()][0]).not.toContain('BackendType');
});

test('what stands in the way is told once, counted, and over when it is gone', async () => {
  await using cluster = await makeCluster({ hosts: 1 });
  cluster.configure({
    Network: '10.5.0.0/16',
    SubnetMin: '10.5.1.0',
    SubnetMax: '10.5.8.0',
    Backend: { Type: 'vxlan' },
  });
  const [host] = cluster.hosts;
  host!.ns.ip('link add cni0 type bridge');
  host!.ns.ip('link set cni0 up');
  host!.ns.ip('addr add 10.5.9.1/24 dev cni0');
  const agent = await host!.ready('--resync=1s');
  const conflicts = (): Promise<number> => host!.metric('weft_flannel_conflicts');
  await until(async () => (await conflicts()) === 2, { what: 'the bridge and its route are found' });
  host!.ns.ip('link del cni0');
  await until(async () => (await conflicts()) === 0, { what: 'nothing is in the way', timeoutMs: 10_000 });
  const told = (): ReturnType<typeof agent.logs> => agent.logs().filter(({ subject }) => subject === 'conflict');
  await until(() => told().length >= 4, { what: 'four lines in the log' });
  expect(told().map(({ level }) => level)).toEqual(['warn', 'warn', 'info', 'info']);
  expect(String(told()[0]?.['msg'])).toMatch(
    /^cni0 has 10\.5\.9\.1\/24, but this host leases 10\.5\.\d\.0\/24: remove it/,
  );
});

describe('--ip-blackhole-route', () => {
  test('what no container has ends here, in both families, also after somebody removed it', async () => {
    await using cluster = await makeCluster({ hosts: 1 });
    cluster.configure({ ...NETWORKS, Backend: { Type: 'vxlan' } });
    const [host] = cluster.hosts;
    await host!.ready('--ip-blackhole-route');
    const { FLANNEL_IPV6_SUBNET = '' } = await host!.environment();
    const subnet6 = FLANNEL_IPV6_SUBNET.replace('::1/64', '::/64');
    const subnet = await host!.subnet();
    const stands = (): boolean =>
      host!.ns.ip('route show type blackhole').includes(subnet) &&
      host!.ns.ip('-6 route show type blackhole').includes(subnet6);
    await until(stands, { what: 'both routes' });
    host!.ns.ip(`route del blackhole ${subnet}`);
    host!.ns.ip(`-6 route del blackhole ${subnet6}`);
    await until(stands, { what: 'both routes again' });
    await host!.agent().stop();
    await host!.ready();
    await until(() => host!.ns.ip('route show type blackhole') === '', { what: 'gone without the flag' });
  });
});
