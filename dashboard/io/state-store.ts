import { join } from 'node:path';
import type { Alert } from '../model/alert/alert.ts';
import { decodeAlert, encodeAlert } from './alert-record.ts';
import { systemClock } from '../../native/host/clock.ts';
import { AuditLog, AUDIT_TABLES } from './access/audit-log.ts';
import { Documents, DOCUMENT_TABLES } from './documents.ts';
import { EpisodeStore, EPISODE_TABLES } from './episode-store.ts';
import { Outbox, OUTBOX_TABLES } from './notify/outbox.ts';
import { openSeal } from './seal.ts';
import { Store, type TableSet } from './store.ts';

/** What survives the process: alerts, what receivers were told, users and their sessions. Every write is one transaction. */
export interface StateStore extends Disposable {
  loadAlerts(): Alert[];
  /** What fires and what ended goes into the history of alerts with it. */
  saveAlerts(put: readonly Alert[], removed: readonly string[], nowUnixMs: number): void;
  readonly episodes: EpisodeStore;
  readonly documents: Documents;
  readonly outbox: Outbox;
  readonly audit: AuditLog;
  /** When rules were last evaluated, as of the last {@link StateStore.saveEvaluatedAt}. */
  evaluatedAt(): number | undefined;
  saveEvaluatedAt(nowUnixMs: number): void;
}

/** `IF NOT EXISTS`: files of before 0.2 have them without saying so. */
const ALERT_TABLES: TableSet = {
  name: 'alerts',
  migrations: [
    `CREATE TABLE IF NOT EXISTS alerts (fingerprint TEXT PRIMARY KEY, json TEXT NOT NULL) STRICT;
     CREATE TABLE IF NOT EXISTS deliveries (
       receiver TEXT NOT NULL, group_key TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY (receiver, group_key)
     ) STRICT;`,
    // What was told is remembered by group and fingerprint now, and a time is kept.
    `DROP TABLE deliveries; DELETE FROM alerts;
     CREATE TABLE evaluated (id INTEGER PRIMARY KEY CHECK (id = 1), at_unix_ms INTEGER NOT NULL) STRICT;`,
  ],
};

const SESSION_TABLES: TableSet = {
  name: 'sessions',
  migrations: [
    'CREATE TABLE IF NOT EXISTS revoked_sessions (id TEXT PRIMARY KEY, until_unix_ms INTEGER NOT NULL) STRICT',
    // Sessions are documents now: those that last, not those that ended.
    'DROP TABLE revoked_sessions',
  ],
};

/** What channels' secrets are sealed with. */
export const CHANNEL_KEY_FILE = 'channel-key';

/**
 * Opens `<stateDir>/dashboard.db`, made when absent; the folder must be there. `onCorrupt` is told of records that cannot be read; they are left out.
 * @throws {StoreError | HostFileError | FatalError}
 */
export function openStateStore(stateDir: string, onCorrupt: (record: string, error: unknown) => void): StateStore {
  const store = new Store({
    path: join(stateDir, 'dashboard.db'),
    durability: 'commit',
    tables: [ALERT_TABLES, SESSION_TABLES, DOCUMENT_TABLES, OUTBOX_TABLES, AUDIT_TABLES, EPISODE_TABLES],
  });
  const statements = prepare(store);
  const episodes = new EpisodeStore(store);
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
      store.attempt('read', () =>
        statements.alerts.all().flatMap((row) => readable(row['fingerprint'], () => decodeAlert(String(row['json'])))),
      ),
    saveAlerts: (put, removed, nowUnixMs) => {
      if (put.length + removed.length === 0) return;
      store.transaction(() => {
        for (const alert of put) statements.putAlert.run(alert.fingerprint, encodeAlert(alert));
        for (const identity of removed) statements.removeAlert.run(identity);
        episodes.follow(put, removed, nowUnixMs);
      });
    },
    episodes,
    // The file is locked now: nobody else makes a key in this folder.
    documents: new Documents(store, openSeal(join(stateDir, CHANNEL_KEY_FILE)), onCorrupt),
    outbox: new Outbox(store),
    audit: new AuditLog(store, systemClock),
    evaluatedAt: () => {
      const at = store.attempt('read', () => statements.evaluated.get())?.['at_unix_ms'];
      return typeof at === 'number' ? at : undefined;
    },
    saveEvaluatedAt: (nowUnixMs) => {
      store.attempt('write', () => statements.putEvaluated.run(Math.round(nowUnixMs)));
    },
    [Symbol.dispose]: () => {
      store[Symbol.dispose]();
    },
  };
}

function prepare(store: Store) {
  return {
    alerts: store.prepare('SELECT fingerprint, json FROM alerts'),
    putAlert: store.prepare('INSERT OR REPLACE INTO alerts (fingerprint, json) VALUES (?, ?)'),
    removeAlert: store.prepare('DELETE FROM alerts WHERE fingerprint = ?'),
    evaluated: store.prepare('SELECT at_unix_ms FROM evaluated'),
    putEvaluated: store.prepare('INSERT OR REPLACE INTO evaluated (id, at_unix_ms) VALUES (1, ?)'),
  };
}
