import { cidr4Contains, cidr4Size, parseCidr4, type Cidr4 } from '../../native/net/cidr.ts';
import { addIpv4, formatIpv4, parseIpv4, type Ipv4 } from '../../native/net/ipv4.ts';
import type { SubnetPair } from '../wire.ts';
import { boolean, isObject, NetworkConfigError, parsed, unsigned, type JsonObject } from './config-fields.ts';
import { parseBackend, type Backend } from './backend-config.ts';
import { parseIpv6Range } from './ipv6-range.ts';
import { parseSpelledKeys } from './spelled-keys.ts';
import type { Range4, Range6, SubnetRange } from './subnet-range.ts';

export { NetworkConfigError } from './config-fields.ts';

/** The operator's `<prefix>/config`, validated and completed. At least one family is there. */
export interface NetworkConfig {
  readonly ipv4: Range4 | undefined;
  readonly ipv6: Range6 | undefined;
  /** `EnableNFTables`: which firewall flanneld would use. */
  readonly enableNftables: boolean;
  readonly backend: Backend;
}

function parseNetwork(text: string): Cidr4 {
  if (text.includes(':')) throw new RangeError('invalid IPv4 CIDR format');
  return parseCidr4(text);
}

function subnetLengthOf(network: Cidr4, configured: number): number {
  if (configured > 0) {
    if (configured > 30) throw new NetworkConfigError('SubnetLen must be less than /31');
    if (configured < network.prefixLength + 2) {
      throw new NetworkConfigError('network must be able to accommodate at least four subnets');
    }
    return configured;
  }
  if (network.prefixLength > 28) {
    throw new NetworkConfigError('network is too small. Minimum useful network prefix is /28');
  }
  return network.prefixLength <= 22 ? 24 : network.prefixLength + 2;
}

/** One end of the leasable range: configured (0.0.0.0 is unset) or derived. */
function rangeEnd(
  object: JsonObject,
  name: 'SubnetMin' | 'SubnetMax',
  range: { network: Cidr4; fallback: Ipv4 },
): Ipv4 {
  const configured = parsed(object, name, parseIpv4);
  if (configured === undefined || configured === 0) return range.fallback;
  if (!cidr4Contains(range.network, configured)) {
    throw new NetworkConfigError(`${name} is not in the range of the Network`);
  }
  return configured;
}

function onBoundary(name: 'SubnetMin' | 'SubnetMax', address: Ipv4, size: number): Ipv4 {
  if (address % size !== 0) {
    throw new NetworkConfigError(`${name} is not on a SubnetLen boundary: ${formatIpv4(address)}`);
  }
  return address;
}

interface Stacks {
  readonly ipv4: boolean;
  readonly ipv6: boolean;
}

function parseStacks(object: JsonObject): Stacks {
  const ipv4 = boolean(object, 'EnableIPv4', true);
  const ipv6 = boolean(object, 'EnableIPv6', false);
  if (!ipv4 && !ipv6) throw new NetworkConfigError('none defined stack');
  return { ipv4, ipv6 };
}

function parseIpv4Range(object: JsonObject): Range4 {
  const network = parsed(object, 'Network', parseNetwork);
  if (network === undefined || (network.address === 0 && network.prefixLength === 0)) {
    throw new NetworkConfigError('please define a correct Network parameter in the flannel config');
  }
  const subnetLength = subnetLengthOf(network, unsigned(object, 'SubnetLen', 0));
  const size = 2 ** (32 - subnetLength);
  // The first subnet is left out unless it is asked for, as flannel does.
  const subnetMin = rangeEnd(object, 'SubnetMin', { network, fallback: addIpv4(network.address, size) });
  const subnetMax = rangeEnd(object, 'SubnetMax', {
    network,
    fallback: addIpv4(network.address, cidr4Size(network) - size),
  });
  return {
    network,
    subnetLength,
    subnetMin: onBoundary('SubnetMin', subnetMin, size),
    subnetMax: onBoundary('SubnetMax', subnetMax, size),
  };
}

/**
 * Reads and validates the network configuration as flannel does: letter case of keys does not matter, unknown keys are passed
 * over, the checks come in flannel's order and with its words. @throws {NetworkConfigError}
 */
export function parseNetworkConfig(text: string): NetworkConfig {
  let object: unknown;
  try {
    object = parseSpelledKeys(text);
  } catch (cause) {
    throw new NetworkConfigError(`not JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  if (!isObject(object)) throw new NetworkConfigError(`expected a JSON object, got ${text.slice(0, 60)}`);
  const stacks = parseStacks(object);
  return {
    ipv4: stacks.ipv4 ? parseIpv4Range(object) : undefined,
    ipv6: stacks.ipv6 ? parseIpv6Range(object) : undefined,
    enableNftables: boolean(object, 'EnableNFTables', false),
    backend: parseBackend(object, stacks),
  };
}

/** Whether subnets may be leased under this configuration: both families as wanted, each inside its range and of its length. */
export function isLeasable({ ipv4, ipv6 }: NetworkConfig, subnets: SubnetPair): boolean {
  return fits(ipv4, subnets.ipv4) && fits(ipv6, subnets.ipv6);
}

function fits<Address extends number | bigint, Network>(
  range: SubnetRange<Address, Network> | undefined,
  subnet: { readonly address: Address; readonly prefixLength: number } | undefined,
): boolean {
  if (range === undefined || subnet === undefined) return range === subnet;
  const { subnetLength, subnetMin, subnetMax } = range;
  return subnet.prefixLength === subnetLength && subnet.address >= subnetMin && subnet.address <= subnetMax;
}
