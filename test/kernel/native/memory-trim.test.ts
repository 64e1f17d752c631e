import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** Frees every other one of many buffers that lie one after the other, and tells what is resident then and after a trim, KiB. */
const SCRIPT = `
  import { readFileSync } from 'node:fs';
  import { memoryTrim } from ${JSON.stringify(join(import.meta.dirname, '../../../native/host/memory-trim.ts'))};
  const residentKib = () => Number(/VmRSS:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
  // Below glibc's limit for mappings of their own.
  let kept = Array.from({ length: 2000 }, () => Buffer.alloc(64 * 1024, 1));
  kept = kept.filter((_, index) => index % 2 === 0);
  globalThis.gc();
  await new Promise((resolve) => setTimeout(resolve, 100));
  const before = residentKib();
  memoryTrim()();
  console.log(before, residentKib(), kept.length);
`;

test('what lies freed between memory in use is given back', () => {
  const node = join(import.meta.dirname, '../../../node_modules/node/bin/node');
  const said = execFileSync(node, ['--expose-gc', '--input-type=module', '-e', SCRIPT], {
    encoding: 'utf8',
    env: { ...process.env, MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: '131072' },
  });
  const [before, after, kept] = said.trim().split(' ').map(Number);
  expect(kept).toBe(1000);
  // A thousand buffers of 64 KiB were freed.
  expect(before! - after!).toBeGreaterThan(32 * 1024);
});
