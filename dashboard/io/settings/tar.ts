/** POSIX 1003.1, ustar: blocks of 512 bytes, a header before each file, two empty ones at the end. */
const BLOCK = 512;

/** Of the header; what a name may have. */
const NAME_BYTES = 100;

function header(name: string, size: number, atUnixMs: number): Buffer {
  if (Buffer.byteLength(name) > NAME_BYTES) throw new RangeError(`${name} is too long for an archive`);
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, length: number): void => {
    block.write(value.toString(8).padStart(length - 1, '0'), at, 'latin1');
  };
  block.write(name, 0);
  octal(0o644, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(Math.floor(atUnixMs / 1000), 136, 12);
  block.write('0', 156);
  block.write('ustar\u000000', 257, 'latin1');
  // The sum is of the header with blanks in the sum's own place.
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\u0000 `, 148, 'latin1');
  return block;
}

/** Texts as one archive, in the order in which they are given. @throws {RangeError} for a path of more than 100 bytes. */
export function tarArchive(files: ReadonlyMap<string, string>, atUnixMs: number): Buffer {
  const parts = Array.from(files, ([name, text]) => {
    const content = Buffer.from(text);
    const padding = Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK);
    return [header(name, content.length, atUnixMs), content, padding];
  });
  return Buffer.concat([...parts.flat(), Buffer.alloc(2 * BLOCK)]);
}
