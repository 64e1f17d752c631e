import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStateStore, type StateStore } from '../../../../dashboard/io/state-store.ts';
import type { Alert } from '../../../../dashboard/model/alert/alert.ts';
import { anAlert, FIRING, PENDING, RESOLVED } from '../model/notify/alerts.ts';

let folder: string;
const open = () =>
  openStateStore(folder, (record, error) => {
    throw new Error(record, { cause: error });
  });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-test-episodes-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const fired = (at: number, value = 1): Alert =>
  anAlert({ host: 'h1' }, { state: { ...FIRING, firedAtUnixMs: at, value } as typeof FIRING });
const ended = (at: number, until: number): Alert =>
  anAlert({ host: 'h1' }, { state: { ...RESOLVED, firedAtUnixMs: at, resolvedAtUnixMs: until } as typeof RESOLVED });
const episodes = (store: StateStore, fromUnixMs = 0, toUnixMs = 1e13) =>
  [...store.episodes.read({ fromUnixMs, toUnixMs })].map((episode) => store.episodes.withTold(episode));

test('an episode begins with the value that fired it, hears of who was told, ends with a reason, and outlives the process', () => {
  const { fingerprint } = fired(1000);
  {
    using store = open();
    store.saveAlerts([fired(1000, 0.93)], [], 1000);
    store.episodes.tell('pager', [fingerprint], 1500);
    store.episodes.tell('pager', [fingerprint], 9999);
    store.saveAlerts([fired(1000, 0.99)], [], 2000);
  }
  using store = open();
  expect(episodes(store)).toMatchObject([{ value: 0.93, firedAtUnixMs: 1000, resolvedAtUnixMs: undefined }]);
  store.saveAlerts([ended(1000, 5000)], [], 5000);
  store.saveAlerts([fired(8000)], [], 8000);
  store.episodes.tell('mail', [fingerprint], 8500);
  const [second, first] = episodes(store);
  expect(second).toMatchObject({ firedAtUnixMs: 8000, told: [{ channel: 'mail', atUnixMs: 8500 }] });
  expect(first).toMatchObject({
    resolvedAtUnixMs: 5000,
    resolvedBecause: 'recovered',
    told: [{ channel: 'pager', atUnixMs: 1500 }],
  });
});

test.each([
  { name: 'before it fired', from: 0, to: 999, found: 0 },
  { name: 'when it fired', from: 0, to: 1000, found: 1 },
  { name: 'while it fired', from: 2000, to: 3000, found: 1 },
  { name: 'as it ended', from: 5000, to: 6000, found: 1 },
  { name: 'after its end', from: 5001, to: 6000, found: 0 },
])('a range $name', ({ from, to, found }) => {
  using store = open();
  store.saveAlerts([fired(1000)], [], 1000);
  store.saveAlerts([ended(1000, 5000)], [], 5000);
  expect(episodes(store, from, to)).toHaveLength(found);
});

test('what fires again only after its rule asked for more time has ended meanwhile', () => {
  using store = open();
  store.saveAlerts([fired(1000)], [], 1000);
  store.saveAlerts([anAlert({ host: 'h1' }, { state: PENDING })], [], 3000);
  expect(episodes(store)).toMatchObject([{ resolvedAtUnixMs: 3000, resolvedBecause: 'rule_changed' }]);
});

test('what is open after a start and does not fire any more ended when it was last seen', () => {
  using store = open();
  store.saveAlerts([fired(1000)], [], 1000);
  const other = anAlert(
    { host: 'h2' },
    { fingerprint: 'b', state: { ...FIRING, firedAtUnixMs: 1100 } as typeof FIRING },
  );
  store.saveAlerts([other], [], 1100);
  store.episodes.endOrphans((fingerprint) => fingerprint === 'b', 4000);
  const found = episodes(store).map(({ labels, resolvedAtUnixMs }) => [labels['host'], resolvedAtUnixMs]);
  expect(found).toEqual([
    ['h2', undefined],
    ['h1', 4000],
  ]);
});
