import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { formatIptablesRule } from '../../../flannel/model/iptables-rule.ts';
import { formatNftRule } from '../../../flannel/model/nft-rule.ts';
import { packageRoot } from '../../../native/host/package-root.ts';
import { firewallHost, runKeeper, type CountingHost, type RunningKeeper } from '../../support/firewall.ts';
import { makeNamespace, type TestNamespace } from '../../support/netns.ts';
import { until } from '../../support/until.ts';
import { intentOf, rulesOf } from '../../unit/flannel/firewall-builders.ts';

const intent = intentOf('10.5.72.0/24', 'fc00:5:0:21::/64');
const other = intentOf('10.5.9.0/24', 'fc00:5:0:9::/64');
const wanted = rulesOf('10.5.72.0/24', 'fc00:5:0:21::/64');

let ns: TestNamespace;
beforeEach(async () => {
  ns = await makeNamespace('fw');
});
afterEach(() => ns[Symbol.asyncDispose]());

/** The rules of one firewall as its own tool prints them. */
interface Variant {
  readonly name: string;
  readonly iptables: 'nft' | 'legacy';
  readonly choice: 'nftables' | 'iptables';
  readonly list: () => string[];
  readonly want: readonly string[];
}

const lines = (text: string, pattern: RegExp): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => pattern.test(line));

