import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadAddon } from '../../../native/addon.ts';
import { fileText } from '../../../native/host/file-text.ts';

const MAX_BYTES = 100_000;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'weft-test-text-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe.each([
  { name: 'by the addon', read: fileText() },
  { name: 'without it', read: fileText('/nowhere') },
])('$name', ({ name, read }) => {
  const at = (file: string): string => join(folder, `${name} ${file}`);
  const written = (content: string | Uint8Array): string => {
    writeFileSync(at('file'), content);
    return at('file');
  };

  test.each([
    ['nothing', ''],
    ['letters of many bytes', 'blå 漢字 🐳'],
    ['a zero byte inside', 'a\0b'],
    ['more than one read', 'x'.repeat(MAX_BYTES)],
  ])('%s is read as it is', async (_, content) => {
    expect(await read(written(content), MAX_BYTES)).toBe(content);
  });

  test('bytes that are no UTF-8 are read as readFile reads them', async () => {
    const bytes = Uint8Array.from({ length: 1024 }, (_, index) => (index * 37) % 256);
    expect(await read(written(bytes), MAX_BYTES)).toBe(Buffer.from(bytes).toString('utf8'));
  });

  test('a file as large as allowed is read, one byte more is not', async () => {
    const path = written('12345');
    expect(await read(path, 5)).toBe('12345');
    expect(await read(path, 4)).toBeUndefined();
  });

  test('a file of proc, which has no size, is read whole and up to the limit', async () => {
    const whole = readFileSync('/proc/kallsyms', 'utf8');
    expect(whole.length).toBeGreaterThan(MAX_BYTES);
    expect(await read('/proc/kallsyms', whole.length * 2)).toBe(whole);
    expect(await read('/proc/kallsyms', MAX_BYTES)).toBe(whole.slice(0, MAX_BYTES));
  });

  test('a FIFO, a link, a folder, a device and what is not there are not read', async () => {
    const path = written('x');
    await promisify(execFile)('mkfifo', [at('fifo')]);
    symlinkSync(path, at('link'));
    mkdirSync(at('folder'));
    const others = [at('fifo'), at('link'), at('folder'), '/dev/zero', at('none'), `${path}\0`, `${path}/below`, ''];
    expect(await Promise.all(others.map((other) => read(other, MAX_BYTES)))).toEqual(others.map(() => undefined));
  });
});

test('the addon refuses what is no path or no size', () => {
  const addon: { readText(...values: unknown[]): unknown } = loadAddon();
  const wrong = (...values: unknown[]): unknown => addon.readText(...values);
  expect(() => wrong(1, 1)).toThrow(TypeError);
  expect(() => wrong('/etc/hostname')).toThrow(TypeError);
  expect(() => wrong('/etc/hostname', -1)).toThrow(TypeError);
  expect(() => wrong('/etc/host\0name', 10)).toThrow(/readText/);
});
