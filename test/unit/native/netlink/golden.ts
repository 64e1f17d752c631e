import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { splitMessages, type Message } from '../../../../native/netlink/message.ts';
import { packageRoot } from '../../../../native/host/package-root.ts';

const fixtures = join(packageRoot(), 'test/fixtures');

/** The bytes of a fixture of hex text, line ends and spaces ignored. */
export function hexFixture(path: string): Buffer {
  return Buffer.from(readFileSync(join(fixtures, path), 'utf8').replaceAll(/\s/g, ''), 'hex');
}

/** The messages that a kernel sent, one a line in `test/fixtures/netlink/<name>.hex`. */
export function kernelMessages(name: string): Message[] {
  return splitMessages(hexFixture(`netlink/${name}.hex`));
}

/** What iproute2 made of the same. */
export function iprouteReading(name: string): Record<string, unknown>[] {
  return JSON.parse(readFileSync(join(fixtures, 'netlink', `${name}.json`), 'utf8')) as Record<string, unknown>[];
}

/** The one message that an encoder made. */
export function messageOf(encoded: Buffer): Message {
  const [message, ...rest] = splitMessages(encoded);
  if (message === undefined || rest.length > 0) throw new RangeError('expected one message');
  return message;
}
