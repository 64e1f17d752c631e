import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SavedViews } from '../../../../dashboard/io/saved-views.ts';
import { openStateStore, type StateStore } from '../../../../dashboard/io/state-store.ts';
import type { Principal } from '../../../../dashboard/model/access.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

const EVA: Principal = { kind: 'user', id: 'eva', name: 'eva', role: 'editor', scope: undefined };
const ANN: Principal = { ...EVA, id: 'ann', name: 'ann', role: 'viewer' };
const BUSY = { name: 'busy', page: 'containers', query: 'q=cpu%3E50%25', shared: false } as const;

let folder: string;
let store: StateStore;
let corrupt: string[];

function open(): SavedViews {
  corrupt = [];
  store = openStateStore(folder, (record) => corrupt.push(record));
  return new SavedViews(store.documents, new ManualClock(), (record) => corrupt.push(record));
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-test-views-'));
});
afterEach(async () => {
  store[Symbol.dispose]();
  await rm(folder, { recursive: true, force: true });
});

test('what is gone with its owner is gone from the disk, and what was shared stays', () => {
  const views = open();
  views.add(EVA, BUSY);
  views.add(EVA, { ...BUSY, shared: true });
  views.add(ANN, BUSY);
  const user = { kind: 'user', id: 'eva', updatedAtUnixMs: 0, value: {} } as const;
  store.documents.put(user);
  expect(views.of(EVA)).toHaveLength(2);
  store.documents.remove('user', 'eva');
  expect(views.of(EVA).map(({ shared }) => shared)).toEqual([true]);
  store[Symbol.dispose]();
  const again = open();
  expect(again.of(EVA).map(({ shared, by }) => [shared, by])).toEqual([[true, 'eva']]);
  expect(again.of(ANN).map(({ shared }) => shared)).toEqual([false, true]);
});

test('a change leaves out nothing that it does not name', () => {
  const views = open();
  const { id } = views.add(EVA, BUSY);
  expect(views.change(EVA, id, { query: '' })).toMatchObject({ name: 'busy', query: '', shared: false });
  expect(views.change(EVA, id, { shared: true })).toMatchObject({ name: 'busy', query: '', shared: true, by: 'eva' });
  views.remove(EVA, id);
  expect(views.of(EVA)).toEqual([]);
});

test('what is kept is of its page alone; a record of before there were others is of the containers', () => {
  const views = open();
  const { id, query } = views.add(EVA, { ...BUSY, page: 'hosts', query: 'q=h1&last=6h&next=//evil.example' });
  expect(query).toBe('q=h1');
  expect(views.change(EVA, id, { page: 'compare' })).toMatchObject({ page: 'compare', query: '' });
  const value = { name: 'old', query: 'q=web', shared: false, owner: 'user:ann', by: 'ann' };
  store.documents.put({ kind: 'view', id: 'old', updatedAtUnixMs: 0, value });
  store[Symbol.dispose]();
  expect(open().of(ANN)).toMatchObject([{ name: 'old', page: 'containers', query: 'q=web' }]);
});

test('a record that cannot be read is left out and told', () => {
  open();
  store.documents.put({ kind: 'view', id: 'broken', updatedAtUnixMs: 0, value: { name: 7 } });
  store[Symbol.dispose]();
  expect(open().of(EVA)).toEqual([]);
  expect(corrupt).toEqual(['view broken']);
});
