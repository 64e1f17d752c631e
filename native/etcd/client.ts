import type { CallOptions } from '@grpc/grpc-js';
import type { Etcd3, ICompare, IRangeResponse, IRequestOp, ITxnResponse } from 'etcd3';
import { Connections, type EtcdClientOptions, type EtcdStreams } from './connections.ts';
import type { EtcdEndpoint } from './endpoint.ts';
import { entryOf, prefixEnd, type EtcdEntry } from './entry.ts';
import { EtcdError, toEtcdError } from './errors.ts';
import type { Access } from './permission.ts';
import { untilAborted } from './until-aborted.ts';

export interface EtcdCall {
  /** For errors: `list`, `put`. */
  readonly operation: string;
  /** For errors: what it is done to. */
  readonly key: string;
  /** Whether the call may be sent again at the next endpoint when its outcome is not known. */
  readonly idempotent: boolean;
  /** What it takes at {@link EtcdCall.key}, for the sentence of a user who may not. */
  readonly access?: Access | undefined;
  /** Of one attempt at a lone member, while etcd answers in time; up to four times as long while it does not. */
  readonly deadlineMs?: number | undefined;
}

export interface EtcdList {
  readonly entries: readonly EtcdEntry[];
  /** All pages were read at this revision. */
  readonly revision: bigint;
  readonly clusterId: string;
}

/**
 * Short: a hung member costs this much before the next one is asked, and less where there is another one (see
 * {@link Connections.usualMs}). A store that is slow for everybody is waited for longer.
 */
const CALL_DEADLINE_MS = 1_000;
const LIST_DEADLINE_MS = 2_500;
/** How often each of several members is asked by one call: an election is over before the second time ends. */
const ROUNDS = 2;
/** Of the second time: members that elect say at once that they have no leader. */
const NO_LEADER_PAUSE_MS = 100;
const LIST_PAGE_KEYS = 1_000;
/** A list whose revision is compacted away between two pages starts again. */
const LIST_ATTEMPTS = 3;

/**
 * etcd through etcd3's raw clients: one endpoint in use, the next after a failure; a deadline on every call; one error class.
 * Opens connections on first use; {@link EtcdClient.close} ends them all.
 */
export class EtcdClient implements Disposable {
  readonly #options: EtcdClientOptions;
  readonly #connections: Connections;

  /** @throws {RangeError} without endpoints and discovery. */
  constructor(options: EtcdClientOptions) {
    this.#options = options;
    this.#connections = new Connections(options);
  }

  /** The endpoint that the next call goes to; `undefined` until one was discovered. */
  get endpoint(): EtcdEndpoint | undefined {
    return this.#connections.endpoint;
  }

