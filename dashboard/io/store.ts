import { chmodSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';

/** SQLite's numbers for a file that is damaged or none at all. */
const DAMAGED_CODES = new Set([11, 26]);

/** Whether this is what SQLite says of such a file. */
export function saysDamaged(cause: unknown): boolean {
  if (!(cause instanceof Error) || !('errcode' in cause)) return false;
  return typeof cause.errcode === 'number' && DAMAGED_CODES.has(cause.errcode & 0xff);
}

/** A file of the dashboard could not be opened, read or written; `path` names it. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly operation: string;
  readonly path: string;

  constructor(operation: string, path: string, cause: unknown) {
    super(`cannot ${operation} ${path}: ${reasonOf(cause)}`, { cause });
    this.operation = operation;
    this.path = path;
  }

  /** Whether the file is damaged, or no database at all. */
  get isDamaged(): boolean {
    return saysDamaged(this.cause);
  }
}

function reasonOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.includes('database is locked') ? 'another weft dashboard uses this state folder' : text;
}

/**
 * Tables that belong to one part of the dashboard. `migrations[i]` takes them from version `i` to `i + 1`; one that was released is never changed, only
 * followed by another.
 */
export interface TableSet {
  readonly name: string;
  readonly migrations: readonly string[];
}

export interface StoreOptions {
  readonly path: string;
  /** `commit`: what was committed outlives a power cut. `checkpoint`: it outlives kill -9, and a power cut may take the last seconds. */
  readonly durability: 'commit' | 'checkpoint';
  readonly tables: readonly TableSet[];
}

/** Version 1 knew one set of tables and no list of them; version 2 keeps the version of each set in `table_sets`. */
const FILE_VERSION = 2;

/** One SQLite file. Invariant: it is open in one process only, and its tables are at this program's versions. */
export class Store implements Disposable {
  readonly path: string;
  readonly #database: DatabaseSync;

  /** Opens the file, made (0600) when absent, and brings its tables up to date; all of that or nothing. @throws {StoreError} */
  constructor(options: StoreOptions) {
    this.path = options.path;
    this.#database = this.attempt('open', () => open(options));
  }

  /** @throws {StoreError} when the statement does not fit the tables. */
  prepare(sql: string): StatementSync {
    return this.attempt('read', () => this.#database.prepare(sql));
  }

  /** Runs one step; what SQLite says is told with the path. @throws {StoreError} */
  attempt<Result>(operation: string, work: () => Result): Result {
    try {
      return work();
    } catch (cause) {
      throw cause instanceof StoreError ? cause : new StoreError(operation, this.path, cause);
    }
  }

  /** Writes everything that `work` does, or nothing of it. @throws {StoreError} */
  transaction(work: () => void): void {
    this.attempt('write', () => {
      inTransaction(this.#database, work);
    });
  }

  /** Writes the whole file anew: nothing of what was deleted or replaced is left in it, nor in its log. @throws {StoreError} */
  rewrite(): void {
    this.attempt('write', () => {
      this.#database.exec('VACUUM; PRAGMA wal_checkpoint(TRUNCATE)');
    });
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}

function inTransaction(database: DatabaseSync, work: () => void): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    work();
    database.exec('COMMIT');
  } catch (error) {
    // A full disk may have rolled back by itself; a second ROLLBACK would hide the reason.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function open({ path, durability, tables }: StoreOptions): DatabaseSync {
  const database = new DatabaseSync(path);
  try {
    chmodSync(path, 0o600);
    // Before the first table, or it is without effect: what is deleted can be given back to the disk.
    database.exec('PRAGMA auto_vacuum = INCREMENTAL');
    // One writer for sure: a second dashboard on the same folder would send everything twice.
    database.exec(`PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;
      PRAGMA synchronous = ${durability === 'commit' ? 'FULL' : 'NORMAL'};`);
    inTransaction(database, () => {
      migrate(database, tables);
    });
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function migrate(database: DatabaseSync, tables: readonly TableSet[]): void {
  const fileVersion = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
  if (fileVersion > FILE_VERSION) throw new RangeError(`it was written by a newer weft (file version ${fileVersion})`);
  database.exec('CREATE TABLE IF NOT EXISTS table_sets (name TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT');
  const known = database.prepare('SELECT version FROM table_sets WHERE name = ?');
  const remember = database.prepare('INSERT OR REPLACE INTO table_sets (name, version) VALUES (?, ?)');
  for (const { name, migrations } of tables) {
    const version = Number(known.get(name)?.['version'] ?? 0);
    if (version > migrations.length)
      throw new RangeError(`it was written by a newer weft (version ${version} of its ${name} tables)`);
    for (const step of migrations.slice(version)) database.exec(step);
    remember.run(name, migrations.length);
  }
  database.exec(`PRAGMA user_version = ${FILE_VERSION}`);
}
