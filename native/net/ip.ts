import { cidr4, cidr4Contains, cidr4Overlaps, parseCidr4, parseInterfaceAddress4, type Cidr4 } from './cidr.ts';
import { formatIpv4, parseIpv4, type Ipv4 } from './ipv4.ts';
import {
  cidr6,
  cidr6Contains,
  cidr6Overlaps,
  formatIpv6,
  parseCidr6,
  parseInterfaceAddress6,
  parseIpv6,
  type Cidr6,
  type Ipv6,
} from './ipv6.ts';

/** An address of either family: a number is IPv4, a bigint IPv6, so `typeof` tells and `===` compares. */
export type IpAddress = Ipv4 | Ipv6;

/** A network of either family. Compare with {@link sameCidr}; {@link cidrKey} is its place in a Map. */
export type Cidr = Cidr4 | Cidr6;

/** An address together with the length of its network, host bits kept. */
export interface InterfaceAddress {
  readonly address: IpAddress;
  readonly prefixLength: number;
}

export function isIpv6(address: IpAddress): address is Ipv6 {
  return typeof address === 'bigint';
}

export function isCidr6(network: Cidr): network is Cidr6 {
  return typeof network.address === 'bigint';
}

/** IPv6 is whatever has a colon, as in Go's net package. */
const looksIpv6 = (text: string): boolean => text.includes(':');

function refuseOtherCharacters(text: string, expected: string): void {
  if (!looksIpv6(text) && !text.includes('.')) throw new RangeError(`"${text}" is not an ${expected}`);
}

/** Reads `10.5.0.1` or `fc00:5::1`. @throws {RangeError} naming the text. */
export function parseIp(text: string): IpAddress {
  refuseOtherCharacters(text, 'IP address: expected one such as 10.5.0.1 or fc00:5::1');
  return looksIpv6(text) ? parseIpv6(text) : parseIpv4(text);
}

/** Dotted decimal, or the canonical text of RFC 5952. */
export function formatIp(address: IpAddress): string {
  return typeof address === 'bigint' ? formatIpv6(address) : formatIpv4(address);
}

/** Reads `10.5.0.0/16` or `fc00:5::/48`; host bits are masked off. @throws {RangeError} naming the text. */
export function parseCidr(text: string): Cidr {
  refuseOtherCharacters(text, 'IP network: expected ADDRESS/LENGTH, such as 10.5.0.0/16 or fc00:5::/48');
  return looksIpv6(text) ? parseCidr6(text) : parseCidr4(text);
}

/** Reads `10.5.1.7/24` or `fc00:5::7/64` and keeps the host bits. @throws {RangeError} naming the text. */
export function parseInterfaceAddress(text: string): InterfaceAddress {
  refuseOtherCharacters(text, 'interface address: expected ADDRESS/LENGTH, such as 10.5.1.7/24 or fc00:5::7/64');
  return looksIpv6(text) ? parseInterfaceAddress6(text) : parseInterfaceAddress4(text);
}

/** `10.5.0.0/16` or `fc00:5::/48`. */
export function formatCidr({ address, prefixLength }: InterfaceAddress): string {
  return `${formatIp(address)}/${prefixLength}`;
}

/** Clears the host bits of `address`. @throws {RangeError} if the family has no such prefix length. */
export function cidr(address: IpAddress, prefixLength: number): Cidr {
  return typeof address === 'bigint' ? cidr6(address, prefixLength) : cidr4(address, prefixLength);
}

/** The network of one address: /32 or /128. */
export function hostCidr(address: IpAddress): Cidr {
  return cidr(address, typeof address === 'bigint' ? 128 : 32);
}

export function sameCidr(a: Cidr, b: Cidr): boolean {
  return a.address === b.address && a.prefixLength === b.prefixLength;
}

/** False across families. */
export function cidrContains(network: Cidr, address: IpAddress): boolean {
  if (isCidr6(network)) return typeof address === 'bigint' && cidr6Contains(network, address);
  return typeof address === 'number' && cidr4Contains(network, address);
}

/** False across families. */
export function cidrOverlaps(a: Cidr, b: Cidr): boolean {
  if (isCidr6(a)) return isCidr6(b) && cidr6Overlaps(a, b);
  return !isCidr6(b) && cidr4Overlaps(a, b);
}

/** A network's place in a Map or Set; equal for equal networks, of a cost that 10,000 IPv4 routes do not feel. */
export function cidrKey({ address, prefixLength }: InterfaceAddress): number | string {
  return typeof address === 'bigint' ? `${address.toString(36)}/${prefixLength}` : address * 64 + prefixLength;
}