  /** Runs one unary call: once at the only endpoint, at most twice at each of several. @throws {EtcdError}; the signal's reason. */
  async call<T>(
    call: EtcdCall,
    run: (etcd: Etcd3, options: CallOptions) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    let hasLoggedInAgain = false;
    for (let attempt = 1; ; attempt++) {
      const endpoint = await this.#connections.choose(call, signal);
      try {
        return await this.#attempt({ ...call, endpoint, signal }, run);
      } catch (cause) {
        signal?.throwIfAborted();
        const error = toEtcdError(cause, { ...call, endpoint: endpoint.url });
        if (error.code === 'AUTH_TOKEN' && !hasLoggedInAgain) {
          hasLoggedInAgain = true;
          attempt -= 1;
          continue;
        }
        await this.#connections.failed(endpoint, error);
        if (error.transient && (call.idempotent || !error.outcomeUnknown) && (await this.#mayGoOn(attempt, error))) {
          signal?.throwIfAborted();
          continue;
        }
        if (error.code === 'DEADLINE_EXCEEDED') this.#connections.patience.lost();
        throw await this.#connections.explainer.explain(error, endpoint, call.access);
      }
    }
  }

  /** @returns `undefined` when the key does not exist. @throws {EtcdError} */
  async get(key: string, signal?: AbortSignal): Promise<EtcdEntry | undefined> {
    return (await this.listKey(key, signal)).entries[0];
  }

  /** One key in the form of a list: with the revision as of which it was read, and the store. @throws {EtcdError} */
  async listKey(key: string, signal?: AbortSignal): Promise<EtcdList> {
    const { header, kvs } = await this.call(
      { operation: 'get', key, idempotent: true, access: 'read' },
      (etcd, options) => etcd.kv.range({ key: Buffer.from(key) }, options),
      signal,
    );
    return { entries: kvs.map(entryOf), revision: BigInt(header.revision), clusterId: header.cluster_id };
  }

  /** All keys that start with `prefix`, in key order, read in pages at one revision. @throws {EtcdError} */
  async list(prefix: string, signal?: AbortSignal): Promise<EtcdList> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#listPages(prefix, signal);
      } catch (error) {
        if (!(error instanceof EtcdError && error.code === 'COMPACTED' && attempt < LIST_ATTEMPTS)) throw error;
      }
    }
  }

  /** Sets a key whatever it held. @throws {EtcdError} */
  async put(entry: { key: string; value: string; leaseId?: bigint }, signal?: AbortSignal): Promise<void> {
    const request = {
      key: Buffer.from(entry.key),
      value: Buffer.from(entry.value),
      lease: String(entry.leaseId ?? 0n),
    };
    await this.call(
      { operation: 'put', key: entry.key, idempotent: true, access: 'write' },
      (etcd, options) => etcd.kv.put(request, options),
      signal,
    );
  }

  /** Deletes one key; one that does not exist is no error. @throws {EtcdError} */
  async delete(key: string, signal?: AbortSignal): Promise<void> {
    await this.call(
      { operation: 'delete', key, idempotent: true, access: 'write' },
      (etcd, options) => etcd.kv.deleteRange({ key: Buffer.from(key) }, options),
      signal,
    );
  }

  /** Is never sent twice: after an error with `outcomeUnknown` read the key back. @throws {EtcdError} */
  async transact(
    request: { operation: string; key: string; compare: ICompare[]; success: IRequestOp[]; failure?: IRequestOp[] },
    signal?: AbortSignal,
  ): Promise<ITxnResponse> {
    const { compare, success, failure = [] } = request;
    return this.call(
      { operation: request.operation, key: request.key, idempotent: false, access: 'readwrite' },
      (etcd, options) => etcd.kv.txn({ compare, success, failure }, options),
      signal,
    );
  }

  /** A connection for one stream, at the endpoint in use. The caller disposes of it. @throws {EtcdError}; the signal's reason. */
  async openStreams(at: { operation: string; key: string }, signal?: AbortSignal): Promise<EtcdStreams> {
    return this.#connections.openStreams(at, signal);
  }

  /** A stream is over: moves on to the next endpoint where that may help. @returns the error with what is known of its cause. */
  async streamFailed(endpoint: EtcdEndpoint, error: EtcdError): Promise<EtcdError> {
    const fault = this.#connections.asLoginFault(error);
    await this.#connections.failed(endpoint, fault);
    return this.#connections.explainer.explain(fault, endpoint, 'read');
  }

  /**
   * Gives up all connections and makes new ones: for a host whose address is another now, since TCP would take minutes to find out
   * that nothing comes back to the old one. Calls under way fail as if no answer had come, or are sent again.
   */
  reconnect(): void {
    this.#connections.reconnect();
  }

  close(): void {
    this.#connections.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #mayGoOn(attempt: number, { code }: EtcdError): Promise<boolean> {
    const { size } = this.#connections;
    if (size < 2 || attempt >= size * ROUNDS) return false;
    if (code === 'NO_LEADER' && attempt >= size) await this.#options.clock.sleep(NO_LEADER_PAUSE_MS);
    return true;
  }

  async #listPages(prefix: string, signal: AbortSignal | undefined): Promise<EtcdList> {
    const rangeEnd = prefixEnd(prefix);
    const entries: EtcdEntry[] = [];
    let from = Buffer.from(prefix);
    let header: { readonly revision: string; readonly cluster_id: string } | undefined;
    for (;;) {
      const revision = header?.revision ?? '0';
      const start = from;
      const page: IRangeResponse = await this.call(
        { operation: 'list', key: prefix, idempotent: true, access: 'read', deadlineMs: LIST_DEADLINE_MS },
        (etcd, options) => etcd.kv.range({ key: start, range_end: rangeEnd, limit: LIST_PAGE_KEYS, revision }, options),
        signal,
      );
      header ??= page.header;
      for (const kv of page.kvs) entries.push(entryOf(kv));
      const last = page.kvs.at(-1);
      if (!page.more || last === undefined) {
        return { entries, revision: BigInt(header.revision), clusterId: header.cluster_id };
      }
      // The smallest key behind the last one.
      from = Buffer.concat([last.key, Buffer.from([0])]);
    }
  }

  async #attempt<T>(
    call: EtcdCall & { readonly endpoint: EtcdEndpoint; readonly signal: AbortSignal | undefined },
    run: (etcd: Etcd3, options: CallOptions) => Promise<T>,
  ): Promise<T> {
    const { endpoint, signal } = call;
    const { clock } = this.#options;
    const { patience } = this.#connections;
    const usualMs = this.#connections.usualMs(call.deadlineMs ?? CALL_DEADLINE_MS);
    const etcd = await this.#connections.open(endpoint, signal);
    const startedMs = clock.monotonicMs();
    const report = (error: EtcdError | undefined): void => {
      this.#connections.report({ operation: call.operation, endpoint, startedMs }, error?.code);
    };
    try {
      const deadline = clock.nowMs() + patience.stretch(usualMs);
      const answer = await untilAborted(untilAborted(run(etcd, { deadline }), signal), this.#connections.abandoned);
      this.#connections.answered();
      patience.answered((clock.monotonicMs() - startedMs) / usualMs);
      report(undefined);
      return answer;
    } catch (cause) {
      signal?.throwIfAborted();
      const error = toEtcdError(cause, { ...call, endpoint: endpoint.url });
      report(error);
      throw error;
    }
  }
}
