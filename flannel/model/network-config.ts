import { cidr4Contains, cidr4Size, parseCidr4, type Cidr4 } from '../../native/net/cidr.ts';
import { addIpv4, formatIpv4, parseIpv4, type Ipv4 } from '../../native/net/ipv4.ts';
import {
  boolean,
  bounded,
  fault,
  isObject,
  NetworkConfigError,
  parsed,
  plainField,
  unsigned,
  type JsonObject,
} from './config-fields.ts';
import { checkIpv6Range } from './ipv6-range.ts';
import { outerMtu, type OuterMtu } from './mtu.ts';

export { NetworkConfigError } from './config-fields.ts';

export interface VxlanBackend {
  readonly vni: number;
  /** UDP port as configured; 0 leaves the choice to the kernel (8472). */
  readonly port: number;
  readonly gbp: boolean;
  readonly learning: boolean;
  /** Asked for, but everything goes through VXLAN: peers that route directly take both. */
  readonly directRouting: boolean;
  /** Overrides the underlay interface's MTU. */
  readonly mtu: OuterMtu | undefined;
}

/** The operator's `<prefix>/config`, validated and completed. */
export interface NetworkConfig {
  readonly network: Cidr4;
  readonly subnetLength: number;
  /** First and last subnet address that may be leased. */
  readonly subnetMin: Ipv4;
  readonly subnetMax: Ipv4;
  readonly backend: VxlanBackend;
}

const MAX_VNI = 2 ** 24 - 1;

/** Real backends of flannel that this agent does not carry; a cluster can be moved to vxlan by changing its config. */
const OTHER_BACKENDS = new Set(['udp', 'host-gw', 'wireguard', 'ipip', 'ipsec', 'alloc', 'extension', 'tencent-vpc']);

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

function parseBackend(object: JsonObject): VxlanBackend {
  const value = plainField(object, 'Backend');
  if (value !== undefined && !isObject(value)) throw fault('Backend', 'an object', value);
  const type = value === undefined ? 'udp' : (plainField(value, 'Type') ?? '');
  if (typeof type !== 'string') throw fault('Backend.Type', 'a string', type);
  if (value === undefined || type.toLowerCase() !== 'vxlan') throw unsupportedBackend(type, value === undefined);
  const mtu = unsigned(value, 'MTU', 0);
  return {
    vni: bounded(value, 'VNI', { fallback: 1, maximum: MAX_VNI }),
    port: bounded(value, 'Port', { fallback: 0, maximum: 65_535 }),
    gbp: boolean(value, 'GBP', false),
    learning: boolean(value, 'Learning', false),
    directRouting: boolean(value, 'DirectRouting', false),
    mtu: mtu === 0 ? undefined : outerMtuOf(mtu),
  };
}

function outerMtuOf(mtu: number): OuterMtu {
  try {
    return outerMtu(mtu);
  } catch (cause) {
    throw new NetworkConfigError(`MTU: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function unsupportedBackend(type: string, absent: boolean): NetworkConfigError {
  const wayOut = 'write "Backend": {"Type": "vxlan"}, or run flanneld on this cluster';
  if (absent) {
    return new NetworkConfigError(`without a Backend flannel means udp, which weft does not carry: ${wayOut}`);
  }
  if (OTHER_BACKENDS.has(type.toLowerCase())) {
    return new NetworkConfigError(`the backend ${type} is not carried by weft: ${wayOut}`);
  }
  return new NetworkConfigError(`unknown backend type: ${type} (weft carries vxlan: ${wayOut})`);
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

type Ipv4Range = Omit<NetworkConfig, 'backend'>;

function parseIpv4Range(object: JsonObject): Ipv4Range {
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

/** IPv6 is checked before it is refused: who wrote the config is told of its faults first. */
function parseRanges(object: JsonObject): Ipv4Range {
  const { ipv4, ipv6 } = parseStacks(object);
  const range = ipv4 ? parseIpv4Range(object) : undefined;
  if (ipv6) checkIpv6Range(object);
  if (range === undefined || ipv6) {
    throw new NetworkConfigError(
      'EnableIPv6 is true, and weft carries IPv4 only: leave EnableIPv6 out, or run flanneld on this cluster',
    );
  }
  return range;
}

/**
 * Reads and validates the network configuration as flannel does: letter case of keys does not matter, unknown keys are passed
 * over, the checks come in flannel's order and with its words. @throws {NetworkConfigError}
 */
export function parseNetworkConfig(text: string): NetworkConfig {
  let object: unknown;
  try {
    object = JSON.parse(text);
  } catch (cause) {
    throw new NetworkConfigError(`not JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  if (!isObject(object)) throw new NetworkConfigError(`expected a JSON object, got ${text.slice(0, 60)}`);
  return { ...parseRanges(object), backend: parseBackend(object) };
}

/** Whether a subnet may be leased under this configuration. */
export function isLeasable({ subnetLength, subnetMin, subnetMax }: NetworkConfig, subnet: Cidr4): boolean {
  return subnet.prefixLength === subnetLength && subnet.address >= subnetMin && subnet.address <= subnetMax;
}
