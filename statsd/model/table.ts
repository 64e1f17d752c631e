import {
  AGENT_WIRE_VERSION,
  CONTAINER_COLUMNS,
  CONTAINER_EXTRA_COLUMNS,
  float64Columns,
  HOST_COLUMNS,
  HOST_EXTRA_COLUMNS,
  type Frame,
} from '../wire.ts';

/** The row order of frames: one container key for each row. Replaced whole whenever it changes. */
export interface Table {
  readonly version: number;
  readonly keys: readonly string[];
}

export interface FrameFacts {
  readonly seq: number;
  readonly timeUnixMs: number;
  readonly monotonicMs: number;
  readonly tableVersion: number;
  /** Of the fullest file system, whose size is in the host's row. */
  readonly fullestMount?: string;
}

interface Columns {
  /** Of the samples. */
  readonly first: number;
  readonly count: number;
}

const BASE: Columns = { first: 0, count: CONTAINER_COLUMNS.length };
const EXTRA: Columns = { first: CONTAINER_COLUMNS.length, count: CONTAINER_EXTRA_COLUMNS.length };

/** A row of {@link HOST_COLUMNS}, then of {@link HOST_EXTRA_COLUMNS}, in which nothing is known. */
export function emptyHostRow(): Float64Array {
  return new Float64Array(HOST_COLUMNS.length + HOST_EXTRA_COLUMNS.length).fill(Number.NaN);
}

const hostExtraOf = (hostRow: Float64Array): Float64Array => hostRow.subarray(HOST_COLUMNS.length);

/** Lays samples out column by column, as the wire wants them, and `after` behind them. The bytes are new, since a frame outlives its tick. */
function blockOf(
  samples: readonly Float64Array[],
  { first, count }: Columns,
  after?: Float64Array,
): Uint8Array<ArrayBuffer> {
  const rows = samples.length;
  const block = new Float64Array(count * rows + (after?.length ?? 0));
  for (const [row, sample] of samples.entries()) {
    for (let column = 0; column < count; column += 1) block[column * rows + row] = sample[first + column] ?? Number.NaN;
  }
  if (after !== undefined) block.set(after, count * rows);
  return new Uint8Array(block.buffer);
}

/** A frame of samples (see model/reading.ts) and a host row ({@link emptyHostRow}), both as they are now. */
export function frameOf(facts: FrameFacts, samples: readonly Float64Array[], hostRow: Float64Array): Frame {
  return {
    v: AGENT_WIRE_VERSION,
    ...facts,
    containers: blockOf(samples, BASE),
    host: new Uint8Array(hostRow.slice(0, HOST_COLUMNS.length).buffer),
    extra: blockOf(samples, EXTRA, hostExtraOf(hostRow)),
  };
}

/** Rows of a later table: where each was in the earlier one. */
function moved(old: Float64Array, shape: { from: Table; to: Table; columns: number }): Float64Array {
  const { from, to, columns } = shape;
  const rowOf = new Map(from.keys.map((key, row) => [key, row]));
  const block = new Float64Array(columns * to.keys.length).fill(Number.NaN);
  for (const [row, key] of to.keys.entries()) {
    const oldRow = rowOf.get(key);
    if (oldRow === undefined) continue;
    for (let column = 0; column < columns; column += 1) {
      block[column * to.keys.length + row] = old[column * from.keys.length + oldRow] ?? Number.NaN;
    }
  }
  return block;
}

const asBytes = (...parts: readonly Float64Array[]): Uint8Array<ArrayBuffer> => {
  const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return new Uint8Array(all.buffer);
};

const floatsOf = (bytes: Uint8Array): Float64Array =>
  float64Columns(bytes, bytes.byteLength / 8, 1) ?? new Float64Array(0);

/**
 * The same frame in the row order of a later table, so that a dashboard needs only the newest one: containers that are no
 * more fall out, those that were not yet there are NaN.
 */
export function rebase(frame: Frame, from: Table, to: Table): Frame {
  if (from.version === to.version) return frame;
  const extra = frame.extra === undefined ? undefined : floatsOf(frame.extra);
  const split = EXTRA.count * from.keys.length;
  return {
    ...frame,
    tableVersion: to.version,
    containers: asBytes(moved(floatsOf(frame.containers), { from, to, columns: BASE.count })),
    ...(extra === undefined
      ? {}
      : { extra: asBytes(moved(extra, { from, to, columns: EXTRA.count }), extra.subarray(split)) }),
  };
}
