import type { ICompare } from 'etcd3';
import type { EtcdClient } from '../../native/etcd/client.ts';
import { prefixEnd } from '../../native/etcd/entry.ts';
import { EtcdError } from '../../native/etcd/errors.ts';
import { grantLease, keepLeaseAlive, leaseTimeToLive, revokeLease } from '../../native/etcd/lease.ts';
import type { Clock, RandomSource } from '../../native/host/clock.ts';
import { watchPrefix, type WatchObserver, type WatchState } from '../../native/etcd/watch.ts';
import type { KnownLease, LeaseUpdate } from '../model/lease.ts';
import type { HeldLease } from '../model/renewal.ts';
import {
  configKey,
  decodeLease,
  encodeLease,
  type LeaseFormatError,
  RESERVATIONS_PREFIX,
  SUBNET_LEASE_TTL_SECONDS,
  subnetKey,
  subnetsPrefix,
  type Lease,
  type SubnetPair,
} from '../wire.ts';
import { flannelPresenceKey, flannelPresenceSchema, type FlannelPresence } from '../presence-wire.ts';
import { LeaseReader } from './lease-reader.ts';

export interface LeaseStoreOptions {
  readonly client: EtcdClient;
  /** flannel's `--etcd-prefix`. */
  readonly prefix: string;
  /** Told once for each key and fault. */
  readonly onJunk: (error: LeaseFormatError) => void;
  /** Lifetime of the leases; flannel's {@link SUBNET_LEASE_TTL_SECONDS} when absent. */
  readonly ttlSeconds?: number | undefined;
  /** Of the watch; the system's when absent. */
  readonly clock?: Clock | undefined;
  readonly random?: RandomSource | undefined;
}

/** What a create depends on beside its key. */
export interface CreateGuard {
  /** As of which the reservations were read; `undefined` = they may not be read. */
  readonly reservationsRevision: bigint | undefined;
}

export interface LeaseWatcher {
  readonly onUpdate: (update: LeaseUpdate) => void;
  readonly onState: (state: WatchState) => void;
  readonly observer?: WatchObserver | undefined;
}

/** flannel's keys in etcd: the network configuration and the subnet leases. Writes one subnet key at a time, always under a compare. */
export class LeaseStore {
  readonly #options: LeaseStoreOptions;
  readonly #reader: LeaseReader;
  /** etcd leases of our own that a write may still hang on. */
  readonly #doubtful = new Set<bigint>();
  readonly ttlSeconds: number;

  constructor(options: LeaseStoreOptions) {
    this.#options = options;
    this.#reader = new LeaseReader(options.onJunk);
    this.ttlSeconds = options.ttlSeconds ?? SUBNET_LEASE_TTL_SECONDS;
  }

  /** Keys under the prefix that hold no lease now. */
  get junkKeys(): number {
    return this.#reader.junkKeys;
  }

