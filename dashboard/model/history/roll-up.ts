import { decodeNumber, encodeNumber, UNKNOWN_CODE } from './code.ts';

/**
 * One row of min, avg and max for each column out of several rows of it that are equally long; what is unknown in all of them stays unknown.
 */
export function rollUp(rows: readonly Uint16Array[]): Uint16Array {
  const width = rows[0]?.length ?? 0;
  const codes = new Uint16Array(width);
  for (let lane = 0; lane + 2 < width; lane += 3) {
    let min = Infinity;
    let max = -Infinity;
    let sum = 0;
    let known = 0;
    for (const row of rows) {
      const average = decodeNumber(row[lane + 1] ?? UNKNOWN_CODE);
      if (Number.isNaN(average)) continue;
      min = Math.min(min, decodeNumber(row[lane] ?? UNKNOWN_CODE));
      max = Math.max(max, decodeNumber(row[lane + 2] ?? UNKNOWN_CODE));
      sum += average;
      known += 1;
    }
    if (known === 0) continue;
    codes[lane] = encodeNumber(min);
    codes[lane + 1] = encodeNumber(sum / known);
    codes[lane + 2] = encodeNumber(max);
  }
  return codes;
}
