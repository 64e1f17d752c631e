import { z } from 'zod';
import { episodeOf, type AlertEpisode, type Told, type ToldEpisode } from '../model/alert/episode.ts';
import type { Alert } from '../model/alert/alert.ts';
import { RESOLVED_REASONS } from '../model/alert/state.ts';
import type { Store, TableSet } from './store.ts';

export const EPISODE_TABLES: TableSet = {
  name: 'episodes',
  migrations: [
    `CREATE TABLE episodes (
       fingerprint TEXT NOT NULL, fired_at_unix_ms INTEGER NOT NULL, resolved_at_unix_ms INTEGER, reason TEXT, json TEXT NOT NULL,
       PRIMARY KEY (fingerprint, fired_at_unix_ms)
     ) STRICT;
     CREATE INDEX episodes_by_time ON episodes (fired_at_unix_ms);
     CREATE TABLE episodes_told (
       fingerprint TEXT NOT NULL, fired_at_unix_ms INTEGER NOT NULL, channel TEXT NOT NULL, at_unix_ms INTEGER NOT NULL,
       PRIMARY KEY (fingerprint, fired_at_unix_ms, channel)
     ) STRICT;`,
  ],
};

/** Episodes that are kept; the oldest give way. */
const MAX_EPISODES = 50_000;

const PRUNE_EVERY = 1000;

const factsSchema = z.object({
  rule: z.string(),
  severity: z.string(),
  labels: z.record(z.string(), z.string()),
  annotations: z.record(z.string(), z.string()),
  metric: z.string(),
  op: z.string(),
  /** JSON has no NaN. */
  value: z
    .number()
    .nullable()
    .transform((value) => value ?? Number.NaN),
  threshold: z.number(),
});

export interface EpisodeRange {
  readonly fromUnixMs: number;
  readonly toUnixMs: number;
}

/** Every time that an alert fired, with its end and with who was told. Written in the transaction of the alert's state. */
export class EpisodeStore {
  readonly #store: Store;
  readonly #statements;
  #added = 0;

