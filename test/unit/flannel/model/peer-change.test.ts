import { describe, expect, test } from 'vitest';
import { planPeerChange, restoreSteps, type MissingEntry } from '../../../../flannel/model/peer-change.ts';
import { parseCidr4 } from '../../../../native/net/cidr.ts';
import { parseIpv4 } from '../../../../native/net/ipv4.ts';
import { parseMac } from '../../../../native/net/mac.ts';

describe('short path', () => {
  const peer = {
    subnet: parseCidr4('10.5.1.0/24'),
    vtepMac: parseMac('02:00:00:00:00:01'),
    publicIp: parseIpv4('192.168.0.1'),
  };
  const moved = { ...peer, publicIp: parseIpv4('192.168.0.2') };
  const reborn = { ...peer, vtepMac: parseMac('02:00:00:00:00:02') };
  const unused = { nexthopObjects: false, isMacInUse: (): boolean => false };
  test.each([
    { name: 'came', before: undefined, after: peer, want: ['set-neighbor', 'set-fdb', 'add-route'] },
    { name: 'left', before: peer, after: undefined, want: ['remove-route', 'remove-fdb', 'remove-neighbor'] },
    { name: 'moved', before: peer, after: moved, want: ['set-fdb'] },
    { name: 'has a new MAC', before: peer, after: reborn, want: ['set-neighbor', 'set-fdb', 'remove-fdb'] },
    { name: 'is the same', before: peer, after: { ...peer }, want: [] },
    { name: 'is none', before: undefined, after: undefined, want: [] },
  ])('a host that $name', ({ before, after, want }) => {
    expect(planPeerChange(before, after, unused).map(({ kind }) => kind)).toEqual(want);
  });
  test('a MAC that another lease has keeps its FDB entry', () => {
    const kinds = planPeerChange(peer, undefined, { nexthopObjects: false, isMacInUse: () => true }).map(
      ({ kind }) => kind,
    );
    expect(kinds).toEqual(['remove-route', 'remove-neighbor']);
  });
  test('with nexthop objects a route comes after its object and goes before it', () => {
    const rules = { ...unused, nexthopObjects: true };
    const kinds = (steps: ReturnType<typeof planPeerChange>): string[] => steps.map(({ kind }) => kind);
    expect(kinds(planPeerChange(undefined, peer, rules))).toEqual([
      'set-neighbor',
      'set-fdb',
      'set-nexthop',
      'add-route',
    ]);
    const left = kinds(planPeerChange(peer, undefined, rules));
    expect(left).toEqual(['remove-route', 'remove-nexthop', 'remove-fdb', 'remove-neighbor']);
  });
});

describe('an entry that somebody deleted', () => {
  const subnet = parseCidr4('10.5.1.0/24');
  const mac = parseMac('02:00:00:00:00:01');
  const entries: readonly { missing: MissingEntry; want: string[]; withObjects: string[] }[] = [
    {
      missing: { kind: 'neighbor', ifindex: 7, address: subnet.address, mac },
      want: ['set-neighbor'],
      withObjects: ['set-neighbor'],
    },
    {
      missing: { kind: 'fdb', ifindex: 7, mac, remote: parseIpv4('192.168.0.1') },
      want: ['set-fdb'],
      withObjects: ['set-fdb'],
    },
    {
      missing: { kind: 'route', ifindex: 7, destination: subnet },
      want: ['add-route'],
      withObjects: ['set-nexthop', 'add-route'],
    },
  ];
  test.each(entries)('$missing.kind', ({ missing, want, withObjects }) => {
    const kinds = (nexthopObjects: boolean): string[] =>
      restoreSteps(missing, { nexthopObjects }).map(({ kind }) => kind);
    expect([kinds(false), kinds(true)]).toEqual([want, withObjects]);
  });
});
