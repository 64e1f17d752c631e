import { mkdtemp, rm } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AuditLog, AUDIT_TABLES } from '../../../../dashboard/io/access/audit-log.ts';
import { Store } from '../../../../dashboard/io/store.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

let folder: string;
const entry = {
  actor: 'ann',
  actorKind: 'user',
  action: 'Make a rule',
  target: '/api/v1/rules',
  address: '::1',
  status: 201,
} as const;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-test-audit-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const path = (): string => join(folder, 'audit.db');
const open = (): Store => new Store({ path: path(), durability: 'checkpoint', tables: [AUDIT_TABLES] });

test('tells the newest first, page by page, also after a restart', () => {
  {
    using store = open();
    const audit = new AuditLog(store, new ManualClock());
    for (const target of ['a', 'b', 'c']) audit.add({ ...entry, target });
    audit.add({ ...entry, actor: undefined, actorKind: 'nobody', status: 401, target: 'x'.repeat(9999) });
  }
  using store = open();
  const audit = new AuditLog(store, new ManualClock());
  const [last, third] = audit.page({ limit: 2 });
  expect(last).toMatchObject({ seq: 4, actor: undefined, actorKind: 'nobody', status: 401, target: 'x'.repeat(512) });
  expect(third).toEqual({ ...entry, seq: 3, target: 'c', atUnixMs: 1_000_000 });
  expect(audit.page({ before: 3, limit: 10 }).map(({ target }) => target)).toEqual(['b', 'a']);
});

test('what is written cannot be changed, not even by who has the file', () => {
  {
    using store = open();
    new AuditLog(store, new ManualClock()).add(entry);
  }
  using file = new DatabaseSync(path());
  expect(() => {
    file.exec("UPDATE audit SET actor = 'bob'");
  }).toThrow('the audit log is append-only');
});

test('is bounded, and refusals push no deed out', () => {
  using store = open();
  const audit = new AuditLog(store, new ManualClock());
  store.transaction(() => {
    for (let count = 0; count < 20; count += 1) audit.add(entry);
    for (let count = 0; count < 3000; count += 1) audit.add({ ...entry, status: 403 });
  });
  const kept = audit.page({ limit: 100_000 });
  expect(kept.filter(({ status }) => status < 400)).toHaveLength(20);
  const refused = kept.filter(({ status }) => status >= 400);
  expect(refused.length).toBeGreaterThanOrEqual(2000);
  expect(refused.length).toBeLessThanOrEqual(2100);
});
