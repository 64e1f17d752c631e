import { mkdtemp, rm } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStateStore } from '../../../../dashboard/io/state-store.ts';
import type { Alert } from '../../../../dashboard/model/alert/alert.ts';

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
  ruleId: 'r1',
  metric: 'cpuCores',
  op: '>',
  levels: [
    {
      severity: 'warning',
      state: { kind: 'pending', activeAtUnixMs: 1, heldMs: 2, clearMs: undefined, noData: false, value: 0.5 },
    },
  ],
  transitions: [{ atUnixMs: 5, to: 'firing' }],
  flapping: true,
  threshold: 1,
  forMs: 0,
  noDataSinceUnixMs: undefined,
  before: resolved,
  state: { kind: 'pending', activeAtUnixMs: 1, heldMs: 2, clearMs: undefined, noData: false, value: 0.5 },
};

test('gives back after a reopen what was saved', () => {
  const document = { kind: 'silence', id: 's1', updatedAtUnixMs: 7, value: { comment: '<b>' } } as const;
  {
    using store = open();
    store.saveAlerts([alert, { ...alert, fingerprint: 'g', state: resolved, before: undefined }], [], 10);
    store.saveAlerts([], ['g'], 11);
    store.documents.put(document);
    store.documents.put({ ...document, id: 's2' });
    store.documents.remove('silence', 's2');
    store.saveEvaluatedAt(99);
    store.outbox.saveGroups([{ key: '{}:{a="b"}', nextFlushUnixMs: 5, flushed: true }]);
  }
  using store = open();
  expect(store.loadAlerts()).toEqual([alert]);
  expect(store.documents.all('silence')).toEqual([document]);
  expect(store.evaluatedAt()).toBe(99);
  expect(store.outbox.loadGroups()).toEqual([{ key: '{}:{a="b"}', nextFlushUnixMs: 5, flushed: true }]);
});

test('a second dashboard on the same folder is refused in one sentence', () => {
  using _store = open();
  expect(open).toThrow('another weft dashboard uses this state folder');
});

test('a file from before tables had versions is taken over with what is in it', () => {
  const old = new DatabaseSync(join(folder, 'dashboard.db'));
  old.exec(`CREATE TABLE alerts (fingerprint TEXT PRIMARY KEY, json TEXT NOT NULL) STRICT;
    CREATE TABLE deliveries (receiver TEXT NOT NULL, group_key TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY (receiver, group_key)) STRICT;
    CREATE TABLE revoked_sessions (id TEXT PRIMARY KEY, until_unix_ms INTEGER NOT NULL) STRICT;
    INSERT INTO revoked_sessions VALUES ('s', 100); PRAGMA user_version = 1;`);
  old.close();
  using store = open();
  store.saveAlerts([alert], [], 10);
  expect(store.loadAlerts()).toEqual([alert]);
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
