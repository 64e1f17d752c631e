import {
  cidr6Contains,
  formatIpv6,
  ipv6NetworkSize,
  parseCidr6,
  parseIpv6,
  type Cidr6,
  type Ipv6,
} from '../../native/net/ipv6.ts';
import { NetworkConfigError, parsed, plainField, unsigned, type JsonObject } from './config-fields.ts';
import type { Range6 } from './subnet-range.ts';

function subnetLengthOf(networkLength: number, configured: number): number {
  if (configured > 0) {
    if (configured > 126) throw new NetworkConfigError('SubnetLen must be less than /127');
    if (configured < networkLength + 2) {
      throw new NetworkConfigError('network must be able to accommodate at least four subnets');
    }
    return configured;
  }
  if (networkLength > 124) {
    throw new NetworkConfigError('IPv6Network is too small. Minimum useful network prefix is /124');
  }
  return networkLength <= 62 ? 64 : networkLength + 2;
}

function parseNetwork(text: string): ReturnType<typeof parseCidr6> {
  if (!text.includes(':')) throw new RangeError('invalid IPv6 CIDR format');
  return parseCidr6(text);
}

/** One end of the leasable range: configured (`::` is unset) or derived. */
function rangeEnd(
  object: JsonObject,
  name: 'IPv6SubnetMin' | 'IPv6SubnetMax',
  range: { network: Cidr6; fallback: Ipv6 },
): Ipv6 {
  // The two ends are pointers in flannel, so null leaves them out; the network is none, so null is a fault.
  const configured = plainField(object, name) === undefined ? undefined : parsed(object, name, parseIpv6);
  if (configured === undefined || configured === 0n) return range.fallback;
  if (!cidr6Contains(range.network, configured)) {
    throw new NetworkConfigError(`${name} is not in the range of the IPv6Network`);
  }
  return configured;
}

function onBoundary(name: string, address: Ipv6, size: bigint): Ipv6 {
  if (address % size === 0n) return address;
  throw new NetworkConfigError(`${name} is not on a SubnetLen boundary: ${formatIpv6(address)}`);
}

/**
 * Reads `IPv6Network`, `IPv6SubnetLen`, `IPv6SubnetMin` and `IPv6SubnetMax` with flannel's checks, in its order and with its words.
 * @throws {NetworkConfigError}
 */
export function parseIpv6Range(object: JsonObject): Range6 {
  const network = parsed(object, 'IPv6Network', parseNetwork);
  if (network === undefined || (network.address === 0n && network.prefixLength === 0)) {
    throw new NetworkConfigError('please define a correct IPv6Network parameter in the flannel config');
  }
  const subnetLength = subnetLengthOf(network.prefixLength, unsigned(object, 'IPv6SubnetLen', 0));
  const size = ipv6NetworkSize(subnetLength);
  const first = (network.address + size) as Ipv6;
  const last = (network.address + ipv6NetworkSize(network.prefixLength) - size) as Ipv6;
  // The first subnet is left out unless it is asked for, as flannel does.
  const subnetMin = rangeEnd(object, 'IPv6SubnetMin', { network, fallback: first });
  const subnetMax = rangeEnd(object, 'IPv6SubnetMax', { network, fallback: last });
  return {
    network,
    subnetLength,
    subnetMin: onBoundary('IPv6SubnetMin', subnetMin, size),
    subnetMax: onBoundary('IPv6SubnetMax', subnetMax, size),
  };
}
