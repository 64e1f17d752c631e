import type { EtcdClient } from '../../native/etcd/client.ts';
import type { EtcdEntry } from '../../native/etcd/entry.ts';
import { EtcdError } from '../../native/etcd/errors.ts';
import { grantLease, keepLeaseAlive, revokeLease } from '../../native/etcd/lease.ts';
import { watchPrefix, type PrefixUpdate, type WatchState } from '../../native/etcd/watch.ts';
import type { KnownLease, LeaseChange, LeaseUpdate } from '../model/lease.ts';
import type { HeldLease } from '../model/renewal.ts';
import {
  configKey,
  decodeLease,
  encodeLease,
  flannelPresenceKey,
  flannelPresenceSchema,
  LeaseFormatError,
  SUBNET_LEASE_TTL_SECONDS,
  subnetKey,
  subnetsPrefix,
  type FlannelPresence,
  type Lease,
} from '../wire.ts';

export interface LeaseStoreOptions {
  readonly client: EtcdClient;
  /** flannel's `--etcd-prefix`. */
  readonly prefix: string;
  /** Told once for each key and fault. */
  readonly onJunk: (error: LeaseFormatError) => void;
}

export interface LeaseWatcher {
  readonly onUpdate: (update: LeaseUpdate) => void;
  readonly onState: (state: WatchState) => void;
}

/** Junk keys remembered for telling each once; more than these are only counted by what the next list shows. */
const MAX_JUNK_REMEMBERED = 1_000;

/** flannel's keys in etcd: the network configuration and the subnet leases. Writes one subnet key at a time, always under a compare. */
export class LeaseStore {
  readonly #options: LeaseStoreOptions;
  readonly #good = new Map<string, KnownLease>();
  readonly #junk = new Map<string, string>();

  constructor(options: LeaseStoreOptions) {
    this.#options = options;
  }

  /** Keys under the prefix that hold no lease now. */
  get junkKeys(): number {
    return this.#junk.size;
  }

