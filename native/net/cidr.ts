import { formatIpv4, parseIpv4, type Ipv4 } from './ipv4.ts';

/** An IPv4 network: `address` has its host bits cleared. Compare with {@link sameCidr4}. */
export interface Cidr4 {
  readonly address: Ipv4;
  readonly prefixLength: number;
}

/** An address together with the length of its network, host bits kept: what subnet.env and `ip addr` print. */
export interface InterfaceAddress4 {
  readonly address: Ipv4;
  readonly prefixLength: number;
}

function maskOf(prefixLength: number): number {
  return prefixLength === 0 ? 0 : (0xffffffff << (32 - prefixLength)) >>> 0;
}

/** Clears the host bits of `address`. @throws {RangeError} if `prefixLength` is not an integer 0-32. */
export function cidr4(address: Ipv4, prefixLength: number): Cidr4 {
  if (!Number.isInteger(prefixLength) || prefixLength < 0 || prefixLength > 32) {
    throw new RangeError(`/${prefixLength} is not an IPv4 prefix length: expected /0 to /32`);
  }
  return { address: ((address & maskOf(prefixLength)) >>> 0) as Ipv4, prefixLength };
}

/** Reads `10.5.1.7/24` and keeps the host bits. @throws {RangeError} naming the text. */
export function parseInterfaceAddress4(text: string): InterfaceAddress4 {
  const [address, length, ...rest] = text.split('/');
  if (
    address === undefined ||
    length === undefined ||
    rest.length > 0 ||
    !/^\d{1,2}$/.test(length) ||
    Number(length) > 32
  ) {
    throw new RangeError(`"${text}" is not an IPv4 network: expected ADDRESS/LENGTH, such as 10.5.0.0/16`);
  }
  return { address: parseIpv4(address), prefixLength: Number(length) };
}

/** Reads `10.5.1.0/24`; host bits are masked off, as Go's ParseCIDR does. @throws {RangeError} naming the text. */
export function parseCidr4(text: string): Cidr4 {
  const { address, prefixLength } = parseInterfaceAddress4(text);
  return cidr4(address, prefixLength);
}

/** `10.5.1.0/24`. */
export function formatCidr4(network: Cidr4 | InterfaceAddress4): string {
  return `${formatIpv4(network.address)}/${network.prefixLength}`;
}

/** How many addresses the network holds; 2^32 for /0. */
export function cidr4Size(network: Cidr4): number {
  return 2 ** (32 - network.prefixLength);
}

/** The last address of the network. */
export function lastAddress4(network: Cidr4): Ipv4 {
  return (network.address + cidr4Size(network) - 1) as Ipv4;
}

export function cidr4Contains(network: Cidr4, address: Ipv4): boolean {
  return address >= network.address && address <= lastAddress4(network);
}

export function cidr4Overlaps(a: Cidr4, b: Cidr4): boolean {
  return a.address <= lastAddress4(b) && b.address <= lastAddress4(a);
}

export function sameCidr4(a: Cidr4, b: Cidr4): boolean {
  return a.address === b.address && a.prefixLength === b.prefixLength;
}
