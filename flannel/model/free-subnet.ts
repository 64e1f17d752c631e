import type { Cidr4 } from '../../native/net/cidr.ts';
import type { Ipv4 } from '../../native/net/ipv4.ts';
import type { Cidr6, Ipv6 } from '../../native/net/ipv6.ts';
import type { SubnetRange } from './subnet-range.ts';

/** A network of either family as numbers. */
interface Block<Address extends number | bigint> {
  readonly address: Address;
  readonly prefixLength: number;
}

/** Inclusive positions in the row of candidate subnets. */
interface Span {
  readonly first: bigint;
  readonly last: bigint;
}

/** The candidate subnets of a range, in their order. */
interface Row {
  readonly start: bigint;
  readonly size: bigint;
  readonly count: bigint;
  /** 32 or 128. */
  readonly bits: number;
}

/** The candidates that a taken network touches, whatever its prefix length. */
function spanOf({ address, prefixLength }: Block<number | bigint>, row: Row): Span | undefined {
  const from = BigInt(address) - row.start;
  const to = from + (1n << BigInt(row.bits - prefixLength)) - 1n;
  if (to < 0n || from >= row.count * row.size) return undefined;
  const last = to / row.size;
  return { first: from < 0n ? 0n : from / row.size, last: last < row.count ? last : row.count - 1n };
}

const byFirst = (a: Span, b: Span): number => (a.first < b.first ? -1 : Number(a.first > b.first));

/** Sorted and merged, so that none overlaps or touches another. */
function mergedSpans(spans: readonly Span[]): Span[] {
  const merged: Span[] = [];
  for (const span of spans.toSorted(byFirst)) {
    const previous = merged.at(-1);
    if (previous === undefined || span.first > previous.last + 1n) merged.push(span);
    else if (span.last > previous.last) merged[merged.length - 1] = { first: previous.first, last: span.last };
  }
  return merged;
}

const RANDOM_STEPS = 2 ** 53;

/** In [0, count). */
const randomBelow = (count: bigint, random: () => number): bigint =>
  (BigInt(Math.floor(random() * RANDOM_STEPS)) * count) / BigInt(RANDOM_STEPS);

/** The position of a free candidate. */
function freePosition(row: Row, taken: readonly Block<number | bigint>[], random: () => number): bigint | undefined {
  const spans = mergedSpans(taken.flatMap((block) => spanOf(block, row) ?? []));
  const free = row.count - spans.reduce((sum, { first, last }) => sum + last - first + 1n, 0n);
  if (free <= 0n) return undefined;
  let position = randomBelow(free, random);
  for (const { first, last } of spans) {
    if (position < first) break;
    position += last - first + 1n;
  }
  return position;
}

function rowOf(range: SubnetRange<number | bigint, unknown>, bits: number): Row {
  const start = BigInt(range.subnetMin);
  const size = 1n << BigInt(bits - range.subnetLength);
  const end = BigInt(range.subnetMax);
  return { start, size, count: end < start ? 0n : (end - start) / size + 1n, bits };
}

export interface SubnetRequest<Address extends number | bigint, Network> {
  readonly range: SubnetRange<Address, Network>;
  readonly taken: readonly Block<Address>[];
  /** In [0, 1). */
  readonly random: () => number;
}

/**
 * A free IPv4 subnet, each with the same chance over the whole range, that overlaps nothing taken; `undefined` only when there
 * is none. Costs the number of leases, not the size of the range: a /8 of /30s has four million candidates.
 */
export function chooseSubnet4({ range, taken, random }: SubnetRequest<Ipv4, Cidr4>): Cidr4 | undefined {
  const row = rowOf(range, 32);
  const position = freePosition(row, taken, random);
  if (position === undefined) return undefined;
  return { address: Number(row.start + position * row.size) as Ipv4, prefixLength: range.subnetLength };
}

/** The same for IPv6. */
export function chooseSubnet6({ range, taken, random }: SubnetRequest<Ipv6, Cidr6>): Cidr6 | undefined {
  const row = rowOf(range, 128);
  const position = freePosition(row, taken, random);
  if (position === undefined) return undefined;
  return { address: (row.start + position * row.size) as Ipv6, prefixLength: range.subnetLength };
}

export interface SubnetCounts {
  readonly total: bigint;
  readonly free: bigint;
}

/** How many subnets a range has, and how many of them nothing taken overlaps. */
export function countSubnets<Address extends number | bigint>(
  range: SubnetRange<Address, unknown>,
  taken: readonly Block<Address>[],
): SubnetCounts {
  const row = rowOf(range, typeof range.subnetMin === 'bigint' ? 128 : 32);
  const spans = mergedSpans(taken.flatMap((block) => spanOf(block, row) ?? []));
  return { total: row.count, free: row.count - spans.reduce((sum, { first, last }) => sum + last - first + 1n, 0n) };
}
