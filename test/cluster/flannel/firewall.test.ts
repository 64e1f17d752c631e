import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeNamespace, type TestNamespace } from '../../support/netns.ts';
import { httpGet } from '../../support/processes.ts';
import { until } from '../../support/until.ts';
import {
  containerAddress,
  makeCluster,
  overlayHost,
  STATUS,
  SUBNETS,
  type OverlayCluster,
  type OverlayHost,
} from './cluster.ts';
import { answerOf, type Answer } from './command.ts';

/** What a container has: an address of each family on the host's bridge, and a default route over it. */
interface Container {
  readonly ns: TestNamespace;
  readonly ipv4: string;
  readonly ipv6: string;
}

const FAMILIES = ['ipv4', 'ipv6'] as const;
type Family = (typeof FAMILIES)[number];

const OUTSIDE = { ipv4: '192.168.77.1', ipv6: 'fd00:77::1' };
const MASQ = ['--ip-masq'];
const NFT = [...MASQ, '--firewall=auto']; // EnableNFTables is in the network config
const IPTABLES = [...MASQ, '--firewall=iptables'];

let stack: AsyncDisposableStack;
let cluster: OverlayCluster;
let nft: OverlayHost;
let iptables: OverlayHost;
let containers: Map<OverlayHost, Container>;

/** Notes who sends pings here. */
function noteSources(ns: TestNamespace): void {
  for (const [family, type, protocol] of [
    ['ip', 'ipv4_addr', 'icmp'],
    ['ip6', 'ipv6_addr', 'icmpv6'],
  ]) {
    const chain = `chain in { type filter hook input priority 0; ${protocol ?? ''} type echo-request add @sources { ${family ?? ''} saddr }; }`;
    ns.run('nft', `table ${family ?? ''} seen { set sources { type ${type ?? ''}; flags dynamic; }; ${chain}; }`);
  }
}

/** Whose pings came since the last time that was asked. */
function sources(ns: TestNamespace, family: Family): string[] {
  const table = family === 'ipv4' ? 'ip' : 'ip6';
  const { nftables } = JSON.parse(ns.run('nft', '-j', 'list', 'set', table, 'seen', 'sources')) as {
    nftables: { set?: { elem?: string[] } }[];
  };
  ns.run('nft', 'flush', 'set', table, 'seen', 'sources');
  return nftables.flatMap(({ set }) => set?.elem ?? []);
}

async function makeContainer(host: OverlayHost): Promise<Container> {
  const ns = stack.use(await makeNamespace('c'));
  const gateways = { ipv4: await containerAddress(host), ipv6: await containerAddress(host, 'ipv6') };
  const [ipv4, ipv6] = [gateways.ipv4.replace(/1$/, '2'), gateways.ipv6.replace(/1$/, '2')];
  host.ns.ip(`link add c0 type veth peer name eth0 netns ${ns.name}`);
  host.ns.ip('link set c0 master cni0 up');
  ns.ip(`addr add ${ipv4}/24 dev eth0`);
  ns.ip(`addr add ${ipv6}/64 dev eth0 nodad`);
  ns.ip('link set eth0 up');
  ns.ip(`route add default via ${gateways.ipv4}`);
  ns.ip(`-6 route add default via ${gateways.ipv6}`);
  noteSources(ns);
  return { ns, ipv4, ipv6 };
}

const containerOf = (host: OverlayHost): Container => containers.get(host)!;
const answers = (from: TestNamespace, to: string): boolean => from.try('ping', '-c1', '-W1', to).status === 0;
const reach = (from: TestNamespace, to: string): Promise<boolean> =>
  until(() => answers(from, to), { what: `an answer of ${to}`, timeoutMs: 10_000 });

/** Every rule of ours as the firewall's own program prints it, sorted. */
function rules(host: OverlayHost): string[] {
  const program = host === nft ? ['nft list ruleset'] : ['iptables-nft-save', 'ip6tables-nft-save'];
  const text = program.map((words) => host.ns.run(...words.split(' '))).join('\n');
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.includes('comment "flanneld'))
    .sort();
}

const isReady = async ({ ns }: OverlayHost): Promise<boolean> =>
  (await httpGet(`http://${STATUS}/readyz`, { namespace: ns.name })).status === 200;

beforeAll(async () => {
  stack = new AsyncDisposableStack();
  cluster = stack.use(await makeCluster({ hosts: 3 }));
  cluster.configure({
    Network: '10.5.0.0/16',
    SubnetMax: '10.5.199.0',
    EnableIPv6: true,
    IPv6Network: 'fc00:5::/48',
    EnableNFTables: true,
    Backend: { Type: 'vxlan' },
  });
  [nft, iptables] = cluster.hosts as [OverlayHost, OverlayHost];
  noteSources(cluster.fabric);
  containers = new Map();
  await Promise.all([nft.ready(...NFT), iptables.ready(...IPTABLES)]);
  for (const host of [nft, iptables]) {
    host.ns.run('sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1');
    containers.set(host, await makeContainer(host));
  }
});

afterAll(() => stack.disposeAsync());

