/** Above this share of changed rows the whole block is smaller to handle, and not much larger. */
const WORTH_SHARE = 0.4;

export interface ChangedRows {
  /** One bit a row, the first row in the lowest bit of the first byte. */
  readonly bitmap: Uint8Array;
  /** The changed rows only, column after column. */
  readonly block: Float32Array;
}

/** Which rows of a block of columns differ from the one before, or `undefined` when so many do that all are to be sent. NaN equals NaN. */
export function changedRows(before: Float32Array, after: Float32Array, rows: number): ChangedRows | undefined {
  if (rows === 0 || before.length !== after.length) return undefined;
  const columns = after.length / rows;
  const [old, now] = [bits(before), bits(after)];
  const changed: number[] = [];
  const bitmap = new Uint8Array(Math.ceil(rows / 8));
  for (let row = 0; row < rows; row += 1) {
    let column = 0;
    while (column < columns && old[column * rows + row] === now[column * rows + row]) column += 1;
    if (column === columns) continue;
    changed.push(row);
    bitmap[row >>> 3] = (bitmap[row >>> 3] ?? 0) | (1 << (row & 7));
    if (changed.length >= rows * WORTH_SHARE) return undefined;
  }
  const block = new Float32Array(changed.length * columns);
  for (let column = 0; column < columns; column += 1)
    for (const [index, row] of changed.entries())
      block[column * changed.length + index] = after[column * rows + row] ?? Number.NaN;
  return { bitmap, block };
}

/** The values as they are in memory: comparing numbers would find NaN changed each time. */
function bits(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}
