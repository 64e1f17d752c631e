import { parseIpv4 } from './ipv4.ts';

/** An IPv6 address as a number of 128 bits: `fc00:5::1` is `0xfc000005…0001n`. */
export type Ipv6 = bigint & { readonly __brand: 'Ipv6' };

/** An IPv6 network: `address` has its host bits cleared. */
export interface Cidr6 {
  readonly address: Ipv6;
  readonly prefixLength: number;
}

const GROUPS = 8;
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

/** How many addresses a network of this prefix length holds. */
export function ipv6NetworkSize(prefixLength: number): bigint {
  return 1n << BigInt(128 - prefixLength);
}

/** Reads `fc00:5::/48`; host bits are masked off. @throws {RangeError} naming the text. */
export function parseCidr6(text: string): Cidr6 {
  const [address, length, ...rest] = text.split('/');
  if (address === undefined || length === undefined || rest.length > 0 || !/^\d{1,3}$/.test(length)) {
    throw new RangeError(`"${text}" is not an IPv6 network: expected ADDRESS/LENGTH, such as fc00:5::/48`);
  }
  const prefixLength = Number(length);
  if (prefixLength > 128) throw new RangeError(`/${length} is not an IPv6 prefix length: expected /0 to /128`);
  const parsed = parseIpv6(address);
  return { address: (parsed - (parsed % ipv6NetworkSize(prefixLength))) as Ipv6, prefixLength };
}

export function cidr6Contains({ address, prefixLength }: Cidr6, candidate: Ipv6): boolean {
  return candidate >= address && candidate < address + ipv6NetworkSize(prefixLength);
}
