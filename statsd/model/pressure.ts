import { CgroupTextError, textOf, uintAt, type Content } from './cgroup-text.ts';

const TOTAL = 'total=';
const NEWLINE = 0x0a;
const LOWER_F = 0x66;

function startsWith(bytes: Uint8Array, text: string, at: number): boolean {
  for (let index = 0; index < text.length; index += 1) if (bytes[at + index] !== text.charCodeAt(index)) return false;
  return true;
}

/** Seconds for which some, and all, tasks waited; NaN for a line that is not there. */
export interface Pressure {
  someSeconds: number;
  fullSeconds: number;
}

const last: Pressure = { someSeconds: Number.NaN, fullSeconds: Number.NaN };

/**
 * `some avg10=1.17 avg60=0.63 avg300=0.28 total=1616766`, then the same with `full`; totals are microseconds. The result is
 * good until the next call. @throws {CgroupTextError}
 */
export function parsePressure(content: Content): Readonly<Pressure> {
  const { bytes, start, end } = content;
  last.someSeconds = Number.NaN;
  last.fullSeconds = Number.NaN;
  let full = bytes[start] === LOWER_F;
  for (let at = start; at < end; at += 1) {
    if (bytes[at] === NEWLINE) full = bytes[at + 1] === LOWER_F;
    else if (startsWith(bytes, TOTAL, at))
      last[full ? 'fullSeconds' : 'someSeconds'] = uintAt(bytes, at + TOTAL.length, end) / 1e6;
  }
  if (Number.isNaN(last.someSeconds) && Number.isNaN(last.fullSeconds))
    throw new CgroupTextError(content.path, textOf(content));
  return last;
}