test('the choice follows --firewall and EnableNFTables, and is told with all that is known', async () => {
  expect(await nft.status()).toMatchObject({
    readiness: { ready: true },
    firewall: {
      mode: 'nftables',
      why: 'EnableNFTables is set in the network config',
      inPlace: true,
      repairs: 0,
    },
  });
  expect(await iptables.status()).toMatchObject({
    firewall: { mode: 'iptables', why: '--firewall is iptables', inPlace: true },
  });
  expect([rules(nft).length, rules(iptables).length]).toEqual([2 * (2 + 6), 2 * (2 + 6 + 2)]);
  for (const host of [nft, iptables]) {
    expect((await host.environment())['FLANNEL_IPMASQ']).toBe('true');
    expect(await host.metric('weft_flannel_firewall_in_place')).toBe(1);
  }
});

describe.each(FAMILIES)('%s', (family) => {
  test.each(['nftables', 'iptables'])('%s: what leaves the overlay has the address of the host', async (mode) => {
    const host = mode === 'nftables' ? nft : iptables;
    sources(cluster.fabric, family);
    await reach(containerOf(host).ns, OUTSIDE[family]);
    const own = family === 'ipv4' ? host.address : host.address.replace('192.168.77.', 'fd00:77::');
    expect(sources(cluster.fabric, family)).toEqual([own]);
  });

  test('what stays in the overlay keeps its source, in both directions', async () => {
    const [one, two] = [containerOf(nft), containerOf(iptables)];
    await reach(one.ns, two[family]);
    await reach(two.ns, one[family]);
    expect([sources(two.ns, family), sources(one.ns, family)]).toEqual([[one[family]], [two[family]]]);
  });
});

describe('weft trace-nat', () => {
  const trace = (host: OverlayHost, ...words: string[]): Promise<Answer> =>
    answerOf(host, ['trace-nat', ...words], { FLANNELD_SUBNET_FILE: host.subnetFile });

  test.each(FAMILIES)('%s: says what the kernel was seen to do, in both firewalls', async (family) => {
    const there = containerOf(iptables)[family];
    const rows = await Promise.all(
      [nft, iptables].flatMap((host) =>
        [OUTSIDE[family], host === nft ? there : containerOf(nft)[family]].map(async (to) => {
          const { out } = await trace(host, containerOf(host)[family], to, '--json');
          const { source, forward, chains } = JSON.parse(out) as {
            source: string;
            forward: string;
            chains: { steps: { chain: string; ruleNumber: number }[] }[];
          };
          const [step] = chains.at(-1)?.steps ?? [];
          return `${source} by rule ${step?.ruleNumber ?? 0} of ${step?.chain ?? ''}, ${forward}`;
        }),
      ),
    );
    expect(rows).toEqual([
      'masqueraded by rule 5 of postrtg, accepted',
      'kept by rule 2 of postrtg, accepted',
      'masqueraded by rule 5 of FLANNEL-POSTRTG, accepted',
      'kept by rule 2 of FLANNEL-POSTRTG, accepted',
    ]);
  });

  test('for a person in 80 columns; wrong words in one sentence', async () => {
    const { code, out } = await trace(iptables, iptables.address, containerOf(nft).ipv4);
    expect([code, out.split('\n').filter((line) => line.length > 80)]).toEqual([0, []]);
    expect(out).toMatch(/^way {8}sent by this host, leaves by flannel\.1$/m);
    expect(out).toMatch(/^source {5}becomes the address of the interface that it leaves by$/m);
    expect(await trace(nft, '10.5.1.2', 'fd00::1')).toEqual({
      code: 2,
      out: '',
      err: 'weft trace-nat: 10.5.1.2 and fd00::1 are of two families: no packet has both\n',
    });
  });
});

test('a FORWARD policy of DROP lets packets through where iptables is used', async () => {
  iptables.ns.run('iptables-nft', '-P', 'FORWARD', 'DROP');
  await reach(containerOf(nft).ns, containerOf(iptables).ipv4);
  await reach(containerOf(iptables).ns, OUTSIDE.ipv4);
  expect((await iptables.status()).problems).toEqual([]);
});

test('where nftables is used it is told with the remedy', async () => {
  nft.ns.run('iptables-nft', '-P', 'FORWARD', 'DROP');
  expect(answers(containerOf(iptables).ns, containerOf(nft).ipv4)).toBe(false);
  const told = await until(
    async () => (await nft.status()).problems.find(({ subject }) => subject === 'conflict')?.sentence,
    { what: 'the conflict' },
  );
  const [, remedy = ''] = /drops forwarded packets from and to 10\.5\.0\.0\/16: run "([^"]+)"/.exec(told) ?? [];
  expect(await nft.metric('weft_flannel_conflicts')).toBe(1);
  nft.ns.run('sh', '-c', remedy);
  await reach(containerOf(iptables).ns, containerOf(nft).ipv4);
  await until(async () => (await nft.metric('weft_flannel_conflicts')) === 0, { what: 'the conflict is over' });
  expect(await isReady(nft)).toBe(true);
});

