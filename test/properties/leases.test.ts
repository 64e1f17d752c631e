import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeReservation } from '../../flannel/model/reservation.ts';
import {
  decodeLease,
  encodeLease,
  LeaseFormatError,
  subnetKey,
  type Lease,
  type LeaseBackend,
} from '../../flannel/wire.ts';
import { cidr4 } from '../../native/net/cidr.ts';
import type { Ipv4 } from '../../native/net/ipv4.ts';
import type { Ipv6 } from '../../native/net/ipv6.ts';
import { parseMac, type MacAddress } from '../../native/net/mac.ts';
import { agrees, holds, throwsOnly } from './holds.ts';

const KEYS = ['10.5.1.0-24', '10.5.1.0-24&fc00:5:0:1::-64', '0.0.0.0-0&fc00:5:0:1::-64'];

const ipv4s = fc.integer({ min: 1, max: 0xffff_ffff }).map((value) => value as Ipv4);
const ipv6s = fc.bigInt({ min: 1n, max: (1n << 128n) - 1n }).map((value) => value as Ipv6);
const cidr4s = fc.tuple(ipv4s, fc.integer({ min: 1, max: 31 })).map(([address, length]) => cidr4(address, length));
const cidr6s = fc.tuple(ipv6s, fc.integer({ min: 0, max: 127 })).map(([address, prefixLength]) => {
  const host = 1n << BigInt(128 - prefixLength);
  return { address: (address - (address % host)) as Ipv6, prefixLength };
});
const macs = fc
  .uint8Array({ minLength: 6, maxLength: 6 })
  .map((bytes): MacAddress => parseMac([...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':')));
const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined });
const vxlanDatas = fc.record({ vni: optional(fc.integer({ min: 0, max: 0xff_ffff })), vtepMac: macs });
const wireguardDatas = fc.record({
  publicKey: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((key) => Buffer.from(key).toString('base64')),
  port: optional(fc.integer({ min: 0, max: 65_535 })),
});
const backends: fc.Arbitrary<LeaseBackend> = fc.oneof(
  fc.record({ kind: fc.constant('vxlan' as const), ipv4: vxlanDatas, ipv6: vxlanDatas }),
  fc.record({ kind: fc.constant('wireguard' as const), ipv4: wireguardDatas, ipv6: wireguardDatas }),
  fc.constantFrom({ kind: 'host-gw' } as const, { kind: 'ipip' } as const),
  fc
    .constantFrom('udp', 'ipsec', 'extension', 'VXLAN', '', undefined)
    .map((type) => ({ kind: 'other' as const, type })),
);
const leases: fc.Arbitrary<Lease> = fc.record({
  subnets: fc
    .record({ ipv4: optional(cidr4s), ipv6: optional(cidr6s) })
    .filter(({ ipv4, ipv6 }) => ipv4 !== undefined || ipv6 !== undefined),
  publicIp: optional(ipv4s),
  publicIpv6: optional(ipv6s),
  backend: backends,
  nodeId: optional(fc.uuid()),
});

test('a lease that is written is read again', () => {
  holds(leases, (lease) => agrees(decodeLease(subnetKey('/p', lease.subnets), encodeLease(lease)), lease, 'exact'));
});

const fieldNames = ['PublicIP', 'publicip', 'PublicIPv6', 'BackendType', 'BackendData', 'BackendV6Data', 'NodeID'];
const fieldValues = fc.oneof(
  fc.constantFrom('1.2.3.4', 'fd00::1', 'vxlan', 'wireguard', { VtepMAC: '02:00:00:00:00:01', VNI: 1 }),
  fc.jsonValue({ maxDepth: 1 }),
);
const values = fc.oneof(
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('utf8')),
  fc.dictionary(fc.constantFrom(...fieldNames), fieldValues).map((value) => JSON.stringify(value)),
);

test('no value of a lease does anything but be read or be told', () => {
  holds(fc.tuple(fc.constantFrom(...KEYS), values), ([key, value]) =>
    throwsOnly(LeaseFormatError, () => decodeLease(`/p/subnets/${key}`, value)),
  );
});

test('no key of a lease does', () => {
  const part = fc.string({ unit: fc.constantFrom(...Array.from('0123456789.-&:af')), maxLength: 24 });
  const names = fc.oneof(part, fc.string({ maxLength: 24 }));
  holds(names, (name) => throwsOnly(LeaseFormatError, () => decodeLease(`/p/subnets/${name}`, '{}')));
});

test('no value of a reservation does anything but keep a subnet', () => {
  const fields = fc.dictionary(
    fc.constantFrom('v', 'nodeId', 'publicIp', 'hostname', 'note'),
    fc.oneof(fc.constantFrom(1, '1.2.3.4', 'fd00::1'), fc.jsonValue({ maxDepth: 1 })),
  );
  const wanted = decodeReservation('/weft/reservations/10.5.4.0-24', '{}').subnets;
  const texts = fc.oneof(
    fields.map((value) => JSON.stringify(value)),
    fc.string({ maxLength: 40 }),
  );
  expect(wanted.ipv4).toBeDefined();
  holds(texts, (text) => isDeepStrictEqual(decodeReservation('/weft/reservations/10.5.4.0-24', text).subnets, wanted));
});
