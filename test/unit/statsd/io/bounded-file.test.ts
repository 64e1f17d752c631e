import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readBounded } from '../../../../statsd/io/bounded-file.ts';

/** A folder that is gone after its scope. */
function folder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'weft-test-bounded-'));
  return {
    path,
    [Symbol.dispose]: () => {
      rmSync(path, { recursive: true });
    },
  };
}

test('a thousand files that are looked up at once take few descriptors', async () => {
  using room = folder();
  const paths = Array.from({ length: 1000 }, (_, index) => join(room.path, String(index)));
  for (const [index, path] of paths.entries()) writeFileSync(path, `container ${index}`);
  const openNow = (): number => readdirSync('/proc/self/fd').length;
  const before = openNow();
  let most = 0;
  let done = false;
  const look = (): void => {
    most = Math.max(most, openNow());
    if (!done) setImmediate(look);
  };
  look();
  const texts = await Promise.all(paths.map((path) => readBounded(path)));
  done = true;
  expect(texts).toEqual(paths.map((_, index) => `container ${index}`));
  expect(most - before).toBeLessThan(100);
});

test('what is no regular file, too large or not there is not read', async () => {
  using room = folder();
  const file = join(room.path, 'file');
  writeFileSync(file, 'x'.repeat(100));
  symlinkSync(file, join(room.path, 'link'));
  mkdirSync(join(room.path, 'directory'));
  const read = (name: string, maxBytes?: number): Promise<string | undefined> =>
    readBounded(join(room.path, name), maxBytes);
  expect(await read('file', 100)).toBe('x'.repeat(100));
  expect(await Promise.all([read('file', 99), read('link'), read('directory'), read('none')])).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});