  /** Text of `<prefix>/config`. @throws {EtcdError} */
  async readNetworkConfig(signal: AbortSignal): Promise<string | undefined> {
    return (await this.#options.client.get(configKey(this.#options.prefix), signal))?.value;
  }

  /** All leases, in key order. @throws {EtcdError} */
  async list(signal: AbortSignal): Promise<KnownLease[]> {
    const { entries } = await this.#options.client.list(subnetsPrefix(this.#options.prefix), signal);
    return this.#snapshot(entries);
  }

  /** Follows the leases until the signal aborts; see {@link watchPrefix}. */
  async watch(watcher: LeaseWatcher, signal: AbortSignal): Promise<never> {
    return watchPrefix({
      client: this.#options.client,
      prefix: subnetsPrefix(this.#options.prefix),
      signal,
      onState: watcher.onState,
      onUpdate: (update) => {
        watcher.onUpdate(this.#leaseUpdate(update));
      },
    });
  }

  /** Takes a free subnet. @returns `undefined` when another host was faster. @throws {EtcdError} */
  async create(lease: Lease, signal: AbortSignal): Promise<HeldLease | undefined> {
    const key = subnetKey(this.#options.prefix, lease.subnets);
    return this.#write({ key, lease, compare: { target: 'Version', version: '0' } }, signal);
  }

  /**
   * Goes on with a key that is ours: keeps its etcd lease alive where nothing else has to change, which no peer notices, else
   * writes it under a compare. @returns `undefined` when somebody changed it meanwhile. @throws {EtcdError}
   */
  async adopt(seen: KnownLease, lease: Lease, signal: AbortSignal): Promise<HeldLease | undefined> {
    const value = encodeLease(lease);
    const { key, modRevision, etcdLeaseId } = seen;
    if (seen.value === value && etcdLeaseId !== 0n) {
      const seconds = await keepLeaseAlive(this.#options.client, etcdLeaseId, signal);
      if (seconds !== undefined && seconds >= SUBNET_LEASE_TTL_SECONDS) return { key, value, modRevision, etcdLeaseId };
    }
    return this.#write({ key, lease, compare: { target: 'Mod', mod_revision: String(modRevision) } }, signal);
  }

  /** Gives up a key that is ours, unless it was changed meanwhile. @throws {EtcdError} */
  async remove(seen: KnownLease, signal: AbortSignal): Promise<void> {
    const key = Buffer.from(seen.key);
    await this.#options.client.transact(
      {
        operation: 'delete',
        key: seen.key,
        compare: [{ key, target: 'Mod', result: 'Equal', mod_revision: String(seen.modRevision) }],
        success: [{ request_delete_range: { key } }],
      },
      signal,
    );
  }

  /** Sets the lease back to its full time. @returns the seconds left, `undefined` when it is gone. @throws {EtcdError} */
  async keepAlive(held: HeldLease, signal: AbortSignal): Promise<number | undefined> {
    return keepLeaseAlive(this.#options.client, held.etcdLeaseId, signal);
  }

  /** One key as it stands. @throws {EtcdError} */
  async read(key: string, signal: AbortSignal): Promise<KnownLease | undefined> {
    const entry = await this.#options.client.get(key, signal);
    return entry && this.#decode(entry);
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

  /** A new etcd lease and one put under a compare, with the outcome made certain. */
  async #write(
    write: { key: string; lease: Lease; compare: WriteCompare },
    signal: AbortSignal,
  ): Promise<HeldLease | undefined> {
    const { client } = this.#options;
    const key = Buffer.from(write.key);
    const value = encodeLease(write.lease);
    const granted = await grantLease(client, SUBNET_LEASE_TTL_SECONDS, signal);
    const held = { key: write.key, value, etcdLeaseId: granted.id };
    try {
      const answer = await client.transact(
        {
          operation: 'lease',
          key: write.key,
          compare: [{ key, result: 'Equal', ...write.compare }],
          success: [{ request_put: { key, value: Buffer.from(value), lease: String(granted.id) } }],
        },
        signal,
      );
      if (answer.succeeded) return { ...held, modRevision: BigInt(answer.header.revision) };
    } catch (error) {
      if (!(error instanceof EtcdError && error.outcomeUnknown)) throw error;
      // It may have been done although no answer came.
      const seen = await client.get(write.key, signal);
      if (seen?.leaseId === granted.id) return { ...held, modRevision: seen.modRevision };
    }
    await revokeLease(client, granted.id, signal).catch(() => undefined); // empty, it runs out by itself
    return undefined;
  }

  #leaseUpdate(update: PrefixUpdate): LeaseUpdate {
    const { revision } = update;
    if (update.kind === 'snapshot') {
      return { kind: 'snapshot', leases: this.#snapshot(update.entries), revision, reason: update.reason };
    }
    const changes = update.events.flatMap((event): LeaseChange[] => {
      if (event.kind === 'put') {
        const lease = this.#decode(event.entry);
        return lease === undefined ? [] : [{ kind: 'put', lease }];
      }
      this.#junk.delete(event.key);
      this.#good.delete(event.key);
      return [{ kind: 'removed', key: event.key }];
    });
    return { kind: 'delta', changes, revision };
  }

  #snapshot(entries: readonly EtcdEntry[]): KnownLease[] {
    const present = new Set(entries.map(({ key }) => key));
    for (const map of [this.#junk, this.#good]) for (const key of map.keys()) if (!present.has(key)) map.delete(key);
    return entries.flatMap((entry) => this.#decode(entry) ?? []);
  }

  /**
   * A value that cannot be read leaves the lease as it was known, if it was: one bad write must not cut a host off.
   * `undefined` for a key that never held a lease.
   */
  #decode({ key, value, createRevision, modRevision, leaseId }: EtcdEntry): KnownLease | undefined {
    const entry = { key, value, createRevision, modRevision, etcdLeaseId: leaseId };
    try {
      const known = { ...entry, lease: decodeLease(key, value) };
      this.#good.set(key, known);
      this.#junk.delete(key);
      return known;
    } catch (error) {
      if (!(error instanceof LeaseFormatError)) throw error;
      this.#rememberJunk(error);
      const before = this.#good.get(key);
      return before && { ...entry, lease: before.lease };
    }
  }

  #rememberJunk(error: LeaseFormatError): void {
    if (this.#junk.get(error.key) === error.message) return;
    if (!this.#junk.has(error.key) && this.#junk.size >= MAX_JUNK_REMEMBERED) return;
    this.#junk.set(error.key, error.message);
    this.#options.onJunk(error);
  }
}

type WriteCompare =
  { readonly target: 'Version'; readonly version: string } | { readonly target: 'Mod'; readonly mod_revision: string };
