import { getCACertificates } from 'node:tls';
import { InterceptingCall, type CallOptions, type Interceptor } from '@grpc/grpc-js';
import { Etcd3, type ICompare, type IOptions, type IRangeResponse, type IRequestOp, type ITxnResponse } from 'etcd3';
import type { Clock } from '../host/clock.ts';
import { diagnoseEndpoint, type EtcdTls } from './diagnose.ts';
import type { EtcdEndpoint } from './endpoint.ts';
import { entryOf, prefixEnd, type EtcdEntry } from './entry.ts';
import { EtcdError, toEtcdError } from './errors.ts';

export interface EtcdClientOptions {
  readonly endpoints: readonly EtcdEndpoint[];
  readonly tls?: EtcdTls | undefined;
  readonly auth?: { readonly username: string; readonly password: string } | undefined;
  readonly clock: Clock;
}

export interface EtcdCall {
  /** For errors: `list`, `put`. */
  readonly operation: string;
  /** For errors: what it is done to. */
  readonly key: string;
  /** Whether the call may be sent again at the next endpoint when its outcome is not known. */
  readonly idempotent: boolean;
  readonly deadlineMs?: number | undefined;
}

export interface EtcdList {
  readonly entries: readonly EtcdEntry[];
  /** All pages were read at this revision. */
  readonly revision: bigint;
  readonly clusterId: string;
}

/** A connection of its own for one stream: a deadline of a unary call cannot touch it. */
export interface EtcdStreams extends Disposable {
  readonly etcd: Etcd3;
  readonly endpoint: EtcdEndpoint;
}

const CALL_DEADLINE_MS = 2_000;
const LIST_DEADLINE_MS = 10_000;
const LIST_PAGE_KEYS = 1_000;
/** A list whose revision is compacted away between two pages starts again. */
const LIST_ATTEMPTS = 3;
/** The reason of an outage is looked into once in this time. */
const DIAGNOSIS_VALID_MS = 2_000;

/** A member without a leader answers at once instead of serving old data in silence. */
const hasLeader: Interceptor = (options, nextCall) =>
  new InterceptingCall(nextCall(options), {
    start: (metadata, listener, next) => {
      metadata.set('hasleader', 'true');
      next(metadata, listener);
    },
  });

/** etcd3's own retries and circuit breakers are replaced by nothing: fail-over is ours. */
const passThrough = { execute: async <T>(run: (context: never) => PromiseLike<T> | T): Promise<T> => run({} as never) };

const GRPC_OPTIONS = {
  interceptors: [hasLeader],
  'grpc.max_receive_message_length': -1,
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 3_000,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1_000,
};

function credentialsOf({ tls }: EtcdClientOptions, endpoint: EtcdEndpoint): Pick<IOptions, 'credentials'> {
  if (!endpoint.secure || tls === undefined) return {};
  const { ca, cert, key } = tls;
  const rootCertificate = ca ?? Buffer.from(getCACertificates('default').join('\n'));
  return {
    credentials: { rootCertificate, ...(cert && key ? { certChain: cert, privateKey: key } : {}) },
  };
}

/**
 * etcd through etcd3's raw clients: one {@link Etcd3} for each endpoint, one endpoint in use, the next after a failure; a
 * deadline on every call; one error class. Opens connections on first use; {@link EtcdClient.close} ends them all.
 */
export class EtcdClient implements Disposable {
  readonly #options: EtcdClientOptions;
  readonly #instances = new Map<string, Etcd3>();
  readonly #diagnoses = new Map<string, { readonly reason: string; readonly atMs: number }>();
  #active = 0;
  #closed = false;

  /** @throws {RangeError} without endpoints. */
  constructor(options: EtcdClientOptions) {
    if (options.endpoints.length === 0) throw new RangeError('no etcd endpoint is given');
    this.#options = options;
  }

  /** The endpoint that the next call goes to. */
  get endpoint(): EtcdEndpoint {
    const endpoint = this.#options.endpoints[this.#active];
    if (endpoint === undefined) throw new RangeError(`no etcd endpoint number ${this.#active}`);
    return endpoint;
  }

  /** Moves on to the next endpoint, unless another failure at `endpoint` did so already. */
  reportFailure(endpoint: EtcdEndpoint): void {
    if (this.endpoint.url === endpoint.url) this.#active = (this.#active + 1) % this.#options.endpoints.length;
  }

