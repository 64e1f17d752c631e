import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { awaitExit } from '../../../statsd/exit-wait.ts';
import type { RuntimeExit } from '../../../statsd/io/docker-files.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { until } from '../../support/until.ts';

const exit: RuntimeExit = {
  exitCode: 7,
  oomKilled: false,
  startedAtUnixMs: undefined,
  finishedAtUnixMs: undefined,
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weft-test-exit-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function waiting(where: string | undefined, signal = new AbortController().signal) {
  const clock = new ManualClock();
  const state = { looks: 0, told: undefined as RuntimeExit | undefined };
  const look = (): Promise<RuntimeExit | undefined> => {
    state.looks += 1;
    return Promise.resolve(state.told);
  };
  const result = awaitExit({ look, folder: where, clock, random: () => 0.5 }, signal);
  return { clock, state, result };
}

test('a folder that is watched is looked at when it changes', async () => {
  const { state, result } = waiting(folder);
  state.told = exit;
  writeFileSync(join(folder, '.part'), '{}');
  renameSync(join(folder, '.part'), join(folder, 'config.v2.json'));
  expect(await result).toEqual(exit);
});

test('a folder in which nothing changes is looked at twice: at once and at last', async () => {
  const { clock, state, result } = waiting(folder);
  await until(() => state.looks === 1, { what: 'the first look' });
  for (let step = 0; step < 24; step += 1) await clock.advance(100);
  expect(state.looks).toBe(1);
  await clock.advance(200);
  expect(await result).toBeUndefined();
  expect(state.looks).toBe(2);
});

test.each([
  ['without a folder', () => undefined],
  ['with a folder that cannot be watched', () => join(folder, 'none')],
])('%s it is looked for at growing intervals', async (_, where) => {
  const { clock, state, result } = waiting(where());
  await until(() => state.looks === 1, { what: 'the first look' });
  for (let step = 0; step < 24; step += 1) await clock.advance(100);
  expect(state.looks).toBeGreaterThan(5);
  state.told = exit;
  await clock.advance(400);
  expect(await result).toEqual(exit);
});

test('it ends with the signal', async () => {
  const stop = new AbortController();
  const { result } = waiting(folder, stop.signal);
  stop.abort(new Error('over'));
  await expect(result).rejects.toThrow('over');
});
