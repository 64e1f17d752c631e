import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Alert } from '../model/alert-book.ts';
import { decodeAlert, decodeDelivery, encodeAlert, encodeDelivery, type DeliveryRecord } from './alert-record.ts';

/** The dashboard's state could not be opened, read or written; `path` names the file. */
export class StateStoreError extends Error {
  override readonly name = 'StateStoreError';
  readonly operation: string;
  readonly path: string;

  constructor(operation: string, path: string, cause: unknown) {
    super(`cannot ${operation} ${path}: ${reasonOf(cause)}`, { cause });
    this.operation = operation;
    this.path = path;
  }
}

function reasonOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.includes('database is locked') ? 'another weft dashboard uses this state folder' : text;
}

/** What one receiver was told of one group. */
export interface StoredDelivery {
  readonly receiver: string;
  readonly groupKey: string;
  readonly record: DeliveryRecord;
}

/** What survives the process: alerts, what receivers were told, sessions that were ended. Every write is one transaction. */
export interface StateStore extends Disposable {
  loadAlerts(): Alert[];
  saveAlerts(put: readonly Alert[], removed: readonly string[]): void;
  loadDeliveries(): StoredDelivery[];
  /** A record without firing alerts, refusal or sentence is removed. */
  saveDelivery(delivery: StoredDelivery): void;
  removeDelivery(receiver: string, groupKey: string): void;
  revokeSession(id: string, untilUnixMs: number): void;
  /** Ids of ended sessions that could still be valid. */
  revokedSessions(nowUnixMs: number): Map<string, number>;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS alerts (fingerprint TEXT PRIMARY KEY, json TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS deliveries (
    receiver TEXT NOT NULL, group_key TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY (receiver, group_key)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS revoked_sessions (id TEXT PRIMARY KEY, until_unix_ms INTEGER NOT NULL) STRICT;
`;

/** Grows when a table changes its meaning; a newer file than ours is refused. */
const SCHEMA_VERSION = 1;

function open(path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  try {
    chmodSync(path, 0o600);
    // One writer for sure: a second dashboard on the same folder would send everything twice.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
    if (version > SCHEMA_VERSION) throw new RangeError(`it was written by a newer weft (schema ${version})`);
    database.exec(`BEGIN IMMEDIATE; ${SCHEMA} PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT;`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * Opens `<stateDir>/dashboard.db`, made when absent; the folder must be there. `onCorrupt` is told of records that cannot be read; they are left out.
 * @throws {StateStoreError}
 */
export function openStateStore(stateDir: string, onCorrupt: (record: string, error: unknown) => void): StateStore {
  const path = join(stateDir, 'dashboard.db');
  const attempt = <Result>(operation: string, work: () => Result): Result => {
    try {
      return work();
    } catch (cause) {
      throw new StateStoreError(operation, path, cause);
    }
  };
  const database = attempt('open', () => open(path));
  const statements = prepare(database);
  const transaction = (operation: string, work: () => void): void => {
    attempt(operation, () => {
      database.exec('BEGIN IMMEDIATE');
      try {
        work();
        database.exec('COMMIT');
      } catch (error) {
        database.exec('ROLLBACK');
        throw error;
      }
    });
  };
  const readable = <Value>(key: unknown, decode: () => Value): Value[] => {
    try {
      return [decode()];
    } catch (error) {
      onCorrupt(String(key), error);
      return [];
    }
  };
  return {
    loadAlerts: () =>
      attempt('read', () =>
        statements.alerts.all().flatMap((row) => readable(row['fingerprint'], () => decodeAlert(String(row['json'])))),
      ),
    saveAlerts: (put, removed) => {
      if (put.length + removed.length === 0) return;
      transaction('write', () => {
        for (const alert of put) statements.putAlert.run(alert.fingerprint, encodeAlert(alert));
        for (const identity of removed) statements.removeAlert.run(identity);
      });
    },
    loadDeliveries: () =>
      attempt('read', () =>
        statements.deliveries.all().flatMap((row) =>
          readable(row['group_key'], () => ({
            receiver: String(row['receiver']),
            groupKey: String(row['group_key']),
            record: decodeDelivery(String(row['json'])),
          })),
        ),
      ),
    saveDelivery: ({ receiver, groupKey, record }) => {
      attempt('write', () => statements.putDelivery.run(receiver, groupKey, encodeDelivery(record)));
    },
    removeDelivery: (receiver, groupKey) => {
      attempt('write', () => statements.removeDelivery.run(receiver, groupKey));
    },
    revokeSession: (id, untilUnixMs) => {
      attempt('write', () => statements.revoke.run(id, untilUnixMs));
    },
    revokedSessions: (nowUnixMs) =>
      attempt('read', () => {
        statements.pruneRevoked.run(nowUnixMs);
        return new Map(statements.revoked.all().map((row) => [String(row['id']), Number(row['until_unix_ms'])]));
      }),
    [Symbol.dispose]: () => {
      database.close();
    },
  };
}

function prepare(database: DatabaseSync) {
  return {
    alerts: database.prepare('SELECT fingerprint, json FROM alerts'),
    putAlert: database.prepare('INSERT OR REPLACE INTO alerts (fingerprint, json) VALUES (?, ?)'),
    removeAlert: database.prepare('DELETE FROM alerts WHERE fingerprint = ?'),
    deliveries: database.prepare('SELECT receiver, group_key, json FROM deliveries'),
    putDelivery: database.prepare('INSERT OR REPLACE INTO deliveries (receiver, group_key, json) VALUES (?, ?, ?)'),
    removeDelivery: database.prepare('DELETE FROM deliveries WHERE receiver = ? AND group_key = ?'),
    revoke: database.prepare('INSERT OR REPLACE INTO revoked_sessions (id, until_unix_ms) VALUES (?, ?)'),
    revoked: database.prepare('SELECT id, until_unix_ms FROM revoked_sessions'),
    pruneRevoked: database.prepare('DELETE FROM revoked_sessions WHERE until_unix_ms < ?'),
  };
}