  /** Runs one unary call, at most once at each endpoint. @throws {EtcdError}; the signal's reason. */
  async call<T>(
    call: EtcdCall,
    run: (etcd: Etcd3, options: CallOptions) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted();
      const endpoint = this.endpoint;
      try {
        const deadline = this.#options.clock.nowMs() + (call.deadlineMs ?? CALL_DEADLINE_MS);
        return await untilAborted(run(this.#instance(endpoint), { deadline }), signal);
      } catch (cause) {
        signal?.throwIfAborted();
        const error = toEtcdError(cause, { ...call, endpoint: endpoint.url });
        if (error.transient) this.#leave(endpoint, error);
        const again = attempt < this.#options.endpoints.length && error.transient;
        if (again && (call.idempotent || !error.outcomeUnknown)) continue;
        throw await this.explain(error, endpoint);
      }
    }
  }

  /** @returns `undefined` when the key does not exist. @throws {EtcdError} */
  async get(key: string, signal?: AbortSignal): Promise<EtcdEntry | undefined> {
    const answer = await this.call(
      { operation: 'get', key, idempotent: true },
      (etcd, options) => etcd.kv.range({ key: Buffer.from(key) }, options),
      signal,
    );
    return answer.kvs[0] && entryOf(answer.kvs[0]);
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
      { operation: 'put', key: entry.key, idempotent: true },
      (etcd, options) => etcd.kv.put(request, options),
      signal,
    );
  }

  /** Deletes one key; one that does not exist is no error. @throws {EtcdError} */
  async delete(key: string, signal?: AbortSignal): Promise<void> {
    await this.call(
      { operation: 'delete', key, idempotent: true },
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
      { operation: request.operation, key: request.key, idempotent: false },
      (etcd, options) => etcd.kv.txn({ compare, success, failure }, options),
      signal,
    );
  }

  /** A connection for one stream, at the endpoint in use. The caller disposes of it. @throws {EtcdError} after close. */
  openStreams(operation: string, key: string): EtcdStreams {
    const endpoint = this.endpoint;
    if (this.#closed) throw this.#closedError({ operation, key }, endpoint);
    const etcd = this.#create(endpoint);
    return {
      etcd,
      endpoint,
      [Symbol.dispose]: () => {
        etcd.close();
      },
    };
  }

  /** Adds to "unavailable" why that is: refused, wrong scheme, unknown certificate… Asked again only after a while. */
  async explain(error: EtcdError, endpoint: EtcdEndpoint): Promise<EtcdError> {
    if (error.code !== 'UNAVAILABLE' || error.cause instanceof EtcdError) return error;
    const reason = await this.#diagnose(endpoint);
    if (reason === undefined) return error;
    const { operation, code, key } = error;
    return new EtcdError({ operation, code, key, endpoint: endpoint.url, reason, cause: error });
  }

  close(): void {
    this.#closed = true;
    for (const etcd of this.#instances.values()) etcd.close();
    this.#instances.clear();
  }

  [Symbol.dispose](): void {
    this.close();
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
        { operation: 'list', key: prefix, idempotent: true, deadlineMs: LIST_DEADLINE_MS },
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

  async #diagnose(endpoint: EtcdEndpoint): Promise<string | undefined> {
    const { clock, tls } = this.#options;
    const known = this.#diagnoses.get(endpoint.url);
    if (known !== undefined && clock.monotonicMs() - known.atMs < DIAGNOSIS_VALID_MS) return known.reason;
    const reason = await diagnoseEndpoint(endpoint, tls);
    if (reason !== undefined) this.#diagnoses.set(endpoint.url, { reason, atMs: clock.monotonicMs() });
    return reason;
  }

  #leave(endpoint: EtcdEndpoint, error: EtcdError): void {
    this.reportFailure(endpoint);
    // A new instance logs in again; etcd3 renews a token only on one of the two texts etcd has for it.
    if (error.code === 'AUTH_TOKEN') {
      this.#instances.get(endpoint.url)?.close();
      this.#instances.delete(endpoint.url);
    }
  }

  #instance(endpoint: EtcdEndpoint): Etcd3 {
    if (this.#closed) throw this.#closedError({ operation: 'use', key: 'etcd' }, endpoint);
    const known = this.#instances.get(endpoint.url);
    if (known !== undefined) return known;
    const made = this.#create(endpoint);
    this.#instances.set(endpoint.url, made);
    return made;
  }

  #closedError(at: { operation: string; key: string }, endpoint: EtcdEndpoint): EtcdError {
    return new EtcdError({ ...at, code: 'CLOSED', endpoint: endpoint.url, reason: 'the client is closed' });
  }

  #create(endpoint: EtcdEndpoint): Etcd3 {
    const { auth, clock } = this.#options;
    return new Etcd3({
      hosts: endpoint.url,
      grpcOptions: GRPC_OPTIONS,
      faultHandling: { host: () => passThrough as never, global: passThrough as never },
      defaultCallOptions: (context) => (context.isStream ? {} : { deadline: clock.nowMs() + CALL_DEADLINE_MS }),
      ...credentialsOf(this.#options, endpoint),
      ...(auth === undefined ? {} : { auth }),
    });
  }
}

/** The call itself ends at its deadline; an abort only stops the waiting for it. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => {
    reject(signal.reason as Error);
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
    work.catch(() => undefined); // an abandoned call fails later, unheard
  }
}
