import { formatCidr4 } from '../../native/net/cidr.ts';
import { formatIpv4, type Ipv4 } from '../../native/net/ipv4.ts';
import { formatIpv6, type Ipv6 } from '../../native/net/ipv6.ts';
import type { SubnetPair } from '../wire.ts';
import type { NetworkConfig } from './network-config.ts';
import type { Blocker } from './retake.ts';

/** `10.5.1.0/24`, `10.5.1.0/24 and fc00:5:0:1::/64`. */
export function subnetsText({ ipv4, ipv6 }: SubnetPair): string {
  const texts = [
    ...(ipv4 === undefined ? [] : [formatCidr4(ipv4)]),
    ...(ipv6 === undefined ? [] : [`${formatIpv6(ipv6.address)}/${ipv6.prefixLength}`]),
  ];
  return texts.join(' and ');
}

/** The address a host is known by: IPv4 where it has one, as in flannel. */
export function addressText(host: {
  readonly publicIp: Ipv4 | undefined;
  readonly publicIpv6: Ipv6 | undefined;
}): string {
  if (host.publicIp !== undefined) return formatIpv4(host.publicIp);
  return host.publicIpv6 === undefined ? 'no address' : formatIpv6(host.publicIpv6);
}

/** `/24 from 10.5.1.0 to 10.5.255.0`. */
export function rangeText({ ipv4, ipv6 }: NetworkConfig): string {
  const texts = [
    ...(ipv4 === undefined
      ? []
      : [`/${ipv4.subnetLength} from ${formatIpv4(ipv4.subnetMin)} to ${formatIpv4(ipv4.subnetMax)}`]),
    ...(ipv6 === undefined
      ? []
      : [`/${ipv6.subnetLength} from ${formatIpv6(ipv6.subnetMin)} to ${formatIpv6(ipv6.subnetMax)}`]),
  ];
  return texts.join(', or ');
}

/** `node 5c… at 192.168.0.2`, `a flannel host at 192.168.0.2`, `the reservation /weft/reservations/10.5.1.0-24`. */
export function blockerText(blocker: Blocker): string {
  if (blocker.kind === 'reservation') return `the reservation ${blocker.by.key}`;
  const { lease } = blocker.by;
  const owner = lease.nodeId === undefined ? 'a flannel host' : `node ${lease.nodeId}`;
  return `${owner} at ${addressText(lease)}`;
}