  /** Text of `<prefix>/config`. @throws {EtcdError} */
  async readNetworkConfig(signal: AbortSignal): Promise<string | undefined> {
    return (await this.#options.client.get(configKey(this.#options.prefix), signal))?.value;
  }

  /** All leases, in key order. @throws {EtcdError} */
  async list(signal: AbortSignal): Promise<KnownLease[]> {
    const { entries } = await this.#options.client.list(subnetsPrefix(this.#options.prefix), signal);
    return this.#reader.snapshot(entries);
  }

  /** Follows the leases until the signal aborts; see {@link watchPrefix}. */
  async watch(watcher: LeaseWatcher, signal: AbortSignal): Promise<never> {
    const { client, prefix, clock, random } = this.#options;
    return watchPrefix({
      client,
      prefix: subnetsPrefix(prefix),
      signal,
      clock,
      random,
      onState: watcher.onState,
      observer: watcher.observer,
      onUpdate: (update) => {
        watcher.onUpdate(this.#reader.update(update));
      },
    });
  }

  /**
   * Takes free subnets: only if nothing is at their key nor at another key of the same IPv4 subnet, and no reservation came since.
   * @returns `undefined` when somebody was faster. @throws {EtcdError}
   */
  async create(lease: Lease, guard: CreateGuard, signal: AbortSignal): Promise<HeldLease | undefined> {
    const { prefix } = this.#options;
    const key = subnetKey(prefix, lease.subnets);
    const compare = [...absentTwins(prefix, lease.subnets), ...unchangedReservations(guard)];
    const written = await this.#writeOnNewLease({ key, lease, compare }, signal);
    return written && { ...written, createRevision: written.modRevision };
  }

  /**
   * Goes on with a key that is ours: keeps its etcd lease alive where nothing else has to change, which no peer notices, else
   * writes it under a compare. @returns `undefined` when somebody changed it meanwhile. @throws {EtcdError}
   */
  async adopt(seen: KnownLease, lease: Lease, signal: AbortSignal): Promise<HeldLease | undefined> {
    const { key, createRevision, modRevision, etcdLeaseId } = seen;
    const compare = [unchanged(key, modRevision)];
    const value = readableValue(key, lease);
    const isNodes = seen.lease.nodeId === lease.nodeId || seen.value === value;
    if (isNodes && etcdLeaseId !== 0n && (await this.#isFull(etcdLeaseId, signal))) {
      this.#doubtful.delete(etcdLeaseId);
      const held = { key, lease, value, createRevision, modRevision, etcdLeaseId };
      return seen.value === value ? held : this.#put(held, compare, signal);
    }
    const written = await this.#writeOnNewLease({ key, lease, compare }, signal);
    return written && { ...written, createRevision };
  }

  /**
   * Writes the key as it is, so that every peer hears of it again. @returns `undefined` when it is not as it was left.
   * @throws {EtcdError}
   */
  async touch(held: HeldLease, signal: AbortSignal): Promise<HeldLease | undefined> {
    return this.#put(held, [unchanged(held.key, held.modRevision)], signal);
  }

  /** Gives up a key, unless it was changed since it was seen. @returns whether it is gone by our doing. @throws {EtcdError} */
  async remove({ key, modRevision }: Pick<KnownLease, 'key' | 'modRevision'>, signal: AbortSignal): Promise<boolean> {
    const { succeeded } = await this.#options.client.transact(
      {
        operation: 'delete',
        key,
        compare: [unchanged(key, modRevision)],
        success: [{ request_delete_range: { key: Buffer.from(key) } }],
      },
      signal,
    );
    return succeeded;
  }

  /**
   * Gives up whatever stands under the key of these subnets, as an operator does for a host that is gone for good: a live one
   * takes it again at once. @returns the former value, `undefined` when there was none or it changed meanwhile. @throws {EtcdError}
   */
  async release(subnets: SubnetPair, signal: AbortSignal): Promise<string | undefined> {
    const seen = await this.#options.client.get(subnetKey(this.#options.prefix, subnets), signal);
    return seen !== undefined && (await this.remove(seen, signal)) ? seen.value : undefined;
  }

  /** Sets the lease back to its full time. @returns the seconds left, `undefined` when it is gone. @throws {EtcdError} */
  async keepAlive(held: HeldLease, signal: AbortSignal): Promise<number | undefined> {
    return keepLeaseAlive(this.#options.client, held.etcdLeaseId, signal);
  }

  /** Whether somebody gave the lease its full time within the last `seconds`. @throws {EtcdError} */
  async isFresh({ etcdLeaseId }: KnownLease, seconds: number, signal: AbortSignal): Promise<boolean> {
    if (etcdLeaseId === 0n) return false;
    const { ttlSeconds, grantedTtlSeconds } = await leaseTimeToLive(this.#options.client, etcdLeaseId, signal);
    return ttlSeconds !== undefined && grantedTtlSeconds - ttlSeconds < seconds;
  }

  /** One key as it stands. @throws {EtcdError} */
  async read(key: string, signal: AbortSignal): Promise<KnownLease | undefined> {
    const entry = await this.#options.client.get(key, signal);
    return entry && this.#reader.decode(entry);
  }

  /** What a node says about itself while it lives. @throws {EtcdError} */
  async presence(nodeId: string, signal: AbortSignal): Promise<FlannelPresence | undefined> {
    const entry = await this.#options.client.get(flannelPresenceKey(nodeId), signal);
    if (entry === undefined) return undefined;
    try {
      return flannelPresenceSchema.safeParse(JSON.parse(entry.value)).data;
    } catch {
      return undefined; // no JSON: nobody of ours
    }
  }

  async #isFull(etcdLeaseId: bigint, signal: AbortSignal): Promise<boolean> {
    const seconds = await keepLeaseAlive(this.#options.client, etcdLeaseId, signal);
    return seconds !== undefined && seconds >= this.ttlSeconds;
  }

  /** A new etcd lease and one put under a compare, with the outcome made certain before anything else is written. */
  async #writeOnNewLease(
    { key, lease, compare }: { key: string; lease: Lease; compare: ICompare[] },
    signal: AbortSignal,
  ): Promise<Omit<HeldLease, 'createRevision'> | undefined> {
    const value = readableValue(key, lease);
    await this.#settleDoubts(signal);
    const { id } = await grantLease(this.#options.client, this.ttlSeconds, signal);
    this.#doubtful.add(id);
    const written = { key, lease, value, etcdLeaseId: id };
    const modRevision = await this.#putUnder(written, compare, signal);
    if (modRevision !== undefined) {
      this.#doubtful.delete(id);
      return { ...written, modRevision };
    }
    // Refused, so nothing hangs on it; where that is not certain nothing else is written before it is.
    await this.#settleDoubts(signal).catch(() => undefined);
    return undefined;
  }

  async #put(held: HeldLease, compare: ICompare[], signal: AbortSignal): Promise<HeldLease | undefined> {
    const modRevision = await this.#putUnder(held, compare, signal);
    return modRevision === undefined ? undefined : { ...held, modRevision };
  }

  /** @returns the revision of the put, `undefined` when the compare refused it. @throws {EtcdError} when it may still be done. */
  async #putUnder(
    { key, value, etcdLeaseId }: { key: string; value: string; etcdLeaseId: bigint },
    compare: ICompare[],
    signal: AbortSignal,
  ): Promise<bigint | undefined> {
    const { client } = this.#options;
    const put = { key: Buffer.from(key), value: Buffer.from(value), lease: String(etcdLeaseId) };
    try {
      const answer = await client.transact(
        { operation: 'lease', key, compare, success: [{ request_put: put }] },
        signal,
      );
      return answer.succeeded ? BigInt(answer.header.revision) : undefined;
    } catch (error) {
      if (!(error instanceof EtcdError)) throw error;
      if (error.code === 'LEASE_NOT_FOUND') return undefined;
      if (!error.outcomeUnknown) throw error;
      // It may have been done although no answer came.
      const seen = await client.get(key, signal);
      if (seen?.value === value && seen.leaseId === etcdLeaseId) return seen.modRevision;
      throw error;
    }
  }

  /**
   * Ends the etcd leases of writes whose outcome is not known. A write that comes through late finds no lease to hang on, so this
   * host never ends up with two subnets.
   */
  async #settleDoubts(signal: AbortSignal): Promise<void> {
    for (const id of this.#doubtful) {
      await revokeLease(this.#options.client, id, signal);
      this.#doubtful.delete(id);
    }
  }
}

/** What stands under flannel's prefix has to be a lease to every reader. @throws {LeaseFormatError} */
function readableValue(key: string, lease: Lease): string {
  const value = encodeLease(lease);
  decodeLease(key, value);
  return value;
}

/** The key is as it was when it was seen. */
function unchanged(key: string, modRevision: bigint): ICompare {
  return { key: Buffer.from(key), result: 'Equal', target: 'Mod', mod_revision: String(modRevision) };
}

function absent(key: string, end?: string): ICompare {
  const range = end === undefined ? {} : { range_end: Buffer.from(end) };
  return { key: Buffer.from(key), ...range, result: 'Equal', target: 'Version', version: '0' };
}

/** One IPv4 subnet has several keys: alone, and with each IPv6 subnet behind an `&`. */
function absentTwins(prefix: string, subnets: SubnetPair): ICompare[] {
  if (subnets.ipv4 === undefined) return [absent(subnetKey(prefix, subnets))];
  const alone = subnetKey(prefix, { ...subnets, ipv6: undefined });
  return [absent(alone), absent(`${alone}&`, `${alone}'`)]; // ' is the character behind &
}

function unchangedReservations({ reservationsRevision }: CreateGuard): ICompare[] {
  if (reservationsRevision === undefined) return [];
  const range = { key: Buffer.from(RESERVATIONS_PREFIX), range_end: prefixEnd(RESERVATIONS_PREFIX) };
  return [{ ...range, result: 'Less', target: 'Mod', mod_revision: String(reservationsRevision + 1n) }];
}
