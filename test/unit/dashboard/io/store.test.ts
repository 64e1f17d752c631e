import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStateStore, StateStoreError } from '../../../../dashboard/io/store.ts';
import type { Alert } from '../../../../dashboard/model/alert-book.ts';

let folder: string;
const corrupt: string[] = [];
const open = () => openStateStore(folder, (record) => corrupt.push(record));

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-test-store-'));
  corrupt.length = 0;
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const resolved = {
  kind: 'resolved',
  activeAtUnixMs: 1,
  heldMs: 2,
  clearMs: undefined,
  noData: false,
  value: 0.5,
  firedAtUnixMs: 3,
  resolvedAtUnixMs: 4,
  reason: 'recovered',
} as const;
const alert: Alert = {
  fingerprint: 'f',
  rule: 'A',
  target: 'n1/runc:api',
  labels: { container: '<img src=x onerror=alert(1)>' },
  annotations: {},
  severity: 'warning',
  metric: 'cpuCores',
  threshold: 1,
  forMs: 0,
  noDataSinceUnixMs: undefined,
  before: resolved,
  state: { kind: 'pending', activeAtUnixMs: 1, heldMs: 2, clearMs: undefined, noData: false, value: 0.5 },
};

test('gives back after a reopen what was saved', () => {
  const record = { firing: ['f/1'], refusedId: undefined, sentence: 'sent' };
  {
    using store = open();
    store.saveAlerts([alert, { ...alert, fingerprint: 'g', state: resolved, before: undefined }], []);
    store.saveAlerts([], ['g']);
    store.saveDelivery({ receiver: 'r', groupKey: 'k', record });
    store.saveDelivery({ receiver: 'r', groupKey: 'other', record });
    store.removeDelivery('r', 'other');
    store.revokeSession('s', 100);
  }
  using store = open();
  expect(store.loadAlerts()).toEqual([alert]);
  expect(store.loadDeliveries()).toEqual([{ receiver: 'r', groupKey: 'k', record }]);
  expect([...store.revokedSessions(50)]).toEqual([['s', 100]]);
  expect([...store.revokedSessions(101)]).toEqual([]);
});

test('a second dashboard on the same folder is refused in one sentence', () => {
  using _store = open();
  expect(open).toThrow('another weft dashboard uses this state folder');
});

test('a record that cannot be read is left out and told', () => {
  open()[Symbol.dispose]();
  const database = new DatabaseSync(join(folder, 'dashboard.db'));
  database.exec("INSERT INTO alerts VALUES ('bad', '{\"v\":2}'), ('worse', 'x')");
  database.close();
  using store = open();
  expect(store.loadAlerts()).toEqual([]);
  expect(corrupt).toEqual(['bad', 'worse']);
});

test.each([
  {
    name: 'a file that is no database',
    prepare: () => writeFile(join(folder, 'dashboard.db'), 'not a database, not at all'.repeat(100)),
  },
  {
    name: 'a file of a newer weft',
    prepare: () => {
      const database = new DatabaseSync(join(folder, 'dashboard.db'));
      database.exec('PRAGMA user_version = 99');
      database.close();
      return Promise.resolve();
    },
  },
])('$name is refused with its path', async ({ prepare }) => {
  await prepare();
  expect(open).toThrow(StateStoreError);
  expect(open).toThrow(join(folder, 'dashboard.db'));
});
