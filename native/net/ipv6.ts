import { parseIpv4 } from './ipv4.ts';

/** An IPv6 address as a number of 128 bits: `fc00:5::1` is `0xfc000005…0001n`. */
export type Ipv6 = bigint & { readonly __brand: 'Ipv6' };

/** An IPv6 network: `address` has its host bits cleared. Compare with {@link sameCidr6}. */
export interface Cidr6 {
  readonly address: Ipv6;
  readonly prefixLength: number;
}

/** An address together with the length of its network, host bits kept. */
export interface InterfaceAddress6 {
  readonly address: Ipv6;
  readonly prefixLength: number;
}

const GROUPS = 8;
const ALL_ONES = (1n << 128n) - 1n;
const GROUP = /^[0-9a-f]{1,4}$/i;

function fault(text: string): RangeError {
  return new RangeError(`"${text}" is not an IPv6 address: expected groups of hex digits, such as fc00:5::1`);
}

/** `1.2.3.4` at the end stands for two groups. */
function withoutDots(text: string): string {
  const colon = text.lastIndexOf(':');
  const tail = text.slice(colon + 1);
  if (!tail.includes('.')) return text;
  const value = parseIpv4(tail);
  return `${text.slice(0, colon + 1)}${(value >>> 16).toString(16)}:${(value & 0xffff).toString(16)}`;
}

function groupsOf(part: string): string[] {
  return part === '' ? [] : part.split(':');
}

/** Reads the text forms of RFC 4291 §2.2, without a zone. @throws {RangeError} naming the text. */
export function parseIpv6(text: string): Ipv6 {
  const [head = '', tail, ...rest] = withoutDots(text).split('::');
  const before = groupsOf(head);
  const after = groupsOf(tail ?? '');
  const missing = GROUPS - before.length - after.length;
  if (rest.length > 0 || (tail === undefined ? missing !== 0 : missing < 1)) throw fault(text);
  let value = 0n;
  for (const group of [...before, ...Array<string>(missing).fill('0'), ...after]) {
    if (!GROUP.test(group)) throw fault(text);
    value = (value << 16n) | BigInt(`0x${group}`);
  }
  return value as Ipv6;
}

/** The longest run of two or more zero groups, the first one of equals; `undefined` if there is none. */
function longestZeros(groups: readonly number[]): { start: number; length: number } | undefined {
  let best: { start: number; length: number } | undefined;
  for (let start = 0; start < groups.length; start += 1) {
    let length = 0;
    while (groups[start + length] === 0) length += 1;
    if (length >= 2 && length > (best?.length ?? 0)) best = { start, length };
  }
  return best;
}

/** The one canonical text, RFC 5952. */
export function formatIpv6(address: Ipv6): string {
  const groups = Array.from({ length: GROUPS }, (_, index) => Number((address >> BigInt(112 - 16 * index)) & 0xffffn));
  const text = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':');
  const zeros = longestZeros(groups);
  if (zeros === undefined) return text(groups);
  return `${text(groups.slice(0, zeros.start))}::${text(groups.slice(zeros.start + zeros.length))}`;
}

/** The address `offset` places further on; wraps nowhere. @throws {RangeError} past either end of the address space. */
export function addIpv6(address: Ipv6, offset: bigint): Ipv6 {
  const sum = address + offset;
  if (sum < 0n || sum > ALL_ONES) throw new RangeError(`${formatIpv6(address)} + ${offset} is not an IPv6 address`);
  return sum as Ipv6;
}

/** The sixteen bytes in network order, as netlink and the wire carry them. */
export function ipv6ToBytes(address: Ipv6): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, address >> 64n);
  view.setBigUint64(8, address & 0xffff_ffff_ffff_ffffn);
  return bytes;
}

/** @throws {RangeError} unless there are exactly sixteen bytes. */
export function ipv6FromBytes(bytes: Uint8Array): Ipv6 {
  if (bytes.length !== 16) throw new RangeError(`an IPv6 address has 16 bytes, not ${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
  return ((view.getBigUint64(0) << 64n) | view.getBigUint64(8)) as Ipv6;
}

/** How many addresses a network of this prefix length holds. */
export function ipv6NetworkSize(prefixLength: number): bigint {
  return 1n << BigInt(128 - prefixLength);
}

/** Clears the host bits of `address`. @throws {RangeError} if `prefixLength` is not an integer 0-128. */
export function cidr6(address: Ipv6, prefixLength: number): Cidr6 {
  if (!Number.isInteger(prefixLength) || prefixLength < 0 || prefixLength > 128) {
    throw new RangeError(`/${prefixLength} is not an IPv6 prefix length: expected /0 to /128`);
  }
  const hostBits = BigInt(128 - prefixLength);
  return { address: ((address >> hostBits) << hostBits) as Ipv6, prefixLength };
}

/** Reads `fc00:5::1/64` and keeps the host bits. @throws {RangeError} naming the text. */
export function parseInterfaceAddress6(text: string): InterfaceAddress6 {
  const [address, length, ...rest] = text.split('/');
  if (address === undefined || length === undefined || rest.length > 0 || !/^\d{1,3}$/.test(length)) {
    throw new RangeError(`"${text}" is not an IPv6 network: expected ADDRESS/LENGTH, such as fc00:5::/48`);
  }
  if (Number(length) > 128) throw new RangeError(`/${length} is not an IPv6 prefix length: expected /0 to /128`);
  return { address: parseIpv6(address), prefixLength: Number(length) };
}

/** Reads `fc00:5::/48`; host bits are masked off. @throws {RangeError} naming the text. */
export function parseCidr6(text: string): Cidr6 {
  const { address, prefixLength } = parseInterfaceAddress6(text);
  return cidr6(address, prefixLength);
}

/** `fc00:5::/48`. */
export function formatCidr6({ address, prefixLength }: Cidr6 | InterfaceAddress6): string {
  return `${formatIpv6(address)}/${prefixLength}`;
}

/** The last address of the network. */
export function lastAddress6({ address, prefixLength }: Cidr6): Ipv6 {
  return (address + ipv6NetworkSize(prefixLength) - 1n) as Ipv6;
}

export function cidr6Contains(network: Cidr6, address: Ipv6): boolean {
  return address >= network.address && address <= lastAddress6(network);
}

export function cidr6Overlaps(a: Cidr6, b: Cidr6): boolean {
  return a.address <= lastAddress6(b) && b.address <= lastAddress6(a);
}

export function sameCidr6(a: Cidr6, b: Cidr6): boolean {
  return a.address === b.address && a.prefixLength === b.prefixLength;
}
