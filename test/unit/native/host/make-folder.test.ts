import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeFolder } from '../../../../native/host/make-folder.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-test-folder-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

test('makes what is missing, and is content with what is there', async () => {
  const path = join(folder, 'a', 'b', 'c');
  await Promise.all([makeFolder(path), makeFolder(path)]);
  await makeFolder(path);
  expect((await stat(path)).isDirectory()).toBe(true);
});

test('several that make the same folders at once all succeed', async () => {
  for (let round = 0; round < 100; round++) {
    const path = join(folder, String(round), 'a', 'b', 'c', 'd');
    await Promise.all(Array.from({ length: 8 }, () => makeFolder(path)));
  }
});

test('a folder below /proc is an error and not an endless loop', async () => {
  await expect(makeFolder('/proc/weft/deeper')).rejects.toThrow('ENOENT');
});

test('a file in the way is an error', async () => {
  await writeFile(join(folder, 'file'), '');
  await expect(makeFolder(join(folder, 'file'))).rejects.toThrow('EEXIST');
  await expect(makeFolder(join(folder, 'file', 'below'))).rejects.toThrow('ENOTDIR');
});