  constructor(store: Store) {
    this.#store = store;
    this.#statements = {
      add: store.prepare(
        'INSERT OR IGNORE INTO episodes (fingerprint, fired_at_unix_ms, resolved_at_unix_ms, reason, json) VALUES (?, ?, NULL, NULL, ?)',
      ),
      end: store.prepare(
        'UPDATE episodes SET resolved_at_unix_ms = ?, reason = ? WHERE fingerprint = ? AND fired_at_unix_ms = ?',
      ),
      endOpen: store.prepare(
        'UPDATE episodes SET resolved_at_unix_ms = ?, reason = ? WHERE fingerprint = ? AND resolved_at_unix_ms IS NULL',
      ),
      open: store.prepare('SELECT DISTINCT fingerprint FROM episodes WHERE resolved_at_unix_ms IS NULL'),
      tell: store.prepare(
        `INSERT OR IGNORE INTO episodes_told (fingerprint, fired_at_unix_ms, channel, at_unix_ms)
         SELECT fingerprint, max(fired_at_unix_ms), ?, ? FROM episodes WHERE fingerprint = ? GROUP BY fingerprint`,
      ),
      // What was going on at any moment of the range, newest first.
      read: store.prepare(
        `SELECT * FROM episodes WHERE fired_at_unix_ms <= ? AND (resolved_at_unix_ms IS NULL OR resolved_at_unix_ms >= ?)
         ORDER BY fired_at_unix_ms DESC, fingerprint`,
      ),
      told: store.prepare(
        'SELECT channel, at_unix_ms FROM episodes_told WHERE fingerprint = ? AND fired_at_unix_ms = ? ORDER BY at_unix_ms',
      ),
      prune: store.prepare(
        `DELETE FROM episodes WHERE rowid IN
           (SELECT rowid FROM episodes WHERE resolved_at_unix_ms IS NOT NULL ORDER BY fired_at_unix_ms DESC LIMIT -1 OFFSET ?)`,
      ),
      pruneTold: store.prepare(
        `DELETE FROM episodes_told WHERE NOT EXISTS (SELECT 1 FROM episodes e
           WHERE e.fingerprint = episodes_told.fingerprint AND e.fired_at_unix_ms = episodes_told.fired_at_unix_ms)`,
      ),
    };
  }

  /** Takes the state of some alerts; to be called within the transaction that saves them. */
  follow(alerts: readonly Alert[], removed: readonly string[], nowUnixMs: number): void {
    for (const alert of alerts) {
      const episode = episodeOf(alert);
      // A firing alert whose rule now asks for more time is pending again: that time that it fired is over.
      if (episode === undefined) this.#statements.endOpen.run(Math.round(nowUnixMs), 'rule_changed', alert.fingerprint);
      else this.#take(episode);
    }
    for (const fingerprint of removed) this.#statements.endOpen.run(Math.round(nowUnixMs), 'stale', fingerprint);
  }

  /** After a start: what is open and does not fire any more ended while nobody looked. */
  endOrphans(isFiring: (fingerprint: string) => boolean, atUnixMs: number): void {
    this.#store.transaction(() => {
      for (const row of this.#statements.open.all()) {
        const fingerprint = String(row['fingerprint']);
        if (!isFiring(fingerprint)) this.#statements.endOpen.run(Math.round(atUnixMs), 'stale', fingerprint);
      }
    });
  }

  /** Notes that a channel took a message in which these alerts fire; the first time counts. */
  tell(channel: string, fingerprints: readonly string[], atUnixMs: number): void {
    if (fingerprints.length === 0) return;
    this.#store.transaction(() => {
      for (const fingerprint of fingerprints) this.#statements.tell.run(channel, Math.round(atUnixMs), fingerprint);
    });
  }

  /** What fired within a range, newest first; those that `takes` lets in, at most `limit`. What cannot be read is left out. */
  *read({ fromUnixMs, toUnixMs }: EpisodeRange): Generator<AlertEpisode> {
    const rows = this.#store.attempt('read', () =>
      this.#statements.read.all(Math.round(toUnixMs), Math.round(fromUnixMs)),
    );
    for (const row of rows) {
      const facts = factsSchema.safeParse(parsed(String(row['json'])));
      if (!facts.success) continue;
      const reason = RESOLVED_REASONS.find((each) => each === row['reason']);
      const resolvedAt = row['resolved_at_unix_ms'];
      yield {
        ...facts.data,
        fingerprint: String(row['fingerprint']),
        firedAtUnixMs: Number(row['fired_at_unix_ms']),
        resolvedAtUnixMs: typeof resolvedAt === 'number' ? resolvedAt : undefined,
        resolvedBecause: reason,
      };
    }
  }

  /** The same episode with the channels that heard of it. */
  withTold(episode: AlertEpisode): ToldEpisode {
    const rows = this.#store.attempt('read', () =>
      this.#statements.told.all(episode.fingerprint, Math.round(episode.firedAtUnixMs)),
    );
    const told = rows.map((row): Told => ({ channel: String(row['channel']), atUnixMs: Number(row['at_unix_ms']) }));
    return { ...episode, told };
  }

  #take({ fingerprint, firedAtUnixMs, resolvedAtUnixMs, resolvedBecause, ...facts }: AlertEpisode): void {
    const firedAt = Math.round(firedAtUnixMs);
    const { changes } = this.#statements.add.run(fingerprint, firedAt, JSON.stringify(facts));
    if (Number(changes) > 0) this.#count();
    if (resolvedAtUnixMs !== undefined)
      this.#statements.end.run(Math.round(resolvedAtUnixMs), resolvedBecause ?? 'recovered', fingerprint, firedAt);
  }

  #count(): void {
    this.#added += 1;
    if (this.#added % PRUNE_EVERY !== 0) return;
    this.#statements.prune.run(MAX_EPISODES);
    this.#statements.pruneTold.run();
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
