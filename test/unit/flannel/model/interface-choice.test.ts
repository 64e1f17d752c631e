import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  chooseUnderlay,
  findUnderlay,
  InterfaceChoiceError,
  type CandidateAddress,
  type HostInterfaces,
  type InterfaceWish,
  type Stacks,
} from '../../../../flannel/model/interface-choice.ts';
import { interfacePattern } from '../../../../flannel/model/interface-pattern.ts';
import { formatIp, parseIp, type IpAddress } from '../../../../native/net/ip.ts';
import { parseIpv4 } from '../../../../native/net/ipv4.ts';
import { parseIpv6 } from '../../../../native/net/ipv6.ts';

const ip = parseIp;

const address = (ifindex: number, text: string, change: Partial<CandidateAddress> = {}): CandidateAddress => ({
  ifindex,
  address: ip(text),
  scope: 0,
  permanent: true,
  temporary: false,
  deprecated: false,
  ...change,
});

const link = (ifindex: number, name: string, mtu = 1500): HostInterfaces['links'][number] => ({
  ifindex,
  name,
  mtu,
  up: name !== 'off0',
});

const host: HostInterfaces = {
  links: [link(1, 'lo', 65_536), link(2, 'eth0'), link(3, 'eth1', 9000), link(4, 'bare0'), link(5, 'off0')],
  addresses: [
    address(1, '127.0.0.1', { scope: 254 }),
    address(2, '169.254.7.7', { scope: 253 }),
    address(2, '192.168.77.50', { permanent: false }),
    address(2, '192.168.77.11'),
    address(3, '10.1.0.5', { deprecated: true }),
    address(3, '10.1.0.6'),
    address(5, '10.2.0.9'),
    address(1, '::1', { scope: 254 }),
    address(2, 'fe80::11', { scope: 253 }),
    address(2, 'fd00:77::aaaa', { permanent: false, temporary: true }),
    address(2, 'fd00:77::bbbb', { permanent: false }),
    address(2, 'fd00:77::11'),
    address(3, 'fe80::6', { scope: 253 }),
  ],
  defaultRoutes: [
    { family: 'ipv4', oif: 2, metric: 0 },
    { family: 'ipv4', oif: 3, metric: 100 },
    { family: 'ipv6', oif: 2, metric: 1024 },
  ],
  reachable: [
    { target: ip('10.1.9.9'), oif: 3, source: ip('10.1.0.5') },
    { target: ip('fd00:77::1'), oif: 2, source: ip('fd00:77::bbbb') },
  ],
};

const nothing: InterfaceWish = {
  iface: [],
  ifaceRegex: [],
  ifaceCanReach: undefined,
  publicIp: undefined,
  publicIpv6: undefined,
};
const ONLY_4: Stacks = { ipv4: true, ipv6: false };
const ONLY_6: Stacks = { ipv4: false, ipv6: true };
const DUAL: Stacks = { ipv4: true, ipv6: true };

interface Case {
  readonly name: string;
  readonly wish?: Partial<InterfaceWish>;
  readonly stacks?: Stacks;
  readonly want: string;
}

const CHOICES: readonly Case[] = [
  { name: 'of the default route with the lowest metric', want: 'eth0 192.168.77.11 -' },
  { name: 'by name', wish: { iface: ['eth1'] }, want: 'eth1 10.1.0.6 -' },
  { name: 'by address, which is then used', wish: { iface: ['192.168.77.50'] }, want: 'eth0 192.168.77.50 -' },
  { name: 'the first that is there', wish: { iface: ['wlan0', '10.9.9.9', 'eth1'] }, want: 'eth1 10.1.0.6 -' },
  { name: 'not the one without an address', wish: { iface: ['bare0', 'eth1'] }, want: 'eth1 10.1.0.6 -' },
  { name: 'also one that is down', wish: { iface: ['off0'] }, want: 'off0 10.2.0.9 -' },
  {
    name: 'with a link-local address, if that is all',
    wish: { iface: ['eth1'] },
    stacks: ONLY_6,
    want: 'eth1 - fe80::6',
  },
  { name: 'that owns the public IP', wish: { publicIp: parseIpv4('10.1.0.6') }, want: 'eth1 10.1.0.6 -' },
  {
    name: 'that owns the public IPv6, where that counts',
    wish: { publicIp: parseIpv4('203.0.113.9'), publicIpv6: parseIpv6('fd00:77::bbbb') },
    stacks: ONLY_6,
    want: 'eth0 - fd00:77::bbbb',
  },
  { name: 'by a pattern of the name', wish: { ifaceRegex: ['^eth1$'] }, want: 'eth1 10.1.0.6 -' },
  { name: 'by a pattern of an address', wish: { ifaceRegex: ['^10\\.1\\.'] }, want: 'eth1 10.1.0.6 -' },
  {
    name: 'by a pattern of an address before a name',
    wish: { ifaceRegex: ['eth1|192.168.77.50'] },
    want: 'eth0 192.168.77.50 -',
  },
  { name: 'by a pattern without an anchor', wish: { ifaceRegex: ['th1'] }, want: 'eth1 10.1.0.6 -' },
  { name: 'by name before by pattern', wish: { iface: ['eth1'], ifaceRegex: ['eth0'] }, want: 'eth1 10.1.0.6 -' },
  {
    name: 'by pattern where no name fits',
    wish: { iface: ['wlan0'], ifaceRegex: ['eth0'] },
    want: 'eth0 192.168.77.11 -',
  },
  {
    name: 'that leads to an address, with the source that the kernel takes',
    wish: { ifaceCanReach: ip('10.1.9.9') },
    want: 'eth1 10.1.0.5 -',
  },
  {
    name: 'by pattern before by reach',
    wish: { ifaceRegex: ['eth0'], ifaceCanReach: ip('10.1.9.9') },
    want: 'eth0 192.168.77.11 -',
  },
  { name: 'IPv6 alone: permanent, not temporary', stacks: ONLY_6, want: 'eth0 - fd00:77::11' },
  { name: 'both families on one interface', stacks: DUAL, want: 'eth0 192.168.77.11 fd00:77::11' },
  {
    name: 'both, one by its address',
    wish: { iface: ['fd00:77::bbbb'] },
    stacks: DUAL,
    want: 'eth0 192.168.77.11 fd00:77::bbbb',
  },
  {
    name: 'both: a pattern has to match an address of each',
    wish: { ifaceRegex: ['^10\\.1\\.|^192\\.168\\.77\\.50$|bbbb$'] },
    stacks: DUAL,
    want: 'eth0 192.168.77.50 fd00:77::bbbb',
  },
  {
    name: 'both: else the name',
    wish: { ifaceRegex: ['^10\\.1\\.|^eth1$'] },
    stacks: DUAL,
    want: 'eth1 10.1.0.6 fe80::6',
  },
  {
    name: 'both, by reach',
    wish: { ifaceCanReach: ip('fd00:77::1') },
    stacks: DUAL,
    want: 'eth0 192.168.77.11 fd00:77::bbbb',
  },
];