const nftTables = (): string[] => {
  const tables = ['ip flannel-ipv4', 'ip6 flannel-ipv6'].map(
    (table) => ns.try('nft', 'list', 'table', ...table.split(' ')).stdout,
  );
  return lines(tables.join('\n'), /comment "flanneld/);
};
const iptablesChains = (variant: 'nft' | 'legacy') => (): string[] =>
  [`iptables-${variant}-save`, `ip6tables-${variant}-save`].flatMap((save) =>
    lines(ns.run(save), /^-A .*FLANNEL/).sort(),
  );

const nftWanted = [wanted.ipv4, wanted.ipv6].flatMap(({ forward, postrouting }) =>
  [...(forward ?? []), ...(postrouting ?? [])].map((rule) => `${formatNftRule(rule)} comment "${rule.comment ?? ''}"`),
);
const iptablesWanted = [wanted.ipv4, wanted.ipv6].flatMap(({ forward, postrouting }) =>
  [
    '-A FORWARD -m comment --comment "flanneld forward" -j FLANNEL-FWD',
    ...(forward ?? []).map((rule) => `-A FLANNEL-FWD ${formatIptablesRule(rule)}`),
    '-A POSTROUTING -m comment --comment "flanneld masq" -j FLANNEL-POSTRTG',
    ...(postrouting ?? []).map((rule) => `-A FLANNEL-POSTRTG ${formatIptablesRule(rule)}`),
  ].sort(),
);

const NFT: Variant = { name: 'nftables', iptables: 'nft', choice: 'nftables', list: nftTables, want: nftWanted };
const IPTABLES: readonly Variant[] = (['nft', 'legacy'] as const).map((variant) => ({
  name: `iptables-${variant}`,
  iptables: variant,
  choice: 'iptables',
  list: iptablesChains(variant),
  want: iptablesWanted,
}));

async function start({
  iptables,
  choice,
  list,
  want,
}: Variant): Promise<{ host: CountingHost; running: RunningKeeper }> {
  const host = firewallHost(ns, iptables);
  const running = runKeeper({ ns, host, intent, choice });
  await until(() => running.told.inPlace, { what: 'the rules are in place' });
  expect(list()).toEqual(want);
  return { host, running };
}

const backAgain = async ({ list, want }: Variant): Promise<void> => {
  await until(() => JSON.stringify(list()) === JSON.stringify(want), { what: 'the rules are as wanted again' });
};

type Damage = readonly [name: string, ...commands: string[]];

const NFT_DAMAGE: readonly Damage[] = [
  ['flushed', 'flush table ip flannel-ipv4'],
  ['deleted', 'delete table ip6 flannel-ipv6'],
  ['everything flushed', 'flush ruleset'],
  ['a rule doubled', 'add rule ip flannel-ipv4 forward ip saddr 10.5.0.0/16 accept comment "flanneld forward"'],
  ['order broken', 'insert rule ip flannel-ipv4 postrtg ip saddr 10.5.0.0/16 masquerade'],
  ['a policy of drop', 'chain ip flannel-ipv4 forward { policy drop; }'],
];

test.each(NFT_DAMAGE)('nftables: %s, and back', async (_name, command) => {
  const { host, running } = await start(NFT);
  using _host = host;
  await using _running = running;
  ns.run('nft', command);
  await backAgain(NFT);
  await until(() => running.counters.firewallRepairs === 1, { what: 'the repair is counted' });
  expect(running.told.problem).toBeUndefined();
  expect(ns.run('nft', 'list', 'chain', 'ip', 'flannel-ipv4', 'forward')).toContain('policy accept');
});

const IPTABLES_DAMAGE: readonly Damage[] = [
  ['a chain flushed', '-t nat -F FLANNEL-POSTRTG'],
  ['everything of nat flushed', '-t nat -F'],
  ['the jump deleted', '-D FORWARD -m comment --comment flanneld_forward -j FLANNEL-FWD'],
  ['the jump doubled', '-I FORWARD -m comment --comment flanneld_forward -j FLANNEL-FWD'],
  ['a rule doubled', '-A FLANNEL-FWD -s 10.5.0.0/16 -m comment --comment flanneld_forward -j ACCEPT'],
  ['order broken', '-t nat -I FLANNEL-POSTRTG -s 10.5.0.0/16 -j MASQUERADE'],
];

describe.each(IPTABLES)('$name', (variant) => {
  test.each(IPTABLES_DAMAGE)('%s, and back', async (_name, command) => {
    const { host, running } = await start(variant);
    using _host = host;
    await using _running = running;
    const words = command.split(' ').map((word) => word.replace('_', ' '));
    ns.run(`iptables-${variant.iptables}`, ...words);
    await until(() => running.counters.firewallRepairs === 1, { what: 'the repair is counted' });
    await backAgain(variant);
    expect(running.told.problem).toBeUndefined();
  });

  test("other people's rules stay as they are, and their place before ours", async () => {
    const iptables = `iptables-${variant.iptables}`;
    ns.run(iptables, '-P', 'FORWARD', 'DROP');
    ns.run(iptables, '-N', 'MINE');
    ns.run(iptables, '-A', 'FORWARD', '-i', 'eth9', '-m', 'comment', '--comment', 'a "word"', '-j', 'MINE');
    ns.run(iptables, '-t', 'nat', '-A', 'POSTROUTING', '-s', '172.17.0.0/16', '-j', 'MASQUERADE');
    const foreign = (): string[] =>
      ns
        .run(`${iptables}-save`)
        .split('\n')
        .filter((line) => !/FLANNEL|^#/.test(line));
    const before = foreign();
    const { host, running } = await start(variant);
    using _host = host;
    await using _running = running;
    ns.run(iptables, '-F', 'FLANNEL-FWD');
    await backAgain(variant);
    expect(foreign()).toEqual(before);
    await until(() => running.told.conflict === undefined, { what: 'our jump is seen behind the policy' });
  });
});

test.each([NFT, ...IPTABLES])(
  "$name: an earlier run's rules in every other firewall are removed, and only those",
  async (variant) => {
    const others = [NFT, ...IPTABLES].filter((each) => each.name !== variant.name);
    for (const each of others) {
      using host = firewallHost(ns, each.iptables);
      // It is kept from cleaning up after the one before: to it, no other program is installed.
      const isOwn = (program: string): boolean =>
        each === NFT ? program === 'nft' : /^ip6?tables(-save|-restore)?$/.test(program);
      const run: CountingHost['run'] = (program, signal) =>
        host.run(isOwn(program.argv[0] ?? '') ? program : { argv: ['weft-no-such-program'] }, signal);
      await using running = runKeeper({ ns, host: { ...host, run }, intent: other, choice: each.choice });
      await until(() => running.told.inPlace, { what: `${each.name} in place` });
      expect(each.list()).not.toEqual([]);
    }
    ns.run('iptables-nft', '-A', 'FORWARD', '-i', 'eth9', '-j', 'ACCEPT');
    ns.run('nft', 'add', 'table', 'ip', 'mine');
    const { host, running } = await start(variant);
    using _host = host;
    await using _running = running;
    for (const each of others) await until(() => each.list().length === 0, { what: `${each.name} is empty` });
    const changes = host.runs.filter((run) => /^nft -f -$|-restore (?!.*--test)/.test(run));
    expect(changes[0]).toMatch(variant === NFT ? /^nft / : /^iptables-restore /); // no packet finds neither
    expect(ns.run('iptables-nft-save')).toContain('-i eth9 -j ACCEPT');
    expect(ns.run('nft', 'list', 'tables')).toContain('table ip mine');
  },
);

describe('what a real flanneld left is taken over', () => {
  const recorded = (path: string): string => join(packageRoot(), 'test/fixtures/flannel', path);
  const LOADED = [
    { name: 'v0.20.2', load: ['iptables-nft-restore', recorded('R01-v0.20.2-vxlan-masq/h1/iptables-save.txt')] },
    { name: 'today, iptables', load: ['iptables-nft-restore', recorded('R02-head-vxlan-masq/h1/iptables-save.txt')] },
    {
      name: 'today, nftables',
      load: ['nft', '-f', recorded('R06-head-dualstack-vxlan-masq-nft/h1/nft-list-ruleset.txt')],
    },
  ];
  const pairs = LOADED.flatMap((recording) => [NFT, IPTABLES[0]!].map((variant) => ({ ...recording, variant })));

  test.each(pairs)('$name, by $variant.name', async ({ load, variant }) => {
    ns.run(...load);
    const { host, running } = await start(variant);
    using _host = host;
    await using _running = running;
    const isEmpty = (): boolean =>
      variant === NFT ? IPTABLES[0]!.list().length === 0 : !ns.run('nft', 'list', 'tables').includes('flannel');
    await until(isEmpty, { what: 'the other firewall is empty' });
    expect(running.counters).toMatchObject({ firewallRepairs: 0, firewallFailures: 0 });
  });
});

test.each([NFT, ...IPTABLES])("$name: another run's subnet is replaced", async (variant) => {
  {
    const host = firewallHost(ns, variant.iptables);
    using _host = host;
    await using running = runKeeper({ ns, host, intent: other, choice: variant.choice });
    await until(() => running.told.inPlace, { what: 'the rules of the other subnet are in place' });
  }
  expect(variant.list()).toHaveLength(variant.want.length); // they stay when it stops
  const { host, running } = await start(variant);
  using _host = host;
  await using _running = running;
  expect(running.counters).toMatchObject({ firewallRepairs: 0, firewallFailures: 0 });
});

const OUTLINE = 'nft -j list tables; list chains';
const NFT_READ = [OUTLINE, 'nft -j list table ip flannel-ipv4', 'nft -j list table ip6 flannel-ipv6'];
const IPTABLES_READ = ['iptables-save', 'ip6tables-save'];

test.each([
  {
    ...NFT,
    read: NFT_READ,
    repair: ['nft -f -'],
    forward: [OUTLINE],
    damage: ['nft', 'flush table ip flannel-ipv4'],
  },
  {
    ...IPTABLES[0]!,
    read: IPTABLES_READ,
    repair: ['iptables-restore --noflush --wait=5'],
    forward: [OUTLINE, 'nft -j list table ip filter', 'nft -j list table ip6 filter'],
    damage: ['iptables-nft', '-F', 'FLANNEL-FWD'],
  },
])('$name: while nobody touches the rules no program runs, whatever others change', async (variant) => {
  const { host, running } = await start(variant);
  using _host = host;
  await using _running = running;
  const { read, repair, forward, damage } = variant;
  await until(() => running.told.looks > 0, { what: 'the start is over' });
  const before = host.runs.length;
  ns.run('nft', 'add table bridge mine; add chain bridge mine c');
  for (let count = 0; count < 10; count += 1) ns.run('nft', `add set bridge mine s${count} { type mark; }`);
  ns.run(...damage);
  const wantedRuns = [...read, ...repair, ...read, ...forward];
  await until(() => host.runs.length >= before + wantedRuns.length, { what: 'the one repair' });
  expect(host.runs.slice(before)).toEqual(wantedRuns);
  expect(running.counters).toEqual({ firewallChecks: 4, firewallRepairs: 1, firewallFailures: 0 });
});

test('a policy to drop in another table is told with the remedy, and is over when it is mended', async () => {
  const { host, running } = await start(NFT);
  using _host = host;
  await using _running = running;
  ns.run('iptables-nft', '-P', 'FORWARD', 'DROP');
  const told = await until(() => running.told.conflict, { what: 'the conflict' });
  expect(told).toContain(
    'chain FORWARD of table ip filter (policy drop) drops forwarded packets from and to 10.5.0.0/16',
  );
  const [, commands = ''] = /run "([^"]+)"/.exec(told) ?? [];
  ns.run('sh', '-c', commands);
  await until(() => running.told.conflict === undefined, { what: 'the conflict is over' });
  expect(running.told.problem).toBeUndefined();
});

