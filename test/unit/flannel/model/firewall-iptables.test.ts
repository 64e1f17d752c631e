import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  iptablesDifferences,
  iptablesPayload,
  iptablesRules,
  isJumpedTo,
} from '../../../../flannel/model/firewall-iptables.ts';
import { firewallNames } from '../../../../flannel/model/firewall-names.ts';
import { NO_RULES, type FamilyRules } from '../../../../flannel/model/firewall.ts';
import { formatIptablesRule, parseIptablesRule, splitWords } from '../../../../flannel/model/iptables-rule.ts';
import { parseIptablesSave } from '../../../../flannel/model/iptables-save.ts';
import { anyRule, fixture, rulesOf } from '../firewall-builders.ts';
import { IptablesMachine } from './iptables-machine.ts';

const names = firewallNames(1);
const flannelHead = fixture('flannel/R02-head-vxlan-masq/h1/iptables-save.txt');
const desired = rulesOf('10.5.72.0/24').ipv4;

test.each([
  { name: 'R02, today', recording: 'R02-head-vxlan-masq/h1/iptables-save.txt', rules: desired },
  {
    name: 'R07, IPv4 of a dual stack',
    recording: 'R07-head-dualstack-vxlan-masq-iptables/h1/iptables-save-nat.txt',
    rules: { ...rulesOf('10.5.11.0/24').ipv4, forward: undefined },
  },
  {
    name: 'R07, IPv6 of a dual stack',
    recording: 'R07-head-dualstack-vxlan-masq-iptables/h1/ip6tables-save-nat.txt',
    rules: { ...rulesOf('10.5.11.0/24', 'fc00:5:0:5f::/64').ipv6, forward: undefined },
  },
])("the rules are those of flanneld's recording $name", ({ recording, rules }) => {
  const tables = parseIptablesSave(fixture(`flannel/${recording}`));
  expect(iptablesDifferences({ desired: rules, tables, names })).toEqual([]);
  expect(iptablesPayload({ desired: rules, tables, names })).toBe('');
});

test.each(['R01-v0.20.2-vxlan-masq', 'R05-v0.20.2-dualstack-vxlan-masq'])(
  'the older rules of %s are read in full and replaced',
  (recording) => {
    const saved = fixture(`flannel/${recording}/h1/iptables-save.txt`);
    const tables = parseIptablesSave(saved);
    const rules = iptablesRules(tables, names);
    const said = [...(rules.forward ?? []), ...(rules.postrouting ?? [])].map(formatIptablesRule);
    expect(said).toEqual(Array.from(saved.matchAll(/^-A FLANNEL-\S+ (.*)$/gm), ([, text]) => text));
    expect(iptablesDifferences({ desired, tables, names })).toEqual(['FLANNEL-POSTRTG has 5 rules, not 6']);
    const payload = iptablesPayload({ desired, tables, names });
    expect(payload).toMatch(/^\*nat\n:FLANNEL-POSTRTG - \[0:0\]\n-A FLANNEL-POSTRTG .*mark/);
    expect(payload).not.toContain('filter');
    expect(payload).not.toContain('POSTROUTING');
  },
);

const FORWARD_JUMP = '-A FORWARD -m comment --comment "flanneld forward" -j FLANNEL-FWD\n';

describe('what is broken is told, and the payload mends just that', () => {
  test.each([
    { name: 'nothing', saved: flannelHead, want: [] },
    {
      name: 'no tables',
      saved: '',
      want: [
        'FLANNEL-FWD is missing',
        'the jump from FORWARD to FLANNEL-FWD is missing',
        'FLANNEL-POSTRTG is missing',
        'the jump from POSTROUTING to FLANNEL-POSTRTG is missing',
      ],
    },
    {
      name: 'the jump deleted',
      saved: flannelHead.replace(FORWARD_JUMP, ''),
      want: ['the jump from FORWARD to FLANNEL-FWD is missing'],
    },
    {
      name: 'the jump twice',
      saved: flannelHead.replace(FORWARD_JUMP, FORWARD_JUMP + FORWARD_JUMP),
      want: ['there are 2 jumps to FLANNEL-FWD, not one'],
    },
    {
      name: 'the jump under a condition',
      saved: flannelHead.replace(FORWARD_JUMP, '-A FORWARD -i eth0 -j FLANNEL-FWD\n'),
      want: ['the jump from FORWARD to FLANNEL-FWD is missing'],
    },
    {
      name: 'a rule twice',
      saved: flannelHead.replace(/(-A FLANNEL-FWD -s .*\n)/, '$1$1'),
      want: ['FLANNEL-FWD has 3 rules, not 2'],
    },
    {
      name: 'the order',
      saved: flannelHead.replace(/(-A FLANNEL-FWD -s .*\n)(-A FLANNEL-FWD -d .*\n)/, '$2$1'),
      want: ['FLANNEL-FWD has other rules or another order'],
    },
    {
      name: "another run's subnet",
      saved: flannelHead.replaceAll('10.5.72.0/24', '10.5.9.0/24'),
      want: ['FLANNEL-POSTRTG has other rules or another order'],
    },
  ])('$name', ({ saved, want }) => {
    const machine = new IptablesMachine(saved);
    const family = { desired, tables: machine.read(), names };
    expect(iptablesDifferences(family)).toEqual(want);
    machine.restore(iptablesPayload(family));
    expect(iptablesDifferences({ ...family, tables: machine.read() })).toEqual([]);
  });
});

