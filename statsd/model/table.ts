import { AGENT_WIRE_VERSION, CONTAINER_COLUMNS, float64Columns, type Frame } from '../wire.ts';

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
}

/** Lays samples out column by column, as the wire wants them. The bytes are new, since a frame outlives its tick. */
export function containerBlock(samples: readonly Float64Array[]): Uint8Array<ArrayBuffer> {
  const rows = samples.length;
  const block = new Float64Array(CONTAINER_COLUMNS.length * rows);
  for (let column = 0; column < CONTAINER_COLUMNS.length; column += 1) {
    for (let row = 0; row < rows; row += 1) block[column * rows + row] = samples[row]?.[column] ?? Number.NaN;
  }
  return new Uint8Array(block.buffer);
}

export function frameOf(facts: FrameFacts, samples: readonly Float64Array[], hostRow: Float64Array): Frame {
  return {
    v: AGENT_WIRE_VERSION,
    ...facts,
    containers: containerBlock(samples),
    host: new Uint8Array(hostRow.slice().buffer),
  };
}

/**
 * The same frame in the row order of a later table, so that a dashboard needs only the newest one: containers that are no
 * more fall out, those that were not yet there are NaN.
 */
export function rebase(frame: Frame, from: Table, to: Table): Frame {
  if (from.version === to.version) return frame;
  const columns = CONTAINER_COLUMNS.length;
  const old = float64Columns(frame.containers, columns, from.keys.length);
  const rowOf = new Map(from.keys.map((key, row) => [key, row]));
  const block = new Float64Array(columns * to.keys.length).fill(Number.NaN);
  to.keys.forEach((key, row) => {
    const oldRow = rowOf.get(key);
    if (oldRow === undefined || old === undefined) return;
    for (let column = 0; column < columns; column += 1) {
      block[column * to.keys.length + row] = old[column * from.keys.length + oldRow] ?? Number.NaN;
    }
  });
  return { ...frame, tableVersion: to.version, containers: new Uint8Array(block.buffer) };
}
