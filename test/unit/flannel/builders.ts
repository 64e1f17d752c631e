import type { KnownLease } from '../../../flannel/model/lease.ts';
import { parseSubnetKey, subnetKey, type Lease, type LeaseBackend, type SubnetPair } from '../../../flannel/wire.ts';
import { parseIpv4 } from '../../../native/net/ipv4.ts';
import { parseIpv6 } from '../../../native/net/ipv6.ts';

/** `10.5.1.0/24`, `10.5.1.0/24&fc00:5:0:1::/64`, `&fc00:5:0:1::/64` as a pair. */
export function pairOf(text: string): SubnetPair {
  const key = text.startsWith('&') ? `0.0.0.0/0${text}` : text;
  return parseSubnetKey(key.replaceAll('/', '-'));
}

export interface LeaseFields {
  readonly ip?: string;
  readonly ipv6?: string;
  readonly nodeId?: string | undefined;
  readonly backend?: LeaseBackend;
}

/** A lease of `subnets`; without fields a bare reservation of 192.168.77.12. */
export function leaseOf(subnets: string, { ip, ipv6, nodeId, backend }: LeaseFields = {}): Lease {
  return {
    subnets: pairOf(subnets),
    publicIp: ip === undefined && ipv6 !== undefined ? undefined : parseIpv4(ip ?? '192.168.77.12'),
    publicIpv6: ipv6 === undefined ? undefined : parseIpv6(ipv6),
    backend: backend ?? { kind: 'other', type: undefined },
    nodeId,
  };
}

/** {@link leaseOf} as etcd holds it. */
export function knownLease(subnets: string, fields: LeaseFields = {}, more: Partial<KnownLease> = {}): KnownLease {
  return {
    key: subnetKey('/p', pairOf(subnets)),
    lease: leaseOf(subnets, fields),
    value: '',
    createRevision: 1n,
    modRevision: 1n,
    etcdLeaseId: 1n,
    ...more,
  };
}
