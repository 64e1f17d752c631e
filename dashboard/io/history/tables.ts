import type { TableSet } from '../store.ts';

/** How finely a stretch of time is kept in the file, and for how long. */
export interface Tier {
  readonly id: 0 | 1 | 2;
  readonly stepMs: number;
  /** Steps that are put together in one row of one line once they are over; 0: never, they are gone by then. */
  readonly chunkSteps: number;
  readonly keepMs: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

export const TEN_SECONDS: Tier = { id: 0, stepMs: 10_000, chunkSteps: 0, keepMs: 6 * HOUR_MS };
export const MINUTES: Tier = { id: 1, stepMs: MINUTE_MS, chunkSteps: 60, keepMs: 14 * DAY_MS };
export const QUARTERS: Tier = { id: 2, stepMs: 15 * MINUTE_MS, chunkSteps: 96, keepMs: 365 * DAY_MS };

/** Each is made of the one before it. */
export const TIERS = [TEN_SECONDS, MINUTES, QUARTERS] as const;

/**
 * `recent` has one row for each step with all lines in it, so that a write is one insert; `chunks` has one row for each line and stretch of time, so that a read of a
 * line does not touch the others. Codes are compressed rows of min, avg and max of each column of `column_sets`.
 */
export const HISTORY_TABLES: TableSet = {
  name: 'history',
  migrations: [
    `CREATE TABLE series (
       id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, facts TEXT NOT NULL, last_unix_ms INTEGER NOT NULL
     ) STRICT;
     CREATE TABLE column_sets (id INTEGER PRIMARY KEY, names TEXT NOT NULL UNIQUE) STRICT;
     CREATE TABLE marks (
       series INTEGER NOT NULL, time_unix_ms INTEGER NOT NULL, kind TEXT NOT NULL, container_id TEXT NOT NULL,
       PRIMARY KEY (series, time_unix_ms, kind, container_id)
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE recent (
       tier INTEGER NOT NULL, time_unix_ms INTEGER NOT NULL, column_set INTEGER NOT NULL, ids BLOB NOT NULL, codes BLOB NOT NULL,
       PRIMARY KEY (tier, time_unix_ms, column_set)
     ) STRICT;
     CREATE TABLE chunks (
       tier INTEGER NOT NULL, series INTEGER NOT NULL, start_unix_ms INTEGER NOT NULL, column_set INTEGER NOT NULL, codes BLOB NOT NULL,
       PRIMARY KEY (tier, series, start_unix_ms, column_set)
     ) STRICT;
     CREATE INDEX chunks_by_age ON chunks (tier, start_unix_ms);`,
    // How an end was: often known only after it.
    `ALTER TABLE marks ADD COLUMN exit_code INTEGER;
     ALTER TABLE marks ADD COLUMN oom_killed INTEGER;
     ALTER TABLE marks ADD COLUMN ran_for_ms INTEGER;`,
  ],
};
