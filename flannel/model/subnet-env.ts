import { formatCidr4, parseCidr4, type Cidr4 } from '../../native/net/cidr.ts';
import { addIpv4 } from '../../native/net/ipv4.ts';
import { addIpv6, formatCidr6, parseCidr6, type Cidr6 } from '../../native/net/ipv6.ts';
import type { SubnetPair } from '../wire.ts';

interface EnvPart<Network> {
  readonly network: Network;
  readonly subnet: Network;
}

/** What container runtimes are told about this host's part of the overlay. */
export interface SubnetEnv {
  readonly ipv4: EnvPart<Cidr4> | undefined;
  readonly ipv6: EnvPart<Cidr6> | undefined;
  readonly mtu: number;
  readonly ipMasq: boolean;
}

/** The file as flannel writes it, byte for byte; FLANNEL_SUBNET holds the subnet's first host address, for the bridge. */
export function renderSubnetEnv({ ipv4, ipv6, mtu, ipMasq }: SubnetEnv): string {
  const lines: string[] = [];
  if (ipv4 !== undefined) {
    const bridge = { address: addIpv4(ipv4.subnet.address, 1), prefixLength: ipv4.subnet.prefixLength };
    lines.push(`FLANNEL_NETWORK=${formatCidr4(ipv4.network)}`, `FLANNEL_SUBNET=${formatCidr4(bridge)}`);
  }
  if (ipv6 !== undefined) {
    const bridge = { address: addIpv6(ipv6.subnet.address, 1n), prefixLength: ipv6.subnet.prefixLength };
    lines.push(`FLANNEL_IPV6_NETWORK=${formatCidr6(ipv6.network)}`, `FLANNEL_IPV6_SUBNET=${formatCidr6(bridge)}`);
  }
  return [...lines, `FLANNEL_MTU=${mtu}`, `FLANNEL_IPMASQ=${String(ipMasq)}`, ''].join('\n');
}

const LINE = /^\s*(?:export\s+)?([A-Za-z_][\w.]*)\s*[=:]\s*(?:'([^']*)'|"([^"]*)"|([^#\n]*))/;

/** Names and values by dotenv's rules: comments, `export`, single and double quotes; what is no assignment is passed over. */
export function parseDotenv(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const [, name, single, double, bare] = LINE.exec(line) ?? [];
    if (name !== undefined) values.set(name, single ?? double ?? (bare ?? '').trim());
  }
  return values;
}

/** A network out of a value; `undefined` for one that is empty, damaged, or holds several subnets: nothing to wish for. */
function networkIn<T>(value: string | undefined, parse: (text: string) => T): T | undefined {
  if (value === undefined) return undefined;
  try {
    return parse(value);
  } catch {
    return undefined;
  }
}

/** The subnets this host had when the file was written; `undefined` when the file does not say any. */
export function previousSubnets(text: string): SubnetPair | undefined {
  const values = parseDotenv(text);
  const ipv4 = networkIn(values.get('FLANNEL_SUBNET'), parseCidr4);
  const ipv6 = networkIn(values.get('FLANNEL_IPV6_SUBNET'), parseCidr6);
  return ipv4 === undefined && ipv6 === undefined ? undefined : { ipv4, ipv6 };
}
