import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tarArchive } from '../../../../../dashboard/io/settings/tar.ts';

const MADE_AT = Date.parse('2026-11-20T10:00:00Z');

test('tar itself unpacks what was packed, also an empty file, one of whole blocks and one of many bytes a letter', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weft-test-tar-'));
  try {
    const files = new Map([
      ['a/empty.yaml', ''],
      ['a/block.yaml', 'x'.repeat(1024)],
      ['b/words.json', 'é'.repeat(700)],
    ]);
    await writeFile(join(folder, 'all.tar'), tarArchive(files, MADE_AT));
    execFileSync('tar', ['-xf', join(folder, 'all.tar'), '-C', folder]);
    for (const [path, text] of files) expect(await readFile(join(folder, path), 'utf8')).toBe(text);
    const { mode, mtimeMs } = await stat(join(folder, 'a/block.yaml'));
    expect([mode & 0o777, mtimeMs]).toEqual([0o644, MADE_AT]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('a path that has no room is refused, not cut', () => {
  expect(() => tarArchive(new Map([['a'.repeat(101), '']]), MADE_AT)).toThrow(/too long/);
});
