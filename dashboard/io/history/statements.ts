import type { Store } from '../store.ts';

/** Pages given back to the file system in one go. */
const PAGES_AT_ONCE = 1000;

/** Every statement on the tables of history. */
// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- a list of statements is its own best type
export function prepareStatements(store: Store) {
  const sql = (text: string) => store.prepare(text);
  return {
    allSeries: sql('SELECT id, key FROM series'),
    seriesId: sql('SELECT id FROM series WHERE key = ?'),
    facts: sql('SELECT facts FROM series WHERE key = ?'),
    describe: sql(
      `INSERT INTO series (key, facts, last_unix_ms) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET facts = excluded.facts`,
    ),
    touch: sql('UPDATE series SET last_unix_ms = max(last_unix_ms, ?) WHERE id = ?'),
    lively: sql('SELECT id, key, facts, last_unix_ms FROM series WHERE last_unix_ms >= ? ORDER BY last_unix_ms'),
    dropSilent: sql('DELETE FROM series WHERE last_unix_ms < ?'),
    allColumnSets: sql('SELECT id, names FROM column_sets'),
    columnSetId: sql('SELECT id FROM column_sets WHERE names = ?'),
    putColumnSet: sql('INSERT OR IGNORE INTO column_sets (names) VALUES (?)'),
    marks: sql(
      `SELECT time_unix_ms, kind, container_id, exit_code, oom_killed, ran_for_ms FROM marks
       WHERE series = ? AND time_unix_ms >= ? AND time_unix_ms < ? ORDER BY time_unix_ms DESC LIMIT ?`,
    ),
    marksBelow: sql(
      `SELECT s.key, s.facts, m.time_unix_ms, m.kind, m.container_id, m.exit_code, m.oom_killed, m.ran_for_ms
       FROM series s JOIN marks m ON m.series = s.id
       WHERE s.key > ? AND s.key < ? AND m.time_unix_ms >= ? AND m.time_unix_ms < ? ORDER BY m.time_unix_ms DESC LIMIT ?`,
    ),
    putMark: sql(
      `INSERT INTO marks (series, time_unix_ms, kind, container_id, exit_code, oom_killed, ran_for_ms) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET exit_code = coalesce(excluded.exit_code, exit_code),
         oom_killed = coalesce(excluded.oom_killed, oom_killed), ran_for_ms = coalesce(excluded.ran_for_ms, ran_for_ms)`,
    ),
    dropOrphanMarks: sql('DELETE FROM marks WHERE series NOT IN (SELECT id FROM series)'),
    recent: sql('SELECT ids, codes FROM recent WHERE tier = ? AND time_unix_ms = ? AND column_set = ?'),
    recentBetween: sql(
      'SELECT time_unix_ms, column_set, ids, codes FROM recent WHERE tier = ? AND time_unix_ms >= ? AND time_unix_ms < ? ORDER BY time_unix_ms',
    ),
    recentFrom: sql(
      'SELECT time_unix_ms, column_set, ids, codes FROM recent WHERE tier = ? AND time_unix_ms >= ? ORDER BY time_unix_ms, column_set LIMIT ?',
    ),
    recentTimes: sql('SELECT time_unix_ms FROM recent WHERE tier = ? AND time_unix_ms > ?'),
    newestRecent: sql('SELECT max(time_unix_ms) AS time FROM recent WHERE tier = ?'),
    oldestRecent: sql('SELECT min(time_unix_ms) AS time FROM recent WHERE tier = ?'),
    putRecent: sql('INSERT OR REPLACE INTO recent (tier, time_unix_ms, column_set, ids, codes) VALUES (?, ?, ?, ?, ?)'),
    dropRecent: sql('DELETE FROM recent WHERE tier = ? AND time_unix_ms < ?'),
    chunk: sql('SELECT codes FROM chunks WHERE tier = ? AND series = ? AND start_unix_ms = ? AND column_set = ?'),
    chunksBetween: sql(
      `SELECT start_unix_ms, column_set, codes FROM chunks
       WHERE tier = ? AND series = ? AND start_unix_ms > ? AND start_unix_ms < ? ORDER BY start_unix_ms`,
    ),
    oldestChunk: sql('SELECT min(start_unix_ms) AS time FROM chunks WHERE tier = ?'),
    putChunk: sql(
      'INSERT OR REPLACE INTO chunks (tier, series, start_unix_ms, column_set, codes) VALUES (?, ?, ?, ?, ?)',
    ),
    dropChunks: sql('DELETE FROM chunks WHERE tier = ? AND start_unix_ms < ?'),
    pageCount: sql('PRAGMA page_count'),
    freePages: sql('PRAGMA freelist_count'),
    pageSize: sql('PRAGMA page_size'),
    vacuum: sql(`PRAGMA incremental_vacuum(${PAGES_AT_ONCE})`),
  };
}
