import { formatCidr4 } from '../../native/net/cidr.ts';
import { formatCidr6 } from '../../native/net/ipv6.ts';
import type { SubnetPair } from '../wire.ts';
import type { LeaseEvent } from './lease-event.ts';

/** What an event hook finds in its environment beside PATH; a name without a value is not there. */
export type HookEnvironment = Readonly<Record<string, string>>;

/** Nothing of the agent's own environment, which may hold etcd's password. */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

function subnetNames(infix: '' | 'PREVIOUS_', { ipv4, ipv6 }: SubnetPair): Record<string, string> {
  return {
    ...(ipv4 === undefined ? {} : { [`WEFT_${infix}SUBNET`]: formatCidr4(ipv4) }),
    ...(ipv6 === undefined ? {} : { [`WEFT_${infix}IPV6_SUBNET`]: formatCidr6(ipv6) }),
  };
}

/** `WEFT_EVENT`, `WEFT_SUBNET`, `WEFT_PREVIOUS_SUBNET`, `WEFT_REASON`, …: networks as `10.5.1.0/24`. */
export function hookEnvironment(event: LeaseEvent, subnetFile: string): HookEnvironment {
  return {
    PATH,
    WEFT_EVENT: event.kind,
    WEFT_SUBNET_FILE: subnetFile,
    ...subnetNames('', event.subnets),
    ...(event.kind === 'subnet-changed' ? subnetNames('PREVIOUS_', event.previous) : {}),
    ...('because' in event ? { WEFT_REASON: event.because } : {}),
    ...(event.kind === 'address-changed' ? { WEFT_PUBLIC_IP: event.address } : {}),
  };
}
