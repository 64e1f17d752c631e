import { deflateRawSync, inflateRawSync } from 'node:zlib';

/** A fast setting: the writer has a second for a thousand lines. */
const LEVEL = 2;

/** More than a block of 10,000 lines holds; a blob that claims more is damaged. */
const MAX_BLOB_BYTES = 16 * 1024 * 1024;

/** Codes as they are in the file: low bytes, then high bytes, which repeat more, deflated. */
export function packCodes(codes: Uint16Array): Uint8Array {
  const split = new Uint8Array(codes.length * 2);
  for (const [index, code] of codes.entries()) {
    split[index] = code & 0xff;
    split[codes.length + index] = code >>> 8;
  }
  return deflateRawSync(split, { level: LEVEL });
}

/** @throws when the blob is damaged. */
export function unpackCodes(blob: Uint8Array): Uint16Array<ArrayBuffer> {
  const split = inflateRawSync(blob, { maxOutputLength: MAX_BLOB_BYTES });
  const count = split.length / 2;
  const codes = new Uint16Array(count);
  for (let index = 0; index < count; index += 1)
    codes[index] = (split[index] ?? 0) | ((split[count + index] ?? 0) << 8);
  return codes;
}
