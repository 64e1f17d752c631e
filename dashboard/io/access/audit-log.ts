import type { Clock } from '../../../native/host/clock.ts';
import type { Principal } from '../../model/access.ts';
import type { Store, TableSet } from '../store.ts';

/** One thing that somebody did, or was refused. */
export interface AuditEntry {
  /** Grows by one; a gap is what was too old to keep. */
  readonly seq: number;
  readonly atUnixMs: number;
  /** `undefined` for somebody who is not known. */
  readonly actor: string | undefined;
  readonly actorKind: Principal['kind'] | 'nobody';
  /** `POST /rules/{id}`, or `log in`. */
  readonly action: string;
  /** What it was done to: the path of the request, or the name that somebody tried to log in by. */
  readonly target: string;
  /** Where it came from. */
  readonly address: string;
  /** HTTP's status of the answer. */
  readonly status: number;
}

/** What was done, and what was tried in vain: a flood of tries must not push the deeds out. */
const MAX_ENTRIES = { done: 10_000, refused: 2000 };

/** Entries above the limit before the oldest are removed. */
const SLACK = 100;

/** Nothing in here is ever changed: the file itself refuses it. */
export const AUDIT_TABLES: TableSet = {
  name: 'audit',
  migrations: [
    `CREATE TABLE audit (
       seq INTEGER PRIMARY KEY AUTOINCREMENT, at_unix_ms INTEGER NOT NULL, refused INTEGER NOT NULL, actor TEXT, actor_kind TEXT NOT NULL,
       action TEXT NOT NULL, target TEXT NOT NULL, address TEXT NOT NULL, status INTEGER NOT NULL
     ) STRICT;
     CREATE INDEX audit_by_kind ON audit (refused, seq);
     CREATE TRIGGER audit_is_append_only BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;`,
  ],
};

/** Who did what, when and from where. Bounded; what people send is cut. */
export class AuditLog {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #put;
  readonly #prune;
  readonly #page;
  #sincePruned = 0;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
    this.#put = store.prepare(
      `INSERT INTO audit (at_unix_ms, refused, actor, actor_kind, action, target, address, status) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#prune = store.prepare(
      'DELETE FROM audit WHERE refused = ?1 AND seq <= (SELECT seq FROM audit WHERE refused = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2)',
    );
    this.#page = store.prepare('SELECT * FROM audit WHERE seq < ? ORDER BY seq DESC LIMIT ?');
  }

  /** @throws {StoreError} */
  add({ actor, actorKind, action, target, address, status }: Omit<AuditEntry, 'seq' | 'atUnixMs'>): void {
    const atUnixMs = Math.round(this.#clock.nowMs());
    const cut = (text: string): string => text.slice(0, 512);
    this.#store.attempt('write', () =>
      this.#put.run(
        atUnixMs,
        Number(status >= 400),
        actor ?? null,
        actorKind,
        action,
        cut(target),
        cut(address),
        status,
      ),
    );
    this.#sincePruned += 1;
    if (this.#sincePruned < SLACK) return;
    this.#sincePruned = 0;
    this.#store.attempt('write', () => this.#prune.run(0, MAX_ENTRIES.done));
    this.#store.attempt('write', () => this.#prune.run(1, MAX_ENTRIES.refused));
  }

  /** The newest first; those before an entry. @throws {StoreError} */
  page({
    before = Number.MAX_SAFE_INTEGER,
    limit,
  }: {
    readonly before?: number;
    readonly limit: number;
  }): AuditEntry[] {
    const rows = this.#store.attempt('read', () => this.#page.all(before, limit));
    return rows.map((row) => ({
      seq: Number(row['seq']),
      atUnixMs: Number(row['at_unix_ms']),
      actor: row['actor'] === null ? undefined : String(row['actor']),
      actorKind: actorKindOf(row['actor_kind']),
      action: String(row['action']),
      target: String(row['target']),
      address: String(row['address']),
      status: Number(row['status']),
    }));
  }
}

function actorKindOf(value: unknown): AuditEntry['actorKind'] {
  return value === 'user' || value === 'token' || value === 'file' ? value : 'nobody';
}
