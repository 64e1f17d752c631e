import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';

/** Two hundred rules with long texts are a tenth of it. */
const MAX_MIB = 4;

/**
 * The text of a file of rules. They are read again while everything else waits, so what has no end, or has to be waited for, is
 * refused. @throws {RangeError}, and what the system says
 */
export function readRuleText(path: string): string {
  // Without O_NONBLOCK opening a pipe waits for who writes to it.
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw new RangeError('it is no regular file');
    if (stat.size > MAX_MIB * 2 ** 20)
      throw new RangeError(`it has ${stat.size} bytes, expected at most ${MAX_MIB} MiB`);
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}