test.each([
  { choice: 'iptables', want: '--firewall is iptables, but weft-no-iptables is not installed' },
  { choice: 'auto', want: undefined },
] as const)('without iptables, --firewall $choice: $want', async ({ choice, want }) => {
  using host = firewallHost(ns, 'none');
  await using running = runKeeper({ ns, host, intent, choice });
  await until(() => running.told.inPlace || running.told.problem !== undefined, { what: 'an answer' });
  expect(running.told.problem).toBe(want);
  expect(nftTables()).toEqual(choice === 'auto' ? nftWanted : []);
});

test('with nothing to set nothing is set, and what an earlier run set goes', async () => {
  {
    const { host, running } = await start(NFT);
    using _host = host;
    await using _running = running;
  }
  using host = firewallHost(ns);
  await using running = runKeeper({
    ns,
    host,
    choice: 'nftables',
    intent: { ...intent, masquerade: false, forward: false },
  });
  await until(() => running.told.inPlace, { what: 'nothing is in place' });
  expect(ns.run('nft', 'list', 'tables')).toBe('');
});

test('another wish is met at once, and is no repair', async () => {
  const { host, running } = await start(NFT);
  using _host = host;
  await using _running = running;
  running.keeper.intend({ ...intent, masquerade: false });
  await until(() => !ns.run('nft', 'list', 'ruleset').includes('masquerade'), { what: 'no masquerade any more' });
  expect(running.counters.firewallRepairs).toBe(0);
});

test('who keeps changing the rules is named, and not fought without a pause', async () => {
  const { host, running } = await start(NFT);
  using _host = host;
  await using _running = running;
  for (let count = 1; count <= 6; count += 1) {
    ns.run('nft', 'flush table ip flannel-ipv4');
    await until(() => running.counters.firewallRepairs === count, { what: `repair ${count}` });
    await backAgain(NFT);
  }
  const told = await until(() => running.told.conflict, { what: 'the quarrel' });
  expect(told).toMatch(/^another program \("nft"\) keeps changing the rules of the overlay/);
});
