import { z } from 'zod';
import type { NotificationReason } from '../../model/notify/dedup.ts';
import type { GroupRecord } from '../../model/notify/group-book.ts';
import type { WebhookPayload } from '../../model/notify/webhook-payload.ts';
import type { Store, TableSet } from '../store.ts';

/** One message for one channel, written down before it is sent. */
export interface OutboxItem {
  readonly channel: string;
  readonly groupKey: string;
  readonly id: string;
  readonly reason: NotificationReason;
  readonly firing: readonly string[];
  readonly resolved: readonly string[];
  readonly payload: WebhookPayload;
  readonly createdUnixMs: number;
  readonly attempts: number;
  /** An attempt ended without an answer: the receiver may have taken it. */
  readonly heard: boolean;
  /** Everybody else took it: those whom it is still owed to, and when that was told first. */
  readonly left?: { readonly to: readonly string[]; readonly toldAtUnixMs: number } | undefined;
  /** It was refused for good, when and why. */
  readonly refused: { readonly why: string; readonly atUnixMs: number } | undefined;
}

/** One attempt, for people. */
export interface DeliveryAttempt {
  readonly seq: number;
  readonly atUnixMs: number;
  readonly channel: string;
  readonly groupKey: string;
  readonly messageId: string;
  readonly reason: string;
  readonly attempt: number;
  readonly outcome: 'sent' | 'retry' | 'refused';
  readonly why: string | undefined;
  readonly status: string | undefined;
  readonly body: string;
  readonly latencyMs: number;
  readonly retryAtUnixMs: number | undefined;
}

export const OUTBOX_TABLES: TableSet = {
  name: 'outbox',
  migrations: [
    `CREATE TABLE outbox (
       channel TEXT NOT NULL, group_key TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY (channel, group_key)
     ) STRICT;
     CREATE TABLE notify_groups (group_key TEXT PRIMARY KEY, next_flush_unix_ms INTEGER NOT NULL, flushed INTEGER NOT NULL) STRICT;
     CREATE TABLE delivery_log (seq INTEGER PRIMARY KEY AUTOINCREMENT, json TEXT NOT NULL) STRICT;`,
  ],
};

/** Attempts that are kept. */
export const DELIVERY_LOG_ROWS = 10_000;

const itemSchema = z.object({
  channel: z.string(),
  groupKey: z.string(),
  id: z.string(),
  reason: z.string(),
  firing: z.array(z.string()),
  resolved: z.array(z.string()),
  payload: z.looseObject({ version: z.literal('4'), groupKey: z.string(), alerts: z.array(z.unknown()) }),
  createdUnixMs: z.number(),
  attempts: z.number(),
  heard: z.boolean(),
  left: z.object({ to: z.array(z.string()), toldAtUnixMs: z.number() }).optional(),
  refused: z.object({ why: z.string(), atUnixMs: z.number() }).optional(),
});

/** What survives of the notifier: messages that are owed, the groups' timers, the log of attempts. */
export class Outbox {
  readonly #store: Store;
  readonly #statements;
  #logged = 0;

  constructor(store: Store) {
    this.#store = store;
    this.#statements = {
      items: store.prepare('SELECT json FROM outbox'),
      put: store.prepare('INSERT OR REPLACE INTO outbox (channel, group_key, json) VALUES (?, ?, ?)'),
      remove: store.prepare('DELETE FROM outbox WHERE channel = ? AND group_key = ?'),
      groups: store.prepare('SELECT * FROM notify_groups'),
      clearGroups: store.prepare('DELETE FROM notify_groups'),
      putGroup: store.prepare(
        'INSERT OR REPLACE INTO notify_groups (group_key, next_flush_unix_ms, flushed) VALUES (?, ?, ?)',
      ),
      log: store.prepare('INSERT INTO delivery_log (json) VALUES (?)'),
      prune: store.prepare('DELETE FROM delivery_log WHERE seq <= (SELECT max(seq) FROM delivery_log) - ?'),
      one: store.prepare('SELECT seq, json FROM delivery_log WHERE seq = ?'),
      read: store.prepare('SELECT seq, json FROM delivery_log ORDER BY seq DESC LIMIT ?'),
    };
  }

  /** Items of an earlier process; what cannot be read is left out. */
  load(onCorrupt: (record: string, error: unknown) => void): OutboxItem[] {
    return this.#store
      .attempt('read', () => this.#statements.items.all())
      .flatMap((row) => {
        try {
          const item = itemSchema.parse(JSON.parse(String(row['json'])));
          return [{ ...item, refused: item.refused } as unknown as OutboxItem];
        } catch (error) {
          onCorrupt('outbox', error);
          return [];
        }
      });
  }

  put(item: OutboxItem): void {
    this.#store.attempt('write', () => this.#statements.put.run(item.channel, item.groupKey, JSON.stringify(item)));
  }

  remove({ channel, groupKey }: Pick<OutboxItem, 'channel' | 'groupKey'>): void {
    this.#store.attempt('write', () => this.#statements.remove.run(channel, groupKey));
  }

  loadGroups(): GroupRecord[] {
    return this.#store
      .attempt('read', () => this.#statements.groups.all())
      .map((row) => ({
        key: String(row['group_key']),
        nextFlushUnixMs: Number(row['next_flush_unix_ms']),
        flushed: row['flushed'] === 1,
      }));
  }

  saveGroups(groups: readonly GroupRecord[]): void {
    this.#store.transaction(() => {
      this.#statements.clearGroups.run();
      for (const { key, nextFlushUnixMs, flushed } of groups)
        this.#statements.putGroup.run(key, Math.round(nextFlushUnixMs), Number(flushed));
    });
  }

  log(attempt: Omit<DeliveryAttempt, 'seq'>): void {
    this.#store.attempt('write', () => this.#statements.log.run(JSON.stringify(attempt)));
    this.#logged += 1;
    if (this.#logged % 100 === 0) this.#store.attempt('write', () => this.#statements.prune.run(DELIVERY_LOG_ROWS));
  }

  /** The newest attempts first. */
  attempts(limit: number): DeliveryAttempt[] {
    return this.#store.attempt('read', () => this.#statements.read.all(limit)).map(attemptOf);
  }

  /** One attempt of the log; `undefined` when it is not there (any more). */
  attempt(seq: number): DeliveryAttempt | undefined {
    const row = this.#store.attempt('read', () => this.#statements.one.get(seq));
    return row === undefined ? undefined : attemptOf(row);
  }
}

function attemptOf(row: Readonly<Record<string, unknown>>): DeliveryAttempt {
  const attempt = JSON.parse(String(row['json'])) as Omit<DeliveryAttempt, 'seq'>;
  return { ...attempt, seq: Number(row['seq']) };
}
