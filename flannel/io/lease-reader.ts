import type { EtcdEntry } from '../../native/etcd/entry.ts';
import type { PrefixUpdate } from '../../native/etcd/watch.ts';
import type { KnownLease, LeaseChange, LeaseUpdate } from '../model/lease.ts';
import { decodeLease, LeaseFormatError } from '../wire.ts';

/** Junk keys remembered for telling each once; more than these are only counted by what the next list shows. */
const MAX_JUNK_REMEMBERED = 1_000;

/** Reads what etcd tells of the subnet keys; remembers what each was when it was last good. */
export class LeaseReader {
  readonly #onJunk: (error: LeaseFormatError) => void;
  readonly #good = new Map<string, KnownLease>();
  readonly #junk = new Map<string, string>();

  /** @param onJunk told once for each key and fault. */
  constructor(onJunk: (error: LeaseFormatError) => void) {
    this.#onJunk = onJunk;
  }

  /** Keys that hold no lease now. */
  get junkKeys(): number {
    return this.#junk.size;
  }

  update(update: PrefixUpdate): LeaseUpdate {
    const { revision } = update;
    if (update.kind === 'snapshot') {
      return { kind: 'snapshot', leases: this.snapshot(update.entries), revision, reason: update.reason };
    }
    const changes = update.events.flatMap((event): LeaseChange[] => {
      if (event.kind === 'put') {
        const lease = this.decode(event.entry);
        return lease === undefined ? [] : [{ kind: 'put', lease }];
      }
      this.#junk.delete(event.key);
      this.#good.delete(event.key);
      return [{ kind: 'removed', key: event.key }];
    });
    return { kind: 'delta', changes, revision };
  }

  /** All that there is. */
  snapshot(entries: readonly EtcdEntry[]): KnownLease[] {
    const present = new Set(entries.map(({ key }) => key));
    for (const map of [this.#junk, this.#good]) for (const key of map.keys()) if (!present.has(key)) map.delete(key);
    return entries.flatMap((entry) => this.decode(entry) ?? []);
  }

  /**
   * A value that cannot be read leaves the lease as it was known, if it was: one bad write must not cut a host off.
   * `undefined` for a key that never held a lease.
   */
  decode({ key, value, createRevision, modRevision, leaseId }: EtcdEntry): KnownLease | undefined {
    const entry = { key, value, createRevision, modRevision, etcdLeaseId: leaseId };
    const before = this.#good.get(key);
    // As a rule a list says what is known: the same object again leaves nothing to be collected.
    if (before !== undefined && isSame(before, entry)) {
      this.#junk.delete(key);
      return before;
    }
    try {
      const known = { ...entry, lease: decodeLease(key, value) };
      this.#good.set(key, known);
      this.#junk.delete(key);
      return known;
    } catch (error) {
      if (!(error instanceof LeaseFormatError)) throw error;
      this.#rememberJunk(error);
      return before && { ...entry, lease: before.lease };
    }
  }

  #rememberJunk(error: LeaseFormatError): void {
    if (this.#junk.get(error.key) === error.message) return;
    if (!this.#junk.has(error.key) && this.#junk.size >= MAX_JUNK_REMEMBERED) return;
    this.#junk.set(error.key, error.message);
    this.#onJunk(error);
  }
}

function isSame(known: KnownLease, entry: Omit<KnownLease, 'lease'>): boolean {
  return (
    known.value === entry.value &&
    known.modRevision === entry.modRevision &&
    known.createRevision === entry.createRevision &&
    known.etcdLeaseId === entry.etcdLeaseId
  );
}