test('of several jumps the first keeps its place', () => {
  const saved = ['*filter', ':FORWARD DROP [0:0]', ':FLANNEL-FWD - [0:0]', '-A FORWARD -i a -j ACCEPT'].join('\n');
  const machine = new IptablesMachine(
    `${saved}\n-A FORWARD -j FLANNEL-FWD\n-A FORWARD -j DROP\n${FORWARD_JUMP}COMMIT\n`,
  );
  machine.restore(iptablesPayload({ desired: { ...desired, postrouting: undefined }, tables: machine.read(), names }));
  expect(machine.tables.get('filter')!.get('FORWARD')).toEqual([
    '-i a -j ACCEPT',
    '-m comment --comment "flanneld forward" -j FLANNEL-FWD',
    '-j DROP',
  ]);
});

test('removal takes chains and every jump, and leaves the rest', () => {
  const foreign = fixture('firewall/docker-iptables-nft-save.txt');
  const before = new IptablesMachine(foreign);
  const machine = new IptablesMachine(foreign);
  const put = iptablesPayload({ desired, tables: machine.read(), names });
  machine.restore(put);
  expect(isJumpedTo(machine.read(), names, 'forward')).toBe(true);
  machine.restore(iptablesPayload({ desired: NO_RULES, tables: machine.read(), names }));
  expect(machine.save()).toBe(before.save());
});

test.each(['ipv4', 'ipv6'] as const)('what is written of %s is read again', (family) => {
  fc.assert(
    fc.property(anyRule(family), (rule) => {
      expect(parseIptablesRule(splitWords(formatIptablesRule(rule)))).toEqual(rule);
    }),
    { numRuns: 2_000 },
  );
});

const anyForeignRule = fc.constantFrom(
  '-i docker0 -j ACCEPT',
  '-s 10.5.0.0/16 -j ACCEPT',
  '-m comment --comment "flanneld forward" -j FLANNEL-FWD',
  '-j FLANNEL-FWD',
  '-p tcp -m tcp --dport 80 -j FLANNEL-FWD',
  '-g FLANNEL-FWD',
  '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
);

test('whatever was there, the payload leads to what is wanted and touches nothing else', () => {
  const chain = fc.array(anyForeignRule, { maxLength: 6 });
  const wanted = fc.constantFrom<FamilyRules>(desired, NO_RULES, { ...desired, postrouting: undefined });
  fc.assert(
    fc.property(
      fc.tuple(chain, chain, fc.array(anyRule('ipv4'), { maxLength: 4 })),
      wanted,
      ([forward, user, own], rules) => {
        const saved = [
          ...['*filter', ':FORWARD DROP [0:0]', ':USER-1 - [0:0]', ':FLANNEL-FWD - [0:0]'],
          ...forward.map((rule) => `-A FORWARD ${rule}`),
          ...user.map((rule) => `-A USER-1 ${rule}`),
          ...own.map((rule) => `-A FLANNEL-FWD ${formatIptablesRule(rule)}`),
          'COMMIT',
        ];
        const machine = new IptablesMachine(saved.join('\n'));
        machine.restore(iptablesPayload({ desired: rules, tables: machine.read(), names }));
        const tables = machine.read();
        expect(iptablesDifferences({ desired: rules, tables, names })).toEqual([]);
        const foreign = (lines: readonly string[]): string[] => lines.filter((rule) => !rule.includes('FLANNEL-FWD'));
        expect(foreign(machine.tables.get('filter')!.get('FORWARD')!)).toEqual(foreign(forward));
        expect(foreign(machine.tables.get('filter')!.get('USER-1')!)).toEqual(foreign(user));
      },
    ),
    { numRuns: 2_000 },
  );
});
