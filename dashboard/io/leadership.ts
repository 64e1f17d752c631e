import { z } from 'zod';
import type { EtcdClient } from '../../native/etcd/client.ts';
import { EtcdError } from '../../native/etcd/errors.ts';
import { grantLease, keepLeaseAlive, revokeLease } from '../../native/etcd/lease.ts';
import { Backoff } from '../../native/host/backoff.ts';
import type { Clock, RandomSource } from '../../native/host/clock.ts';
import type { Logger } from '../../native/host/log.ts';
import type { Leadership } from './notify/notifier.ts';

/** Held by the dashboard that notifies. */
export const ELECTION_KEY = '/weft/election/notifier';

/** A leader that is gone is succeeded after this and one renewal, seconds. */
const LEASE_SECONDS = 8;
const RENEW_MS = 2000;
const RELEASE_WITHIN_MS = 500;

/** Who starts without etcd notifies after this: an outage must not silence a cluster, milliseconds. */
const ALONE_AFTER_MS = 15_000;

export interface LeadershipParts {
  readonly client: EtcdClient;
  /** Of this process. */
  readonly id: string;
  /** As people know this dashboard. */
  readonly name: string;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
}

const holderSchema = z.object({ id: z.string(), name: z.string() });

/**
 * Decides with etcd which of several dashboards notifies. Without an answer nothing changes hands: a leader goes on, a follower
 * waits, and one that never reached etcd leads. A process that stood still for longer than its lease asks before it goes on.
 */
export class Election implements Leadership {
  readonly #parts: LeadershipParts;
  readonly #startedMs: number;
  #leaseId: bigint | undefined;
  #holder: z.infer<typeof holderSchema> | undefined;
  #validUntilMs = 0;
  #failing = false;
  #reached = false;

  constructor(parts: LeadershipParts) {
    this.#parts = parts;
    this.#startedMs = parts.clock.monotonicMs();
  }

  get leads(): boolean {
    const now = this.#parts.clock.monotonicMs();
    if (!this.#reached) return now - this.#startedMs >= ALONE_AFTER_MS;
    return this.#holder?.id === this.#parts.id && (this.#failing || now < this.#validUntilMs);
  }

  get leader(): string | undefined {
    return this.#holder?.name;
  }

  /** Stands for election until `signal` aborts, and gives the office back at once then. @throws the signal's reason. */
  async run(signal: AbortSignal): Promise<never> {
    const { client, clock, random } = this.#parts;
    const backoff = new Backoff({ firstMs: 200, maxMs: RENEW_MS, random });
    try {
      for (;;) {
        try {
          await this.#stand(signal);
          backoff.reset();
          await clock.sleep(RENEW_MS * (0.8 + 0.2 * random()), signal);
        } catch (error) {
          signal.throwIfAborted();
          this.#failed(error);
          await clock.sleep(backoff.nextMs(), signal);
        }
      }
    } finally {
      if (this.#leaseId !== undefined)
        await revokeLease(client, this.#leaseId, AbortSignal.timeout(RELEASE_WITHIN_MS)).catch(() => undefined);
    }
  }

  async #stand(signal: AbortSignal): Promise<void> {
    const { client, id, name, clock, log } = this.#parts;
    const askedMs = clock.monotonicMs();
    const alive = this.#leaseId !== undefined && (await keepLeaseAlive(client, this.#leaseId, signal)) !== undefined;
    if (!alive) this.#leaseId = (await grantLease(client, LEASE_SECONDS, signal)).id;
    const key = Buffer.from(ELECTION_KEY);
    const answer = await client.transact(
      {
        operation: 'stand for election',
        key: ELECTION_KEY,
        compare: [{ key, target: 'Create', result: 'Equal', create_revision: '0' }],
        success: [
          { request_put: { key, value: Buffer.from(JSON.stringify({ id, name })), lease: String(this.#leaseId) } },
        ],
        failure: [{ request_range: { key } }],
      },
      signal,
    );
    const holder = answer.succeeded ? { id, name } : holderSchema.parse(JSON.parse(foundText(answer)));
    if (holder.id !== this.#holder?.id)
      log.info({ leader: holder.name, self: holder.id === id }, 'notifying dashboard');
    this.#holder = holder;
    this.#reached = true;
    this.#failing = false;
    this.#validUntilMs = askedMs + LEASE_SECONDS * 1000;
  }

  #failed(error: unknown): void {
    const { log } = this.#parts;
    // A key that was deleted between question and answer, or is not ours to read, is asked again.
    if (!(error instanceof EtcdError)) log.warn({ err: error }, 'election cannot be read');
    else if (!this.#failing) log.warn({ err: error }, 'etcd unavailable: who notifies stays as it is');
    this.#failing = true;
  }
}

/** The value that the failed comparison read; `null` when the key was gone again. */
function foundText({
  responses,
}: {
  readonly responses: readonly { readonly response_range: { kvs: { value: Buffer }[] } }[];
}): string {
  return responses[0]?.response_range.kvs[0]?.value.toString('utf8') ?? 'null';
}