describe('the interface', () => {
  test.each(CHOICES)('$name', ({ wish = {}, stacks = ONLY_4, want }) => {
    const { underlay } = chooseUnderlay(host, { ...nothing, ...wish }, stacks);
    const text = (own: IpAddress | undefined): string => (own === undefined ? '-' : formatIp(own));
    expect(`${underlay.name} ${text(underlay.ipv4)} ${text(underlay.ipv6)}`).toBe(want);
    expect(underlay.mtu).toBe(host.links.find(({ name }) => name === underlay.name)?.mtu);
  });

  test('behind NAT peers are told the public addresses, packets leave from the own', () => {
    const publicIp = parseIpv4('203.0.113.9');
    const publicIpv6 = parseIpv6('2001:db8::9');
    const { underlay } = chooseUnderlay(host, { ...nothing, iface: ['eth0'], publicIp, publicIpv6 }, DUAL);
    expect(underlay).toMatchObject({ publicIp, publicIpv6, ipv4: ip('192.168.77.11'), ipv6: ip('fd00:77::11') });
    const single = chooseUnderlay(host, { ...nothing, iface: ['eth0'], publicIp, publicIpv6 }, ONLY_4);
    expect([single.underlay.publicIp, single.underlay.publicIpv6]).toEqual([publicIp, undefined]);
  });

  test('what is wished and there is always found, whichever order the kernel tells things in', () => {
    const shuffled = fc.shuffledSubarray([...host.links], { minLength: host.links.length });
    const addresses = fc.shuffledSubarray([...host.addresses], { minLength: host.addresses.length });
    fc.assert(
      fc.property(
        shuffled,
        addresses,
        fc.constantFrom(...CHOICES),
        (links, all, { wish = {}, stacks = ONLY_4, want }) => {
          const { underlay } = chooseUnderlay({ ...host, links, addresses: all }, { ...nothing, ...wish }, stacks);
          expect(underlay.name).toBe(want.split(' ')[0]);
        },
      ),
    );
  });
});

const THERE = 'this host has lo, eth0 (192.168.77.11), eth1 (10.1.0.6), bare0, off0 (10.2.0.9)';
const NO_MATCH = 'Failed to find interface to use that matches the interfaces and/or regexes provided';

