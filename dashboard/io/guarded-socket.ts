import type { Socket } from 'socket.io';
import type { z } from 'zod';
import type { Clock } from '../../native/host/clock.ts';
import type { Logger } from '../../native/host/log.ts';
import { TokenBucket } from './token-bucket.ts';

export interface GuardParts {
  readonly namespace: 'agent' | 'ui';
  readonly clock: Clock;
  readonly log: Logger;
  readonly limit: { readonly burst: number; readonly perSecond: number };
  /** Whether who opened the connection may still use it; asked at each message. */
  readonly isAllowed: () => boolean;
  readonly onRefused: (namespace: string, reason: string) => void;
}

/** Messages that may be malformed before a connection is ended. */
const MAX_FAULTS = 5;

/** Messages above the limit that are dropped before a connection is ended. */
const MAX_EXCESS = 200;

/**
 * One connection whose every message is limited in rate and checked before anybody sees it. What does not fit is counted and
 * dropped; after a few the connection is ended. Nothing that comes in can throw out of here.
 */
export class GuardedSocket {
  readonly #socket: Socket;
  readonly #parts: GuardParts;
  #faults = 0;
  #excess = 0;

  constructor(socket: Socket, parts: GuardParts) {
    this.#socket = socket;
    this.#parts = parts;
    const bucket = new TokenBucket(parts.limit, parts.clock.monotonicMs());
    socket.use((_event, next) => {
      if (!parts.isAllowed()) {
        parts.onRefused(parts.namespace, 'revoked');
        socket.disconnect(true);
        return;
      }
      if (bucket.take(parts.clock.monotonicMs())) {
        next();
        return;
      }
      this.#parts.onRefused(parts.namespace, 'rate');
      this.#excess += 1;
      if (this.#excess > MAX_EXCESS) this.#end('too many messages');
    });
  }

  /** Hands messages of one kind on, once they are checked. */
  on<Schema extends z.ZodType>(event: string, schema: Schema, handle: (message: z.infer<Schema>) => void): void {
    this.#socket.on(event, (raw: unknown) => {
      const result = schema.safeParse(raw);
      if (!result.success) {
        this.fault(`${event}: ${result.error.issues[0]?.message ?? 'malformed'}`);
        return;
      }
      try {
        handle(result.data);
      } catch (err) {
        this.#parts.log.error({ err, event }, 'message failed');
      }
    });
  }

  /** Counts one thing that the other side must not do. */
  fault(what: string): void {
    this.#parts.onRefused(this.#parts.namespace, 'malformed');
    this.#parts.log.debug({ what }, 'malformed message dropped');
    this.#faults += 1;
    if (this.#faults > MAX_FAULTS) this.#end(what);
  }

  #end(why: string): void {
    this.#parts.log.warn({ why, socket: this.#socket.id }, 'connection ended: it sends what it must not');
    this.#socket.disconnect(true);
  }
}
