import type { Etcd3 } from 'etcd3';
import type { Clock, RandomSource } from '../host/clock.ts';
import { connectTo } from './connection.ts';
import { diagnoseEndpoint } from './diagnose.ts';
import type { EtcdDiscovery } from './discovery.ts';
import { EndpointRing } from './endpoint-ring.ts';
import type { EtcdEndpoint } from './endpoint.ts';
import { EtcdError, toEtcdError, type EtcdErrorCode } from './errors.ts';
import { Login, type EtcdUser } from './login.ts';
import type { EtcdObserver } from './observer.ts';
import { Patience } from './patience.ts';
import type { TlsSource } from './tls.ts';
import { untilAborted } from './until-aborted.ts';

export interface EtcdClientOptions {
  /** May be empty with a discovery. */
  readonly endpoints: readonly EtcdEndpoint[];
  readonly discovery?: EtcdDiscovery | undefined;
  readonly tls?: TlsSource | undefined;
  readonly auth?: EtcdUser | undefined;
  readonly clock: Clock;
  /** Chooses the first endpoint; the first of the list when absent. */
  readonly random?: RandomSource | undefined;
  readonly observer?: EtcdObserver | undefined;
}

/** A connection of its own for one stream: a deadline of a unary call cannot touch it. */
export interface EtcdStreams extends Disposable {
  readonly etcd: Etcd3;
  readonly endpoint: EtcdEndpoint;
  /** Aborts when the TLS files were read again: the stream is to be opened anew. */
  readonly outdated: AbortSignal;
}

/** The server hashes the password, which takes it 0.1 s. */
const LOGIN_DEADLINE_MS = 2_000;
/** Endpoints are looked for again no more often than this. */
const DISCOVER_EVERY_MS = 5_000;
/** The reason of an outage is looked into once in this time. */
const DIAGNOSIS_VALID_MS = 2_000;

/** The member did answer: its connection is a good one. */
const ANSWERED: ReadonlySet<EtcdErrorCode> = new Set(['AUTH_TOKEN', 'NO_LEADER']);

interface Place {
  readonly operation: string;
  readonly key: string;
}

/** What stands open to the members of one cluster: an {@link Etcd3} for each endpoint, the login, and which endpoint is in use. */
export class Connections {
  /** Of all calls: how long they wait. */
  readonly patience = new Patience();
  readonly #options: EtcdClientOptions;
  readonly #ring: EndpointRing;
  readonly #instances = new Map<string, Etcd3>();
  readonly #generations = new Map<string, number>();
  readonly #diagnoses = new Map<string, { readonly reason: string; readonly atMs: number }>();
  readonly #login: Login | undefined;
  #outdating = new AbortController();
  #discoveredAtMs = -Infinity;
  #closed = false;

  /** @throws {RangeError} without endpoints and discovery. */
  constructor(options: EtcdClientOptions) {
    if (options.endpoints.length === 0 && options.discovery === undefined) {
      throw new RangeError('no etcd endpoint is given');
    }
    this.#options = options;
    this.#ring = new EndpointRing(options.endpoints, options.random);
    this.#login = options.auth && new Login(options.auth);
  }

  get endpoint(): EtcdEndpoint | undefined {
    return this.#ring.active;
  }

  /** How many endpoints are known. */
  get size(): number {
    return this.#ring.size;
  }

