import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Store, StoreError, type TableSet } from '../../../../dashboard/io/store.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-test-store-'));
  path = join(folder, 'x.db');
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const FIRST = 'CREATE TABLE notes (text TEXT NOT NULL) STRICT';
const SECOND = "ALTER TABLE notes ADD COLUMN author TEXT NOT NULL DEFAULT 'nobody'";
const open = (migrations: readonly string[] = [FIRST], others: readonly TableSet[] = []): Store =>
  new Store({ path, durability: 'commit', tables: [{ name: 'notes', migrations }, ...others] });

test('a file of an older version is brought up to date once, with what is in it', async () => {
  {
    using old = open();
    old.prepare('INSERT INTO notes VALUES (?)').run('hello');
  }
  for (let times = 0; times < 2; times += 1) {
    using store = open([FIRST, SECOND]);
    expect(
      store
        .prepare('SELECT * FROM notes')
        .all()
        .map((row) => ({ ...row })),
    ).toEqual([{ text: 'hello', author: 'nobody' }]);
  }
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test('a step that fails leaves the file as it was, with all sets of tables', () => {
  open()[Symbol.dispose]();
  expect(() => open([FIRST, SECOND], [{ name: 'bad', migrations: ['CREATE NONSENSE'] }])).toThrow(StoreError);
  using store = open([FIRST, SECOND]);
  expect(store.prepare('SELECT author FROM notes').all()).toEqual([]);
});

test('a transaction that fails changes nothing and tells the file', () => {
  using store = open();
  const put = store.prepare('INSERT INTO notes VALUES (?)');
  expect(() => {
    store.transaction(() => {
      put.run('one');
      put.run(null);
    });
  }).toThrow(`cannot write ${path}: NOT NULL constraint failed`);
  expect(store.prepare('SELECT * FROM notes').all()).toEqual([]);
});

test('a disk that is full is told as such, and the store goes on when there is room again', () => {
  using store = open();
  const put = store.prepare('INSERT INTO notes VALUES (?)');
  const fill = (): void => {
    store.transaction(() => {
      put.run('x'.repeat(100_000));
    });
  };
  store.prepare('PRAGMA max_page_count = 10').get();
  expect(fill).toThrow(`cannot write ${path}: database or disk is full`);
  store.prepare('PRAGMA max_page_count = 1000').get();
  fill();
  expect(store.prepare('SELECT count(*) AS count FROM notes').get()?.['count']).toBe(1);
});

test('a second process on the same file is refused in one sentence', () => {
  using _store = open();
  expect(() => open()).toThrow('another weft dashboard uses this state folder');
});

const newer = (sql: string) => (): Promise<void> => {
  open()[Symbol.dispose]();
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
  return Promise.resolve();
};

test.each([
  {
    name: 'a file that is no database',
    prepare: () => writeFile(path, 'not a database, not at all'.repeat(100)),
    sentence: 'file is not a database',
  },
  {
    name: 'a file of a newer weft',
    prepare: newer('PRAGMA user_version = 99'),
    sentence: 'it was written by a newer weft (file version 99)',
  },
  {
    name: 'a table of a newer weft',
    prepare: newer('UPDATE table_sets SET version = 7'),
    sentence: 'it was written by a newer weft (version 7 of its notes tables)',
  },
])('$name is refused with its path', async ({ prepare, sentence }) => {
  await prepare();
  expect(() => open()).toThrow(StoreError);
  expect(() => open()).toThrow(`cannot open ${path}: ${sentence}`);
});
