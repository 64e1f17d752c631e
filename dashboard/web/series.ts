/** The last points of one value, oldest first, NaN for a gap. */
export interface SeriesView {
  readonly points: number;
  at(index: number): number;
}

/** The series without the gap before its first value, but at least `least` points of it. */
export function sinceFirstValue(series: SeriesView | undefined, least: number): SeriesView | undefined {
  if (series === undefined) return undefined;
  let skipped = 0;
  while (skipped < series.points - least && Number.isNaN(series.at(skipped))) skipped += 1;
  return { points: series.points - skipped, at: (index) => series.at(skipped + index) };
}

export interface SeriesShape {
  readonly stepMs: number;
  readonly points: number;
}

/**
 * Rings that share one time axis: one ring for each id, one point for each step. The newest value of a step wins; a step
 * without any stays NaN, so that gaps are drawn as gaps.
 */
export class SeriesTable {
  readonly #shape: SeriesShape;
  readonly #rings = new Map<string, Float32Array>();
  #newestStep: number | undefined;

  constructor(shape: SeriesShape) {
    this.#shape = shape;
  }

  /** Takes over a recorded past, `points` values oldest first, whose last point ends before `endUnixMs`. */
  load(id: string, values: Float32Array, endUnixMs: number): void {
    const lastUnixMs = endUnixMs - 1;
    this.advanceTo(lastUnixMs);
    const ring = this.#ringOf(id);
    const end = this.#stepOf(lastUnixMs);
    const skip = Math.max(0, values.length - this.#shape.points);
    for (let index = skip; index < values.length; index += 1) {
      ring[this.#slotOf(end - (values.length - 1 - index))] = values[index] ?? Number.NaN;
    }
  }

  /** Moves the axis on; every ring gets a gap for each step that passed. */
  advanceTo(timeUnixMs: number): void {
    const step = this.#stepOf(timeUnixMs);
    const from = this.#newestStep;
    if (from !== undefined && step <= from) return;
    this.#newestStep = step;
    if (from === undefined) return;
    const first = Math.max(from + 1, step - this.#shape.points + 1);
    for (const ring of this.#rings.values()) {
      for (let gap = first; gap <= step; gap += 1) ring[this.#slotOf(gap)] = Number.NaN;
    }
  }

  /** Sets the value of the newest step. */
  set(id: string, value: number): void {
    if (this.#newestStep === undefined) return;
    this.#ringOf(id)[this.#slotOf(this.#newestStep)] = value;
  }

  /** Forgets the ids that are not in `keep`, as soon as no value of theirs is left: one that comes back goes on where it ended. */
  retain(keep: ReadonlySet<string>): void {
    for (const [id, ring] of this.#rings) if (!keep.has(id) && ring.every(Number.isNaN)) this.#rings.delete(id);
  }

  view(id: string): SeriesView | undefined {
    const ring = this.#rings.get(id);
    const newest = this.#newestStep;
    if (ring === undefined || newest === undefined) return undefined;
    const points = this.#shape.points;
    return { points, at: (index) => ring[this.#slotOf(newest - (points - 1 - index))] ?? Number.NaN };
  }

  #ringOf(id: string): Float32Array {
    const known = this.#rings.get(id);
    if (known !== undefined) return known;
    const ring = new Float32Array(this.#shape.points).fill(Number.NaN);
    this.#rings.set(id, ring);
    return ring;
  }

  #stepOf(timeUnixMs: number): number {
    return Math.floor(timeUnixMs / this.#shape.stepMs);
  }

  #slotOf(step: number): number {
    const points = this.#shape.points;
    return ((step % points) + points) % points;
  }
}
