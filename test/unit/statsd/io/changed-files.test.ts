import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fileStats } from '../../../../native/host/file-stats.ts';
import { ChangedFiles } from '../../../../statsd/io/changed-files.ts';
import { settled } from '../../../support/manual-clock.ts';

const EVERY_MS = 5000;
const TICK_MS = 1000;

/** Files `a`, `b`, … in a folder of their own, and those who wait for them. */
function setUp(count: number): {
  readonly files: readonly string[];
  readonly changed: ChangedFiles;
  readonly told: string[];
  readonly stop: AbortController;
  readonly wait: (file: string) => Promise<void>;
  /** So many ticks pass. */
  readonly pass: (ticks: number, tickMs?: number) => Promise<void>;
} & Disposable {
  const folder = mkdtempSync(join(tmpdir(), 'weft-test-changed-'));
  const files = Array.from({ length: count }, (_, index) => join(folder, String.fromCharCode(97 + index)));
  for (const file of files) writeFileSync(file, 'one');
  const changed = new ChangedFiles({ stats: fileStats(), everyMs: EVERY_MS });
  const told: string[] = [];
  const stop = new AbortController();
  let nowMs = 1_000_000;
  changed.look(nowMs);
  return {
    files,
    changed,
    told,
    stop,
    wait: async (file) => {
      await changed.next([file], changed.stampOf([file]), stop.signal);
      told.push(file);
    },
    pass: async (ticks, tickMs = TICK_MS) => {
      for (let tick = 0; tick < ticks; tick += 1) {
        nowMs += tickMs;
        changed.look(nowMs);
        await settled();
      }
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
  await held.pass(10);
  expect(held.told).toEqual([]);
  change(which);
  await held.pass(5);
  expect(held.told).toEqual([which]);
  held.stop.abort();
  await Promise.all(waits);
});

test.each([
  { name: 'come early and late in turns', ticksMs: [1040, 960, 1040, 960, 1000, 1000] },
  { name: 'are ten a second', ticksMs: new Array<number>(51).fill(100) },
  { name: 'are farther apart than a period', ticksMs: [60_000] },
  { name: 'stood still for an hour', ticksMs: [3_600_000] },
])('all are looked at within one period of ticks that $name', async ({ ticksMs }) => {
  using held = setUp(10);
  const waits = held.files.map((file) => held.wait(file).catch(() => undefined));
  for (const file of held.files) replace(file);
  for (const tickMs of ticksMs) await held.pass(1, tickMs);
  expect(held.told.toSorted()).toEqual(held.files);
  await Promise.all(waits);
});

test('a turn is a part of the files: no look is at all of them', async () => {
  using held = setUp(10);
  const waits = held.files.map((file) => held.wait(file).catch(() => undefined));
  for (const file of held.files) replace(file);
  await held.pass(1);
  expect(held.told).toHaveLength(2);
  await held.pass(1);
  expect(held.told).toHaveLength(4);
  held.stop.abort();
  await Promise.all(waits);
});

test('a file that changed before the wait began is told of', async () => {
  using held = setUp(1);
  const [file = ''] = held.files;
  const stamp = held.changed.stampOf([file]);
  replace(file);
  const changed = held.changed.next([file], stamp, held.stop.signal);
  await held.pass(5);
  await changed;
});

test('who does not know how files stood is told at the next look', async () => {
  using held = setUp(1);
  const changed = held.changed.next(held.files, undefined, held.stop.signal);
  await held.pass(5);
  await changed;
});

test('of several files the last one counts as well, and one that comes into being', async () => {
  using held = setUp(2);
  const [first = '', second = ''] = held.files;
  rmSync(second);
  const both = held.changed.next([first, second], held.changed.stampOf([first, second]), held.stop.signal);
  const done = both.then(() => held.told.push('both'));
  await held.pass(10);
  expect(held.told).toEqual([]);
  writeFileSync(second, 'two');
  await held.pass(5);
  await done;
});

test('who waits is let go by its signal, and a second wait after all were let go is served', async () => {
  using held = setUp(1);
  const [file = ''] = held.files;
  const gone = new AbortController();
  const first = held.changed.next([file], held.changed.stampOf([file]), gone.signal);
  gone.abort(new RangeError('let go'));
  await expect(first).rejects.toThrow('let go');
  const second = held.changed.next([file], held.changed.stampOf([file]), held.stop.signal);
  replace(file);
  await held.pass(5);
  await second;
});

test('a file that cannot be looked at is as one that is not there', () => {
  using held = setUp(1);
  const [file = ''] = held.files;
  const missing = held.changed.stampOf([`${file}.missing`]);
  expect(held.changed.stampOf([`${file}/below-a-file`])).toEqual(missing);
  expect(held.changed.stampOf([`/${'x'.repeat(300)}`])).toEqual(missing); // ENAMETOOLONG
  expect(held.changed.stampOf([file])).not.toEqual(missing);
});