describe('rules that somebody takes away are back', () => {
  const damage = async (host: OverlayHost, ...commands: string[]): Promise<void> => {
    const before = rules(host);
    const repairs = await host.metric('weft_flannel_firewall_repairs_total');
    for (const command of commands) host.ns.run(...command.split(' '));
    await until(() => JSON.stringify(rules(host)) === JSON.stringify(before), { what: 'the rules', timeoutMs: 5_000 });
    await until(async () => (await host.metric('weft_flannel_firewall_repairs_total')) > repairs, { what: 'counted' });
    sources(cluster.fabric, 'ipv4');
    await reach(containerOf(host).ns, OUTSIDE.ipv4);
    expect(sources(cluster.fabric, 'ipv4')).toEqual([host.address]);
  };

  test('nft flush ruleset', async () => {
    await damage(nft, 'nft flush ruleset');
    expect((await nft.status()).firewall).toMatchObject({ inPlace: true, repairs: 1, lastChangedBy: 'nft' });
  });

  test('nft delete table', () => damage(nft, 'nft delete table ip flannel-ipv4'));

  test('iptables -F', () =>
    damage(iptables, 'iptables-nft -F', 'iptables-nft -t nat -F', 'ip6tables-nft -t nat -F POSTROUTING'));
});

test('kill -9 and a new process: the same rules, none twice, and no repair', async () => {
  const before = [rules(nft), rules(iptables)];
  const kill = async (host: OverlayHost, flags: readonly string[]): Promise<void> => {
    host.agent().signal('SIGKILL');
    await host.agent().exited;
    await host.ready(...flags);
    expect(await host.metric('weft_flannel_firewall_repairs_total')).toBe(0);
  };
  await Promise.all([kill(nft, NFT), kill(iptables, IPTABLES)]);
  expect([rules(nft), rules(iptables)]).toEqual(before);
});

test('the rules follow this host to another subnet', async () => {
  for (const [host, after] of [
    [nft, '10.5.150.0/24'],
    [iptables, '10.5.151.0/24'],
  ] as const) {
    const before = await host.subnet();
    const [key, value] = [...cluster.keys(SUBNETS)].find(([name]) => name.includes(before.replace('/', '-')))!;
    // The end of a change that was begun: this host has another lease, and no more the one it works on.
    cluster.ctl('put', key.replace(before.replace('/', '-'), after.replace('/', '-')), value);
    cluster.ctl('del', key);
    const count = (subnet: string): number => rules(host).filter((rule) => rule.includes(subnet)).length;
    await until(() => count(after) === 3 && count(before) === 0, { what: 'the rules of the other subnet' });
    await until(() => isReady(host), { what: 'ready' });
  }
});

test('without --ip-masq nothing is masqueraded any more; without any rule nothing is left', async () => {
  await nft.stop();
  expect(rules(nft)).toHaveLength(16); // they stay when the agent stops
  await nft.ready();
  expect(rules(nft)).toHaveLength(4);
  expect((await nft.environment())['FLANNEL_IPMASQ']).toBe('false');
  await nft.stop();
  await nft.ready('--iptables-forward-rules=false');
  // What an earlier run left goes after the host is ready: nothing waits for that.
  await until(async () => (await nft.status()).firewall?.inPlace, { what: 'nothing is left' });
  expect(nft.ns.run('nft', 'list', 'tables')).not.toContain('flannel');
  expect((await nft.status()).firewall).toMatchObject({ mode: 'none' });
});

test('a firewall that does not work: not ready, in one sentence, until it does', async () => {
  const third = cluster.hosts[2]!;
  const folder = await mkdtemp(join(tmpdir(), 'weft-test-firewall-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const broken = join(folder, 'iptables');
  await writeFile(broken, '#!/bin/sh\necho "iptables: out of order" >&2\nexit 1\n');
  await chmod(broken, 0o755);
  const host = overlayHost(
    { namespace: third.ns, underlayAddress: third.address },
    {
      folder,
      etcdFlags: [`--etcd-endpoints=${cluster.etcd.endpoint}`],
      env: { PATH: `${folder}:${process.env['PATH'] ?? ''}`, FLANNELD_FIREWALL: 'iptables', FLANNELD_IP_MASQ: 'true' },
    },
  );
  stack.defer(() => host.stop());
  await host.start();
  const sentence = '--firewall is iptables, but iptables: iptables: out of order';
  await until(
    async () => {
      const { body } = await httpGet(`http://${STATUS}/readyz`, { namespace: third.ns.name });
      return body.includes(sentence);
    },
    { what: '/readyz tells', timeoutMs: 30_000 },
  );
  expect((await host.status()).problems).toEqual([{ subject: 'firewall', sentence }]);
  expect(existsSync(host.subnetFile)).toBe(false); // nobody is told to start containers
  expect(await host.metric('weft_flannel_firewall_failures_total')).toBeGreaterThan(0);
  await rm(broken);
  await until(() => isReady(host), { what: 'ready' });
  expect(third.ns.run('iptables-nft-save', '-t', 'nat')).toContain('-j MASQUERADE --random-fully');
});
