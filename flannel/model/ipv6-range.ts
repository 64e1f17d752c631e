import { cidr6Contains, formatIpv6, ipv6NetworkSize, parseCidr6, parseIpv6, type Ipv6 } from '../../native/net/ipv6.ts';
import { NetworkConfigError, parsed, plainField, unsigned, type JsonObject } from './config-fields.ts';

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

/**
 * Flannel's checks of `IPv6Network`, `IPv6SubnetLen`, `IPv6SubnetMin` and `IPv6SubnetMax`, in its order and with its words; an end of
 * the range that is not given (or `::`) is right by itself. @throws {NetworkConfigError}
 */
export function checkIpv6Range(object: JsonObject): void {
  const network = parsed(object, 'IPv6Network', parseNetwork);
  if (network === undefined || (network.address === 0n && network.prefixLength === 0)) {
    throw new NetworkConfigError('please define a correct IPv6Network parameter in the flannel config');
  }
  const size = ipv6NetworkSize(subnetLengthOf(network.prefixLength, unsigned(object, 'IPv6SubnetLen', 0)));
  const ends = ['IPv6SubnetMin', 'IPv6SubnetMax'].flatMap((name): { name: string; address: Ipv6 }[] => {
    // The two ends are pointers in flannel, so null leaves them out; the network is none, so null is a fault.
    const address = plainField(object, name) === undefined ? undefined : parsed(object, name, parseIpv6);
    if (address === undefined || address === 0n) return [];
    if (!cidr6Contains(network, address)) {
      throw new NetworkConfigError(`${name} is not in the range of the IPv6Network`);
    }
    return [{ name, address }];
  });
  for (const { name, address } of ends) {
    if (address % size !== 0n) {
      throw new NetworkConfigError(`${name} is not on a SubnetLen boundary: ${formatIpv6(address)}`);
    }
  }
}
