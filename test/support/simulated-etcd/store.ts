import type {
  ICompare,
  IEvent,
  IKeyValue,
  IPutRequest,
  IRangeRequest,
  IRangeResponse,
  IRequestOp,
  IResponseHeader,
  ITxnRequest,
  ITxnResponse,
} from 'etcd3';
import type { Clock } from '../../../native/host/clock.ts';

/** A key as the store has it. */
export interface Row {
  readonly key: string;
  readonly value: string;
  readonly createRevision: bigint;
  readonly modRevision: bigint;
  readonly version: bigint;
  /** 0n = none. */
  readonly leaseId: bigint;
}

/** `row` is `undefined` where the key was deleted. */
export interface Change {
  readonly revision: bigint;
  readonly key: string;
  readonly row: Row | undefined;
}

interface Lease {
  readonly ttlSeconds: number;
  expiresAtMs: number;
}

/** What a server says in the place of an answer. */
export class SimulatedFault extends Error {
  override readonly name = 'SimulatedFault';
  /** gRPC's. */
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

const NONE: Row = { key: '', value: '', createRevision: 0n, modRevision: 0n, version: 0n, leaseId: 0n };

const idOf = (id: string | number | undefined): bigint => BigInt(id ?? 0);

const kvOf = ({ key, value, createRevision, modRevision, version, leaseId }: Row): IKeyValue => ({
  key: Buffer.from(key),
  value: Buffer.from(value),
  create_revision: String(createRevision),
  mod_revision: String(modRevision),
  version: String(version),
  lease: String(leaseId),
});

/** Whether a key is in a range of etcd's: `end` absent = the key alone. */
export function isWithin(key: string, start: string, end: string | undefined): boolean {
  if (end === undefined || end === '') return key === start;
  return key >= start && (end === '\0' || key < end);
}

const textOf = (bytes: Buffer | undefined): string | undefined => bytes?.toString('utf8');

/** etcd's key space and leases in memory, one request after the other, with the revisions and the words of etcd 3.4. */
export class SimulatedStore {
  readonly #clock: Clock;
  readonly #rows = new Map<string, Row>();
  readonly #leases = new Map<bigint, Lease>();
  readonly #listeners = new Set<(changes: readonly Change[]) => void>();
  #history: Change[] = [];
  #compacted = 0n;
  #lastLeaseId = 0x1000n;
  #revision = 1n;
  /** Told before a row takes another one's place. */
  onReplace: (before: Row, after: Row) => void = () => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get header(): IResponseHeader {
    return { cluster_id: '1', member_id: '1', revision: String(this.#revision), raft_term: '1' };
  }

  /** In key order. */
  get rows(): readonly Row[] {
    this.expire();
    return [...this.#rows.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  listen(listener: (changes: readonly Change[]) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** @throws {SimulatedFault} */
  eventsFrom(revision: bigint): readonly Change[] {
    return this.#history.filter((change) => change.revision >= revision);
  }

  get compacted(): bigint {
    return this.#compacted;
  }

  /** Forgets the history up to here. */
  compact(): void {
    this.#compacted = this.#revision;
    this.#history = [];
  }

  range({ key, range_end, limit, revision }: IRangeRequest): IRangeResponse {
    this.expire();
    const start = textOf(key) ?? '';
    const found = this.#at(idOf(revision)).filter((row) => isWithin(row.key, start, textOf(range_end)));
    const page = found.slice(0, Number(limit ?? 0) || undefined);
    return {
      header: this.header,
      kvs: page.map(kvOf),
      more: page.length < found.length,
      count: String(found.length),
    };
  }

  put(request: IPutRequest): void {
    this.#requireLease(request);
    this.#commit([this.#written(request)]);
  }

  delete(key: string, end?: string): void {
    this.#commit(this.#deleted(key, end));
  }

  txn({ compare = [], success = [], failure = [] }: ITxnRequest): ITxnResponse {
    this.expire();
    const succeeded = compare.every((each) => this.#holds(each));
    const operations = succeeded ? success : failure;
    for (const { request_put } of operations) if (request_put !== undefined) this.#requireLease(request_put);
    this.#commit(operations.flatMap((operation) => this.#outcome(operation)));
    return { header: this.header, succeeded, responses: [] };
  }

  grant(ttlSeconds: number): bigint {
    this.#lastLeaseId += 1n;
    this.#leases.set(this.#lastLeaseId, { ttlSeconds, expiresAtMs: this.#clock.monotonicMs() + ttlSeconds * 1000 });
    return this.#lastLeaseId;
  }

  /** @throws {SimulatedFault} */
  revoke(id: bigint): void {
    if (!this.#leases.delete(id)) throw new SimulatedFault(5, 'etcdserver: requested lease not found');
    const attached = this.rowsOf(id);
    this.#commit(attached.flatMap(({ key }) => this.#deleted(key)));
  }

  /** @returns the full time, 0 when there is no such lease. */
  keepAlive(id: bigint): number {
    this.expire();
    const lease = this.#leases.get(id);
    if (lease === undefined) return 0;
    lease.expiresAtMs = this.#clock.monotonicMs() + lease.ttlSeconds * 1000;
    return lease.ttlSeconds;
  }

  timeToLive(id: bigint): { readonly left: number; readonly granted: number } {
    this.expire();
    const lease = this.#leases.get(id);
    if (lease === undefined) return { left: -1, granted: 0 };
    const left = Math.ceil((lease.expiresAtMs - this.#clock.monotonicMs()) / 1000);
    return { left, granted: lease.ttlSeconds };
  }

  rowsOf(leaseId: bigint): Row[] {
    return [...this.#rows.values()].filter((row) => row.leaseId === leaseId);
  }

  /** Ends the leases whose time is over. */
  expire(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [id, { expiresAtMs }] of this.#leases) if (expiresAtMs <= nowMs) this.revoke(id);
  }

  #at(revision: bigint): readonly Row[] {
    const all = (): Row[] => [...this.#rows.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
    if (revision === 0n || revision === this.#revision) return all();
    if (revision <= this.#compacted) {
      throw new SimulatedFault(11, 'etcdserver: mvcc: required revision has been compacted');
    }
    if (revision > this.#revision) {
      throw new SimulatedFault(11, 'etcdserver: mvcc: required revision is a future revision');
    }
    // Backwards: what was changed later is as it was before.
    const later = new Set(this.#history.filter((change) => change.revision > revision).map(({ key }) => key));
    const before = this.#history.filter((change) => change.revision <= revision);
    const restored = [...later].flatMap((key) => before.findLast((change) => change.key === key)?.row ?? []);
    return [...all().filter(({ key }) => !later.has(key)), ...restored];
  }

  #requireLease({ lease }: IPutRequest): void {
    const id = idOf(lease);
    if (id !== 0n && !this.#leases.has(id)) throw new SimulatedFault(5, 'etcdserver: requested lease not found');
  }

  #outcome({ request_put, request_delete_range }: IRequestOp): Change[] {
    if (request_put !== undefined) return [this.#written(request_put)];
    if (request_delete_range === undefined) return [];
    return this.#deleted(textOf(request_delete_range.key) ?? '', textOf(request_delete_range.range_end));
  }

  #written({ key, value, lease }: IPutRequest): Change {
    const name = textOf(key) ?? '';
    const before = this.#rows.get(name);
    const revision = this.#revision + 1n;
    const row: Row = {
      key: name,
      value: textOf(value) ?? '',
      createRevision: before?.createRevision ?? revision,
      modRevision: revision,
      version: (before?.version ?? 0n) + 1n,
      leaseId: idOf(lease),
    };
    if (before !== undefined) this.onReplace(before, row);
    return { revision, key: name, row };
  }

  #deleted(start: string, end?: string): Change[] {
    const revision = this.#revision + 1n;
    return [...this.#rows.keys()]
      .filter((key) => isWithin(key, start, end))
      .map((key) => ({ revision, key, row: undefined }));
  }

  #commit(changes: readonly Change[]): void {
    if (changes.length === 0) return;
    this.#revision += 1n;
    for (const { key, row } of changes) {
      if (row === undefined) this.#rows.delete(key);
      else this.#rows.set(key, row);
    }
    this.#history.push(...changes);
    for (const listener of this.#listeners) listener(changes);
  }

  #holds(compare: ICompare): boolean {
    const start = textOf(compare.key) ?? '';
    const found = [...this.#rows.values()].filter((row) => isWithin(row.key, start, textOf(compare.range_end)));
    return (found.length === 0 ? [NONE] : found).every((row) => agrees(row, compare));
  }
}

function agrees(row: Row, { target, result, version, mod_revision }: ICompare): boolean {
  const [actual, wanted] = target === 'Version' ? [row.version, idOf(version)] : [row.modRevision, idOf(mod_revision)];
  if (result === 'Equal') return actual === wanted;
  return result === 'Less' ? actual < wanted : actual > wanted;
}

/** As a watch tells it. */
export function eventOf({ key, row, revision }: Change): IEvent {
  const kv = kvOf(row ?? { ...NONE, key, modRevision: revision });
  return { type: row === undefined ? 'Delete' : 'Put', kv, prev_kv: kv };
}