  /** Where the next attempt goes: looks for other TLS files, and for other endpoints when none of these answers. @throws {EtcdError} */
  async choose(at: Place, signal: AbortSignal | undefined): Promise<EtcdEndpoint> {
    signal?.throwIfAborted();
    if ((await this.#options.tls?.refresh()) === true) this.#startAnew();
    await this.#discover(at);
    signal?.throwIfAborted();
    const endpoint = this.#ring.active;
    if (endpoint !== undefined && !this.#closed) return endpoint;
    throw new EtcdError({
      ...at,
      code: 'CLOSED',
      endpoint: endpoint?.url ?? 'no endpoint',
      reason: 'the client is closed',
    });
  }

  /** The instance for unary calls at an endpoint, logged in. @throws what etcd3 throws; the signal's reason. */
  async open(endpoint: EtcdEndpoint, signal: AbortSignal | undefined): Promise<Etcd3> {
    const etcd = this.#instance(endpoint);
    await untilAborted(this.#logIn(etcd), signal);
    return etcd;
  }

  answered(): void {
    this.#ring.answered();
  }

  /** Moves on to the next endpoint, if the error may be one of this endpoint and no other failure at it did so already. */
  failed(endpoint: EtcdEndpoint, error: EtcdError): void {
    if (!error.transient) return;
    this.#ring.failed(endpoint);
    if (!ANSWERED.has(error.code)) this.#drop(endpoint);
  }

  /** A connection for one stream, at the endpoint in use. The caller disposes of it. @throws {EtcdError}; the signal's reason. */
  async openStreams(at: Place, signal?: AbortSignal): Promise<EtcdStreams> {
    const endpoint = await this.choose(at, signal);
    const etcd = this.#create(endpoint);
    const close = (): void => {
      etcd.close();
    };
    try {
      await untilAborted(this.#logIn(etcd), signal);
    } catch (cause) {
      close();
      signal?.throwIfAborted();
      const error = toEtcdError(cause, { ...at, endpoint: endpoint.url });
      this.failed(endpoint, error);
      throw await this.explain(error, endpoint);
    }
    return { etcd, endpoint, outdated: this.#outdating.signal, [Symbol.dispose]: close };
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

  async #diagnose(endpoint: EtcdEndpoint): Promise<string | undefined> {
    const { clock, tls } = this.#options;
    const known = this.#diagnoses.get(endpoint.url);
    if (known !== undefined && clock.monotonicMs() - known.atMs < DIAGNOSIS_VALID_MS) return known.reason;
    const reason = await diagnoseEndpoint(endpoint, tls?.current);
    if (reason !== undefined) this.#diagnoses.set(endpoint.url, { reason, atMs: clock.monotonicMs() });
    return reason;
  }

  async #discover(at: Place): Promise<void> {
    const { discovery, observer, clock } = this.#options;
    if (discovery === undefined || !this.#ring.isExhausted) return;
    const nowMs = clock.monotonicMs();
    if (this.#ring.size > 0 && nowMs - this.#discoveredAtMs < DISCOVER_EVERY_MS) return;
    this.#discoveredAtMs = nowMs;
    try {
      const found = await discovery.find(at);
      if (this.#ring.replace(found)) observer?.onNotice?.(`etcd is at ${found.map(({ url }) => url).join(', ')}`);
    } catch (error) {
      // Those that are known are tried on.
      if (!(error instanceof EtcdError && this.#ring.size > 0)) throw error;
    }
  }

  async #logIn(etcd: Etcd3): Promise<void> {
    const deadline = this.#options.clock.nowMs() + this.patience.stretch(LOGIN_DEADLINE_MS);
    await this.#login?.ensure(etcd, { deadline });
  }

  /** Calls that are under way end as they would; the next one connects anew. */
  #drop(endpoint: EtcdEndpoint): void {
    this.#instances.get(endpoint.url)?.close();
    this.#instances.delete(endpoint.url);
    this.#generations.set(endpoint.url, (this.#generations.get(endpoint.url) ?? 0) + 1);
  }

  #startAnew(): void {
    for (const etcd of this.#instances.values()) etcd.close();
    this.#instances.clear();
    this.#outdating.abort();
    this.#outdating = new AbortController();
  }

  #instance(endpoint: EtcdEndpoint): Etcd3 {
    const known = this.#instances.get(endpoint.url);
    if (known !== undefined) return known;
    const made = this.#create(endpoint);
    this.#instances.set(endpoint.url, made);
    return made;
  }

  #create(endpoint: EtcdEndpoint): Etcd3 {
    return connectTo({
      endpoint,
      tls: this.#options.tls?.current,
      interceptors: this.#login === undefined ? [] : [this.#login.interceptor],
      generation: this.#generations.get(endpoint.url) ?? 0,
    });
  }
}
