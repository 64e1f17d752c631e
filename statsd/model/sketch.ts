/** Neighbouring bins differ by this factor: a quantile is off by at most 5 % of itself. */
const GAMMA = 1.1;
const LOG_GAMMA = Math.log(GAMMA);
/** Bins above it; the smallest are put together. Values may differ by a factor of 400 before that. */
const MAX_BINS = 64;
/** Smaller values are zero. */
const MIN_MAGNITUDE = 1e-12;
/** Keys of positive values begin here, so that zero and negative values sort below them. */
const OFFSET = 1000;

/** How values are spread, in bins whose width grows with the value (the idea of DDSketch); bounded whatever comes. */
export class QuantileSketch {
  readonly #bins = new Map<number, number>();
  #weight = 0;

  add(value: number, weight: number): void {
    const magnitude = Math.abs(value);
    const index = magnitude < MIN_MAGNITUDE ? 0 : Math.ceil(Math.log(magnitude) / LOG_GAMMA) + OFFSET;
    const key = value < 0 ? -index : index;
    this.#bins.set(key, (this.#bins.get(key) ?? 0) + weight);
    this.#weight += weight;
    if (this.#bins.size > MAX_BINS) this.#collapse();
  }

  /** The value below which the part `q` (0 to 1) of everything in the sketches lies; NaN when they are empty. */
  static quantile(sketches: readonly QuantileSketch[], q: number): number {
    const all = sketches.flatMap((sketch) => [...sketch.#bins]).toSorted(([a], [b]) => a - b);
    const total = sketches.reduce((sum, sketch) => sum + sketch.#weight, 0);
    let below = 0;
    for (const [key, weight] of all) {
      below += weight;
      // A hair's breadth for sums of fractions.
      if (below >= q * total * (1 - 1e-12)) return valueOf(key);
    }
    return Number.NaN;
  }

  /** The two smallest become one: high quantiles are what is asked for. */
  #collapse(): void {
    const [first = 0, second = 0] = [...this.#bins.keys()].toSorted((a, b) => a - b);
    this.#bins.set(second, (this.#bins.get(first) ?? 0) + (this.#bins.get(second) ?? 0));
    this.#bins.delete(first);
  }
}

/** The middle of a bin. */
function valueOf(key: number): number {
  if (key === 0) return 0;
  const magnitude = (2 * GAMMA ** (Math.abs(key) - OFFSET)) / (1 + GAMMA);
  return key < 0 ? -magnitude : magnitude;
}

const REGISTER_BITS = 10;
const REGISTERS = 2 ** REGISTER_BITS;

/** FNV-1a with a final mix. */
function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** How many different texts there were, to about 3 %, in one KiB (HyperLogLog; exact in practice below a hundred). */
export class DistinctCount {
  readonly #registers = new Uint8Array(REGISTERS);

  add(text: string): void {
    const hash = hash32(text);
    const at = hash >>> (32 - REGISTER_BITS);
    const rank = Math.clz32((hash << REGISTER_BITS) | (1 << (REGISTER_BITS - 1))) + 1;
    if (rank > (this.#registers[at] ?? 0)) this.#registers[at] = rank;
  }

  get estimate(): number {
    let [sum, empty] = [0, 0];
    for (const rank of this.#registers) {
      sum += 2 ** -rank;
      if (rank === 0) empty += 1;
    }
    const raw = (0.7213 / (1 + 1.079 / REGISTERS)) * (REGISTERS ** 2 / sum);
    // Few texts leave registers empty, which tell more.
    return Math.round(raw <= 2.5 * REGISTERS && empty > 0 ? REGISTERS * Math.log(REGISTERS / empty) : raw);
  }
}
