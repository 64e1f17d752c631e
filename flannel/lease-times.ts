import type { RandomSource } from '../native/host/clock.ts';
import { observeFlanneld, touchAfterMs, type FlanneldPeers } from './model/flanneld-peers.ts';
import type { LeaseUpdate } from './model/lease.ts';
import { nextKeepaliveMs, nextPutMs } from './model/renewal.ts';

export interface LeaseTimesParts {
  /** Milliseconds since boot, time asleep included: a machine that slept finds its lease as old as it is. */
  readonly bootMs: () => number;
  readonly random: RandomSource;
  readonly ttlSeconds: number;
  readonly marginSeconds: number;
}

/** When something has to be done about the lease; all times are milliseconds since boot. */
export class LeaseTimes {
  readonly #parts: LeaseTimesParts;
  #flanneld: FlanneldPeers | undefined;
  #expiresAtMs = -Infinity;
  #keepaliveAtMs = 0;
  #putAtMs = Infinity;
  #touchAtMs = Infinity;

  constructor(parts: LeaseTimesParts) {
    this.#parts = parts;
  }

  /** By our own reckoning; negative when etcd has been away for longer than the lease lasts, -Infinity without a lease. */
  get secondsLeft(): number {
    return (this.#expiresAtMs - this.#parts.bootMs()) / 1000;
  }

  /** When to look at the lease again. */
  get dueAtMs(): number {
    return Math.min(this.#keepaliveAtMs, this.#nextPutMs);
  }

  /** Whether flanneld peers are to be told the value again. */
  get putIsDue(): boolean {
    return this.#parts.bootMs() >= this.#nextPutMs;
  }

  /** etcd gave the lease this much time. */
  renewed(seconds: number): void {
    const { bootMs, random, marginSeconds } = this.#parts;
    const nowMs = bootMs();
    this.#expiresAtMs = nowMs + seconds * 1000;
    this.#keepaliveAtMs = nowMs + nextKeepaliveMs({ secondsLeft: seconds, marginSeconds, random });
  }

  /** The key was written. An `early` one is followed by another soon: v0.20.2 misses events of a busy second. */
  wrote(early: 'early' | 'again'): void {
    const { bootMs, random, ttlSeconds, marginSeconds } = this.#parts;
    this.#putAtMs = bootMs() + nextPutMs({ ttlSeconds, marginSeconds, random });
    this.#touchAtMs = Infinity;
    if (early === 'early') this.#touchSoon();
  }

  /** There is no lease any more. */
  lost(): void {
    this.#expiresAtMs = -Infinity;
    this.#putAtMs = Infinity;
    this.#touchAtMs = Infinity;
  }

  /** Takes note of flanneld hosts. */
  observe(update: LeaseUpdate, ownKey: string | undefined): void {
    const news = observeFlanneld(this.#flanneld, update, { ownKey, nowMs: this.#parts.bootMs() });
    this.#flanneld = news.peers;
    if (news.started && this.#expiresAtMs !== -Infinity) this.#touchSoon();
  }

  /** Only flanneld needs a put: weft follows every change, and reads the list again. */
  get #nextPutMs(): number {
    const hosts = this.#flanneld?.size ?? 0;
    return hosts === 0 ? Infinity : Math.min(this.#putAtMs, this.#touchAtMs);
  }

  #touchSoon(): void {
    if (this.#touchAtMs !== Infinity) return;
    const { bootMs, random } = this.#parts;
    this.#touchAtMs = bootMs() + touchAfterMs(this.#flanneld?.size ?? 0, random);
  }
}
