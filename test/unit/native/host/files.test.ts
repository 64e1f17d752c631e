import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HostFileError, writeFileAtomic } from '../../../../native/host/atomic-file.ts';
import { readOrCreateNodeId } from '../../../../native/host/node-id.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weft-files-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('writeFileAtomic', () => {
  test('makes the folder, sets the mode and leaves nothing else behind', async () => {
    const path = join(folder, 'run', 'flannel', 'subnet.env');
    await writeFileAtomic(path, 'A=1\n', 0o640);
    await writeFileAtomic(path, 'A=2\n', 0o640);
    expect(readFileSync(path, 'utf8')).toBe('A=2\n');
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(readdirSync(join(folder, 'run', 'flannel'))).toEqual(['subnet.env']);
  });

  test('a path that cannot be written is named and nothing is left', async () => {
    writeFileSync(join(folder, 'file'), '');
    await expect(writeFileAtomic(join(folder, 'file', 'subnet.env'), 'x')).rejects.toThrow(HostFileError);
    await expect(writeFileAtomic(join(folder, 'file', 'subnet.env'), 'x')).rejects.toThrow(
      /cannot write .*\/file\/subnet\.env/,
    );
    expect(readdirSync(folder)).toEqual(['file']);
  });
});

describe('readOrCreateNodeId', () => {
  test('the same identity at each start', async () => {
    const first = await readOrCreateNodeId(join(folder, 'state'));
    expect(first).toMatch(/^[0-9a-f-]{36}$/);
    expect(await readOrCreateNodeId(join(folder, 'state'))).toBe(first);
  });

  test('agents that start together agree', async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, () => readOrCreateNodeId(join(folder, 'state'))));
    expect(new Set(ids).size).toBe(1);
    expect(readdirSync(join(folder, 'state'))).toEqual(['node-id']);
  });

  test('a file that holds something else is told, not overwritten', async () => {
    writeFileSync(join(folder, 'node-id'), 'nonsense\n');
    await expect(readOrCreateNodeId(folder)).rejects.toThrow(/node-id: holds "nonsense", expected a UUID/);
    expect(readFileSync(join(folder, 'node-id'), 'utf8')).toBe('nonsense\n');
  });
});
