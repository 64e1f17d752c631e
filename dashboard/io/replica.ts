import { z } from 'zod';
import type { EtcdClient } from '../../native/etcd/client.ts';
import { EtcdError } from '../../native/etcd/errors.ts';
import { watchPrefix, type PrefixUpdate } from '../../native/etcd/watch.ts';
import { Backoff } from '../../native/host/backoff.ts';
import type { Clock, RandomSource } from '../../native/host/clock.ts';
import type { Logger } from '../../native/host/log.ts';
import { Waker } from '../../native/host/waker.ts';
import { DOCUMENT_KINDS, type DocumentKind, type Documents, type StoredDocument } from './documents.ts';

/** Where dashboards share what they must agree on. */
export const REPLICA_PREFIX = '/weft/alerting/';

/** What is shared. Channels are not: they hold secrets, and each dashboard has its own. */
const SHARED: readonly DocumentKind[] = ['silence', 'entry', 'ack', 'rule', 'mute'];

const MAX_VALUE_BYTES = 64 * 1024;
const RELIST_MS = 60_000;

export interface ReplicaParts {
  readonly client: EtcdClient;
  readonly documents: Documents;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
}

const valueSchema = z.object({ updatedAtUnixMs: z.number(), value: z.unknown() });

function keyOf({ kind, id }: Pick<StoredDocument, 'kind' | 'id'>): string {
  return `${REPLICA_PREFIX}${kind}/${encodeURIComponent(id)}`;
}

function placeOf(key: string): Pick<StoredDocument, 'kind' | 'id'> | undefined {
  const [kindText = '', id = ''] = key.slice(REPLICA_PREFIX.length).split('/');
  const kind = DOCUMENT_KINDS.find((each) => each === kindText);
  return kind === undefined || !SHARED.includes(kind) || id === '' ? undefined : { kind, id: decodeURIComponent(id) };
}

/**
 * Shares silences, acknowledgements, rules, mute windows and what was told with the other dashboards. The later change wins; what
 * changed here while etcd was away is put there afterwards.
 */
export class Replica {
  readonly #parts: ReplicaParts;
  readonly #waker = new Waker();
  /** Keys whose state here etcd may not have. */
  readonly #owed = new Map<string, Pick<StoredDocument, 'kind' | 'id'>>();

  constructor(parts: ReplicaParts) {
    this.#parts = parts;
    parts.documents.listen(({ kind, id, from }) => {
      if (from === 'here' && SHARED.includes(kind)) this.#owe({ kind, id });
    });
  }

  /** Follows and feeds until `signal` aborts. @throws the signal's reason. */
  async run(signal: AbortSignal): Promise<never> {
    const { client, clock, random } = this.#parts;
    const following = watchPrefix({
      client,
      prefix: REPLICA_PREFIX,
      signal,
      clock,
      random,
      relistMs: RELIST_MS,
      onUpdate: (update) => {
        this.#take(update);
      },
    });
    return await Promise.race([following, this.#feed(signal)]);
  }

  #owe(place: Pick<StoredDocument, 'kind' | 'id'>): void {
    this.#owed.set(keyOf(place), place);
    this.#waker.wake();
  }

  async #feed(signal: AbortSignal): Promise<never> {
    const { clock, random, log } = this.#parts;
    const backoff = new Backoff({ firstMs: 200, maxMs: 5000, random });
    for (;;) {
      await this.#waker.next(signal);
      try {
        for (const [key, place] of this.#owed) {
          await this.#push(key, place, signal);
        }
        backoff.reset();
      } catch (err) {
        signal.throwIfAborted();
        if (!(err instanceof EtcdError)) log.error({ err }, 'sharing failed');
        await clock.sleep(backoff.nextMs(), signal);
        this.#waker.wake();
      }
    }
  }

  async #push(key: string, place: Pick<StoredDocument, 'kind' | 'id'>, signal: AbortSignal): Promise<void> {
    const { client, documents } = this.#parts;
    const document = documents.get(place.kind, place.id);
    // A change that comes meanwhile is owed anew.
    this.#owed.delete(key);
    try {
      if (document === undefined) await client.delete(key, signal);
      else {
        const { updatedAtUnixMs, value } = document;
        await client.put({ key, value: JSON.stringify({ updatedAtUnixMs, value }) }, signal);
      }
    } catch (error) {
      this.#owed.set(key, place);
      throw error;
    }
  }

  #take(update: PrefixUpdate): void {
    const { documents } = this.#parts;
    if (update.kind === 'snapshot') {
      for (const { key, value } of update.entries) this.#merge(key, value);
      const known = new Set(update.entries.map(({ key }) => key));
      const missing = SHARED.flatMap((kind) => documents.all(kind)).filter((document) => !known.has(keyOf(document)));
      for (const document of missing) this.#owe(document);
      return;
    }
    for (const event of update.events) {
      if (event.kind === 'put') this.#merge(event.entry.key, event.entry.value);
      else this.#forget(event.key);
    }
  }

  #forget(key: string): void {
    const place = placeOf(key);
    if (place !== undefined && !this.#owed.has(key)) this.#parts.documents.remove(place.kind, place.id, 'elsewhere');
  }

  #merge(key: string, text: string): void {
    const { documents, log } = this.#parts;
    const place = placeOf(key);
    if (place === undefined || text.length > MAX_VALUE_BYTES) return;
    try {
      const { updatedAtUnixMs, value } = valueSchema.parse(JSON.parse(text));
      const own = documents.get(place.kind, place.id);
      if (own !== undefined && own.updatedAtUnixMs >= updatedAtUnixMs) {
        if (own.updatedAtUnixMs > updatedAtUnixMs) this.#owe(place);
        return;
      }
      documents.put({ ...place, updatedAtUnixMs, value }, 'elsewhere');
    } catch (err) {
      log.warn({ err, key }, 'shared document ignored');
    }
  }
}
