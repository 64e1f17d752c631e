import type { Cidr4 } from '../../native/net/cidr.ts';
import { cidrContains, isCidr6, parseCidr, parseIp, sameCidr, type Cidr, type IpAddress } from '../../native/net/ip.ts';
import type { SubnetPair } from '../wire.ts';

/** How a person names a subnet: whole, as in its key, or by an address inside of it. */
export type SubnetWord =
  | { readonly kind: 'networks'; readonly networks: readonly Cidr[] }
  | { readonly kind: 'address'; readonly address: IpAddress };

/** Reads `10.5.1.0/24`, `10.5.1.0-24`, `10.5.1.0/24&fc00:5:0:1::/64`, a whole key, or an address. @throws {RangeError} naming the text. */
export function parseSubnetWord(text: string): SubnetWord {
  const name = text.slice(text.lastIndexOf('/subnets/') + 1).replace(/^subnets\//, '');
  try {
    if (!/[-/]/.test(name)) return { kind: 'address', address: parseIp(name) };
    return { kind: 'networks', networks: name.split('&').map((part) => parseCidr(part.replace('-', '/'))) };
  } catch (cause) {
    throw new RangeError(`"${text}" is not a subnet: expected one such as 10.5.1.0/24`, { cause });
  }
}

/** Whether the word means these subnets. */
export function isNamedBy(word: SubnetWord, { ipv4, ipv6 }: SubnetPair): boolean {
  const own: Cidr[] = [ipv4, ipv6].filter((subnet) => subnet !== undefined);
  if (word.kind === 'address') return own.some((subnet) => cidrContains(subnet, word.address));
  return word.networks.every((network) => own.some((subnet) => sameCidr(subnet, network)));
}

/** The subnets that a word names as a whole. @throws {RangeError} for an address. */
export function pairOfWord(text: string): SubnetPair {
  const word = parseSubnetWord(text);
  if (word.kind === 'address') {
    throw new RangeError(`"${text}" is an address: expected a whole subnet, such as 10.5.1.0/24`);
  }
  return {
    ipv4: word.networks.find((network): network is Cidr4 => !isCidr6(network)),
    ipv6: word.networks.find(isCidr6),
  };
}
