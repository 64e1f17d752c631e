import { closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDescriptors } from '../../../../statsd/io/open-descriptors.ts';

test('every descriptor that is opened counts', async () => {
  const before = await openDescriptors('/proc');
  const opened = Array.from({ length: 100 }, () => openSync('/dev/null', 'r'));
  const after = await openDescriptors('/proc');
  for (const descriptor of opened) closeSync(descriptor);
  // Other things of this process may open or close some.
  expect(after - before).toBeGreaterThan(50);
  expect(after).toBeLessThan(readdirSync('/proc/self/fd').length + 150);
});

test('where the size of the directory does not tell, as before Linux 6.2, its entries do', async () => {
  const procfs = mkdtempSync(join(tmpdir(), 'weft-test-procfs-'));
  mkdirSync(join(procfs, 'self'));
  // A directory of procfs, with the size 0.
  symlinkSync('/proc/self/ns', join(procfs, 'self/fd'));
  expect(await openDescriptors(procfs)).toBe(readdirSync('/proc/self/ns').length - 1);
  rmSync(procfs, { recursive: true });
  expect(await openDescriptors(procfs)).toBeNaN();
});
