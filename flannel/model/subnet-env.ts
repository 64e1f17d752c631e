import { cidr4, formatCidr4, parseInterfaceAddress4, type Cidr4 } from '../../native/net/cidr.ts';
import { addIpv4 } from '../../native/net/ipv4.ts';
import type { InnerMtu } from './mtu.ts';

/** What container runtimes are told about this host's part of the overlay. */
export interface SubnetEnv {
  readonly network: Cidr4;
  readonly subnet: Cidr4;
  readonly mtu: InnerMtu;
  readonly ipMasq: boolean;
}

/** The file as flannel writes it, byte for byte; FLANNEL_SUBNET holds the subnet's first host address, for the bridge. */
export function renderSubnetEnv({ network, subnet, mtu, ipMasq }: SubnetEnv): string {
  const bridge = { address: addIpv4(subnet.address, 1), prefixLength: subnet.prefixLength };
  return [
    `FLANNEL_NETWORK=${formatCidr4(network)}`,
    `FLANNEL_SUBNET=${formatCidr4(bridge)}`,
    `FLANNEL_MTU=${mtu}`,
    `FLANNEL_IPMASQ=${String(ipMasq)}`,
    '',
  ].join('\n');
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

/** The subnet this host had when the file was written; `undefined` when the file does not say one. */
export function previousSubnet(text: string): Cidr4 | undefined {
  const value = parseDotenv(text).get('FLANNEL_SUBNET');
  if (value === undefined) return undefined;
  try {
    const { address, prefixLength } = parseInterfaceAddress4(value);
    return cidr4(address, prefixLength);
  } catch {
    return undefined; // empty, damaged, or several subnets: nothing to wish for
  }
}
