import fc from 'fast-check';
import { expect, test } from 'vitest';
import { foldLeases, type KnownLease, type LeaseChange } from '../../../../flannel/model/lease.ts';
import { PeerIndex } from '../../../../flannel/model/peer-index.ts';
import { selectPeers, type SelfInOverlay } from '../../../../flannel/model/select-peers.ts';
import { cidr4, parseCidr4 } from '../../../../native/net/cidr.ts';
import { formatCidr } from '../../../../native/net/ip.ts';
import { parseIpv4, type Ipv4 } from '../../../../native/net/ipv4.ts';
import { parseMac } from '../../../../native/net/mac.ts';
import { knownLease } from '../builders.ts';

const self: SelfInOverlay = {
  family: 'ipv4',
  backend: 'vxlan',
  nodeId: 'me',
  publicIp: parseIpv4('192.168.88.1'),
  publicIpv6: undefined,
  network: parseCidr4('10.6.0.0/16'),
  subnet: parseCidr4('10.6.3.0/24'),
  vtepMac: parseMac('02:00:00:00:01:01'),
};

interface Written {
  /** Of twelve subnets of /24 mostly, or of others over and under them. */
  readonly subnet: number;
  readonly length: number;
  readonly host: number;
  readonly mac: number;
  readonly backend: 'vxlan' | 'host-gw';
}

const written = fc.record<Written>({
  subnet: fc.nat(11),
  length: fc.constantFrom(24, 24, 24, 24, 24, 24, 24, 23, 25),
  host: fc.integer({ min: 1, max: 40 }),
  mac: fc.integer({ min: 1, max: 40 }),
  backend: fc.constantFrom('vxlan', 'vxlan', 'vxlan', 'vxlan', 'host-gw'),
});
const action = fc.record({ kind: fc.constantFrom('put', 'put', 'removed'), written });
const updates = fc.array(fc.array(action, { minLength: 1, maxLength: 3 }), { maxLength: 30 });

function leaseOf({ subnet, length, host, mac, backend }: Written, revision: bigint): KnownLease {
  const vtepMac = parseMac(`02:00:00:00:01:${mac.toString(16).padStart(2, '0')}`);
  const data = { kind: 'vxlan', ipv4: { vni: 1, vtepMac }, ipv6: undefined } as const;
  return knownLease(
    formatCidr(cidr4((0x0a060000 + subnet * 256) as Ipv4, length)),
    { ip: `192.168.88.${host}`, backend: backend === 'vxlan' ? data : { kind: 'host-gw' } },
    { createRevision: revision, modRevision: revision },
  );
}

test('after any changes it is what a choice among all leases would give', () => {
  fc.assert(
    fc.property(updates, (all) => {
      const leases = new Map<string, KnownLease>();
      const index = new PeerIndex();
      let revision = 0n;
      for (const update of all) {
        const changes = update.map((each): LeaseChange => {
          revision += 1n;
          const lease = leaseOf(each.written, revision);
          return each.kind === 'put' ? { kind: 'put', lease } : { kind: 'removed', key: lease.key };
        });
        foldLeases(leases, { kind: 'delta', changes, revision });
        for (const change of changes) index.change(change, leases, self);

        const { peers, problems } = selectPeers(leases.values(), self);
        expect(index.peers).toEqual(peers);
        expect(index.size).toBe(peers.length);
        expect(index.problems).toEqual(problems);
        for (const peer of peers) {
          expect(index.at(peer.subnet.address)).toEqual(peer);
          expect(index.remoteOf(peer.vtepMac ?? parseMac('00:00:00:00:00:00'))).toBe(peer.publicIp);
        }
      }
    }),
    { numRuns: 2_000 },
  );
});

test('a change that contradicts nothing looks at no other lease', () => {
  const index = new PeerIndex();
  const lease = leaseOf({ subnet: 1, length: 24, host: 9, mac: 9, backend: 'vxlan' }, 1n);
  const untouched = new Map<string, KnownLease>();

  index.change({ kind: 'put', lease }, untouched, self);
  expect(index.size).toBe(1); // a choice among the (empty) map would have found none
  index.change({ kind: 'removed', key: lease.key }, untouched, self);
  expect(index.peers).toEqual([]);
  expect(index.remoteOf(parseMac('02:00:00:00:01:09'))).toBeUndefined();
});
