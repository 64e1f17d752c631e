import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ChangedFiles, stampOf } from '../../../../statsd/io/changed-files.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

const EVERY_MS = 5000;

/** Files `a`, `b`, … in a folder of their own, and those who wait for them. */
function setUp(count: number): {
  readonly clock: ManualClock;
  readonly files: readonly string[];
  readonly told: string[];
  readonly stop: AbortController;
  readonly wait: (file: string) => Promise<void>;
} & Disposable {
  const folder = mkdtempSync(join(tmpdir(), 'weft-test-changed-'));
  const files = Array.from({ length: count }, (_, index) => join(folder, String.fromCharCode(97 + index)));
  for (const file of files) writeFileSync(file, 'one');
  const clock = new ManualClock();
  const changed = new ChangedFiles({ clock, everyMs: EVERY_MS });
  const told: string[] = [];
  const stop = new AbortController();
  return {
    clock,
    files,
    told,
    stop,
    wait: async (file) => {
      await changed.next([file], stampOf([file]), stop.signal);
      told.push(file);
    },
    [Symbol.dispose]: () => {
      stop.abort();
      rmSync(folder, { recursive: true });
    },
  };
}

const replace = (file: string): void => {
  writeFileSync(`${file}.new`, 'three');
  renameSync(`${file}.new`, file);
};

test.each([
  {
    name: 'is written anew',
    change: (file: string) => {
      writeFileSync(file, 'longer');
    },
  },
  { name: 'is replaced', change: replace },
  {
    name: 'is removed',
    change: (file: string) => {
      rmSync(file);
    },
  },
])('a file that $name is told of within one period, and no other', async ({ change }) => {
  using held = setUp(12);
  const waits = held.files.map((file) => held.wait(file).catch(() => undefined));
  const [, , , , , , , which = ''] = held.files;
  await held.clock.advance(2 * EVERY_MS);
  expect(held.told).toEqual([]);
  change(which);
  await held.clock.advance(EVERY_MS);
  expect(held.told).toEqual([which]);
  held.stop.abort();
  await Promise.all(waits);
});

test('a file that changed before the wait began is told of', async () => {
  using held = setUp(1);
  const [file = ''] = held.files;
  const stamp = stampOf([file]);
  replace(file);
  const changed = new ChangedFiles({ clock: held.clock, everyMs: EVERY_MS }).next([file], stamp, held.stop.signal);
  await held.clock.advance(EVERY_MS);
  await changed;
});

test('who waits is let go by its signal, and a second wait after all were let go is served', async () => {
  using held = setUp(1);
  const [file = ''] = held.files;
  const gone = new AbortController();
  const changed = new ChangedFiles({ clock: held.clock, everyMs: EVERY_MS });
  const first = changed.next([file], stampOf([file]), gone.signal);
  gone.abort(new RangeError('let go'));
  await expect(first).rejects.toThrow('let go');
  const second = changed.next([file], stampOf([file]), held.stop.signal);
  replace(file);
  await held.clock.advance(EVERY_MS);
  await second;
});

test('a file that cannot be looked at is as one that is not there', () => {
  using held = setUp(1);
  const [file = ''] = held.files;
  expect(stampOf([`${file}/below-a-file`, `${file}.missing`])).toBe('-,-');
  expect(stampOf([`/${'x'.repeat(300)}`])).toBe('-'); // ENAMETOOLONG
});