describe('what cannot be chosen is told', () => {
  const cases: readonly (Case & { readonly where?: Partial<HostInterfaces> })[] = [
    {
      name: 'no default route',
      where: { defaultRoutes: [] },
      want: `unable to find default route of IPv4: name the interface with --iface; ${THERE}`,
    },
    {
      name: 'a default route with several next hops',
      where: { defaultRoutes: [{ family: 'ipv4', oif: undefined, metric: 0 }] },
      want: `found default route of IPv4 but could not determine interface, for it has several next hops: name the interface with --iface; ${THERE}`,
    },
    {
      name: 'default routes that part',
      where: { defaultRoutes: [...host.defaultRoutes, { family: 'ipv6', oif: 3, metric: 1 }] },
      stacks: DUAL,
      want: 'the default route of IPv4 leaves by eth0 and that of IPv6 by eth1: name one interface with --iface',
    },
    {
      name: 'none of the names',
      wish: { iface: ['wlan0', '10.9.9.9', 'fd00::9', '127.0.0.1', 'bare0'] },
      want:
        `${NO_MATCH}: --iface wlan0: no interface has this name; --iface 10.9.9.9: no interface has this address; ` +
        '--iface fd00::9: it is an IPv6 address, and the network has no IPv6; --iface 127.0.0.1: other hosts cannot reach it; ' +
        `--iface bare0: failed to find IPv4 address for interface bare0; ${THERE}`,
    },
    {
      name: 'a pattern of nothing',
      wish: { ifaceRegex: ['^wl'] },
      want: `${NO_MATCH}: --iface-regex ^wl: it matches no address and no name; ${THERE}`,
    },
    {
      name: 'a target without a route',
      wish: { ifaceCanReach: ip('10.200.0.1') },
      want: `${NO_MATCH}: --iface-can-reach 10.200.0.1: this host has no route there; ${THERE}`,
    },
    {
      name: 'a target of the other family',
      wish: { ifaceCanReach: ip('fd00:77::1') },
      want: `${NO_MATCH}: --iface-can-reach fd00:77::1: the network has no IPv6; ${THERE}`,
    },
    {
      name: 'the interface of the default route has no address',
      where: { defaultRoutes: [{ family: 'ipv4', oif: 4, metric: 0 }] },
      want: 'failed to find IPv4 address for interface bare0: give it one, or choose another with --iface',
    },
    {
      name: 'a public IP of nobody',
      wish: { publicIp: parseIpv4('203.0.113.9') },
      want:
        `Failed to find any valid interface to use: --public-ip 203.0.113.9: no interface has this address; ${THERE}: ` +
        'behind NAT name the interface with --iface as well',
    },
  ];
  test.each(cases)('$name', ({ where = {}, wish = {}, stacks = ONLY_4, want }) => {
    const choose = (): unknown => chooseUnderlay({ ...host, ...where }, { ...nothing, ...wish }, stacks);
    expect(choose).toThrow(InterfaceChoiceError);
    expect(choose).toThrow(want);
  });

  test('a host with hundreds of interfaces is told in short', () => {
    const links = Array.from({ length: 300 }, (_, index) => link(index + 1, `veth${index}`));
    const choose = (): unknown =>
      chooseUnderlay({ ...host, links, addresses: [] }, { ...nothing, iface: ['x'] }, ONLY_4);
    expect(choose).toThrow(/veth11 and 288 more$/);
  });
});

test('the choice explains itself', () => {
  const { because, rejected } = chooseUnderlay(host, { ...nothing, iface: ['wlan0', 'eth0'] }, ONLY_4);
  expect(because).toBe('--iface eth0 names it');
  expect(rejected).toEqual([
    { what: '--iface wlan0', why: 'no interface has this name' },
    { what: '169.254.7.7 on eth0', why: 'link-local' },
    { what: '192.168.77.50 on eth0', why: 'not permanent' },
  ]);
  const byRoute = chooseUnderlay(host, nothing, ONLY_4);
  expect(byRoute.because).toBe('the default route leaves by it');
  expect(byRoute.rejected[0]).toEqual({
    what: 'default route by eth1, metric 100',
    why: 'another one has a lower metric or comes first',
  });
  expect(chooseUnderlay(host, { ...nothing, iface: ['off0'] }, ONLY_4).because).toBe(
    '--iface off0 names it (it is down now)',
  );
});

describe('a pattern in the words of Go', () => {
  test.each([
    { text: '(?i)^ETH', subject: 'eth0', want: true },
    { text: '\\Aeth\\z', subject: 'eth0', want: false },
    { text: '(?P<kind>eth|ens)\\d', subject: 'ens3', want: true },
    { text: '', subject: 'lo', want: true },
  ])('$text on $subject', ({ text, subject, want }) => {
    expect(interfacePattern(text).test(subject)).toBe(want);
  });

  test('a broken one is named', () => {
    expect(() => interfacePattern('eth[')).toThrow(
      '"eth[" is not a regular expression: expected one such as ^eth[0-9]+$',
    );
  });
});

describe('the chosen interface later on', () => {
  const chosen = chooseUnderlay(host, nothing, DUAL).underlay;

  test('is found under its new index and MTU', () => {
    const links = [link(12, 'eth0', 1400)];
    const addresses = [address(12, '192.168.77.11'), address(12, 'fd00:77::11')];
    expect(findUnderlay({ links, addresses }, chosen)).toEqual({ ...chosen, ifindex: 12, mtu: 1400 });
  });

  test.each([
    { name: 'without link', links: [], addresses: host.addresses },
    { name: 'without addresses', links: host.links, addresses: [] },
    { name: 'without one of its two addresses', links: host.links, addresses: [address(2, '192.168.77.11')] },
    {
      name: 'with its addresses elsewhere',
      links: host.links,
      addresses: [address(3, '192.168.77.11'), address(3, 'fd00:77::11')],
    },
  ])('is missing $name', ({ links, addresses }) => {
    expect(findUnderlay({ links, addresses }, chosen)).toBeUndefined();
  });
});
