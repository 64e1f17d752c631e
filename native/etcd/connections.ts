import { setMaxListeners } from 'node:events';
import type { Etcd3 } from 'etcd3';
import type { RandomSource } from '../host/clock.ts';
import { connectTo, type ConnectionOptions } from './connection.ts';
import type { EtcdDiscovery } from './discovery.ts';
import { EndpointRing } from './endpoint-ring.ts';
import type { EtcdEndpoint } from './endpoint.ts';
import { EtcdError, toEtcdError, type EtcdErrorCode } from './errors.ts';
import { Explainer, type ExplainerOptions } from './explainer.ts';
import { Login, LOGIN_EXPIRED } from './login.ts';
import type { EtcdObserver } from './observer.ts';
import { Patience } from './patience.ts';
import { findPresent, type Present } from './roll-call.ts';
import { untilAborted } from './until-aborted.ts';

export interface EtcdClientOptions extends ExplainerOptions {
  /** May be empty with a discovery. */
  readonly endpoints: readonly EtcdEndpoint[];
  readonly discovery?: EtcdDiscovery | undefined;
  /** Chooses the first endpoint; the first of the list when absent. */
  readonly random?: RandomSource | undefined;
  readonly observer?: EtcdObserver | undefined;
  /** {@link connectTo} when absent. */
  readonly connect?: ((options: ConnectionOptions) => Etcd3) | undefined;
}

/** A connection of its own for one stream: a deadline of a unary call cannot touch it. */
export interface EtcdStreams extends Disposable {
  readonly etcd: Etcd3;
  readonly endpoint: EtcdEndpoint;
  /** Aborts when the TLS files were read again: the stream is to be opened anew. */
  readonly outdated: AbortSignal;
}

/** With another member to ask, one is waited for only this part of the time. */
const HASTE = 0.6;
/** The server hashes the password, which takes it 0.1 s. */
const LOGIN_DEADLINE_MS = 2_000;
/** Endpoints are looked for again no more often than this. */
const DISCOVER_EVERY_MS = 5_000;
/** Of a roll call: whoever is there answers at once. */
const ROLL_CALL_MS = 400;

/** The member did answer: its connection is a good one. */
const ANSWERED: ReadonlySet<EtcdErrorCode> = new Set(['AUTH_TOKEN', 'NO_LEADER']);

/** A request, for the observer. */
interface Asked {
  readonly operation: string;
  readonly endpoint: EtcdEndpoint;
  /** Of the monotonic clock. */
  readonly startedMs: number;
}

interface Place {
  readonly operation: string;
  readonly key: string;
}

/** Each call that is under way listens: many are no leak. */
function manyListeners(controller: AbortController): AbortController {
  setMaxListeners(0, controller.signal);
  return controller;
}

/** What stands open to the members of one cluster: an {@link Etcd3} for each endpoint, the login, and which endpoint is in use. */
export class Connections {
  /** Of all calls: how long they wait. */
  readonly patience = new Patience();
  readonly explainer: Explainer;
  readonly #options: EtcdClientOptions;
  readonly #ring: EndpointRing;
  readonly #instances = new Map<string, Etcd3>();
  readonly #generations = new Map<string, number>();
  readonly #login: Login | undefined;
  #outdating = new AbortController();
  #leaving = manyListeners(new AbortController());
  #rollCall: Promise<void> | undefined;
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
    this.explainer = new Explainer(options);
  }

  get endpoint(): EtcdEndpoint | undefined {
    return this.#ring.active;
  }

  /** Aborts when the connections of now are of no use any more: calls on them need not be waited for. */
  get abandoned(): AbortSignal {
    return this.#leaving.signal;
  }

  /** Connects anew to every endpoint, from whatever address this host has now; streams are outdated, calls abandoned. */
  reconnect(): void {
    for (const { url } of this.#ring.all) this.#generations.set(url, (this.#generations.get(url) ?? 0) + 1);
    this.#startAnew();
    this.#leaving.abort(new RangeError('its connection was given up'));
    this.#leaving = manyListeners(new AbortController());
  }

  /** How many endpoints are known. */
  get size(): number {
    return this.#ring.size;
  }

  /** The deadline of one attempt while etcd is quick, in the unit of the one that a lone member gets. */
  usualMs(deadline: number): number {
    return this.size > 1 ? deadline * HASTE : deadline;
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
    await untilAborted(this.#logIn(etcd, endpoint), signal);
    return etcd;
  }

  answered(): void {
    this.#ring.answered();
  }

  /**
   * Moves on to the next endpoint, if the error may be one of this endpoint and no other failure at it did so already; where no
   * answer came in time, to one where somebody is there.
   */
  async failed(endpoint: EtcdEndpoint, error: EtcdError): Promise<void> {
    if (!error.transient) return;
    this.#ring.failed(endpoint, this.#options.clock.monotonicMs());
    if (!ANSWERED.has(error.code)) this.#drop(endpoint);
    if (error.code !== 'DEADLINE_EXCEEDED' || this.#closed) return;
    if (this.size < 2 && this.#login?.mayBeWaitedFor !== true) return;
    this.#rollCall ??= this.#callRoll(endpoint).finally(() => {
      this.#rollCall = undefined;
    });
    await this.#rollCall;
  }

  /** What a watch ended with, as the end of a login if it was one: the next stream logs in anew. */
  asLoginFault(error: EtcdError): EtcdError {
    const words = error.cause instanceof Error ? error.cause.message : '';
    if (this.#login?.endedWatch(words) !== true) return error;
    return toEtcdError(new RangeError(LOGIN_EXPIRED, { cause: error }), error);
  }

  /** A connection for one stream, at the endpoint in use. The caller disposes of it. @throws {EtcdError}; the signal's reason. */
  async openStreams(at: Place, signal?: AbortSignal): Promise<EtcdStreams> {
    const endpoint = await this.choose(at, signal);
    const etcd = this.#create(endpoint);
    const close = (): void => {
      etcd.close();
    };
    try {
      await untilAborted(this.#logIn(etcd, endpoint), signal);
    } catch (cause) {
      close();
      signal?.throwIfAborted();
      const error = toEtcdError(cause, { ...at, endpoint: endpoint.url });
      await this.failed(endpoint, error);
      throw await this.explainer.explain(error, endpoint);
    }
    return { etcd, endpoint, outdated: this.#outdating.signal, [Symbol.dispose]: close };
  }

  close(): void {
    this.#closed = true;
    for (const etcd of this.#instances.values()) etcd.close();
    this.#instances.clear();
  }

  /**
   * Asks all members at once; resolves as soon as another one than `silent` answers, or none does. Of those that answer, the one
   * that knows of the latest election is gone on with: one that is cut from the others knows of an older one, or of none.
   */
  async #callRoll(silent: EtcdEndpoint): Promise<void> {
    let latest = -1n;
    const asked = this.#ring.all.map(async (endpoint) => {
      const present = await this.#find(endpoint);
      if (present === undefined || endpoint.url === silent.url) throw new RangeError('not this one');
      if (present.term <= latest) return;
      latest = present.term;
      this.#ring.take(endpoint);
    });
    await Promise.any(asked).catch(() => undefined);
  }

  async #find(endpoint: EtcdEndpoint): Promise<Present | undefined> {
    const { clock } = this.#options;
    const asked = { operation: 'status', endpoint, startedMs: clock.monotonicMs() };
    const etcd = this.#create(endpoint);
    try {
      const present = await findPresent({ etcd, endpoint: endpoint.url, deadline: clock.nowMs() + ROLL_CALL_MS });
      this.report(asked, present === undefined ? 'UNAVAILABLE' : undefined);
      if (present?.raftIndex !== undefined) this.#login?.judge(present.raftIndex);
      if (present === undefined) {
        this.#ring.absent(endpoint, clock.monotonicMs());
        this.#drop(endpoint);
      } else {
        this.#ring.present(endpoint);
      }
      return present;
    } finally {
      etcd.close();
    }
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

  /** Tells the observer of one request. */
  report({ operation, endpoint, startedMs }: Asked, error: EtcdErrorCode | undefined): void {
    const { clock, observer } = this.#options;
    const seconds = (clock.monotonicMs() - startedMs) / 1000;
    observer?.onRequest?.({ operation, endpoint: endpoint.url, seconds, error });
  }

  async #logIn(etcd: Etcd3, endpoint: EtcdEndpoint): Promise<void> {
    const asked = { operation: 'log in', endpoint, startedMs: this.#options.clock.monotonicMs() };
    const deadline = this.#options.clock.nowMs() + this.patience.stretch(this.usualMs(LOGIN_DEADLINE_MS));
    await this.#login?.ensure(etcd, { deadline }, (fault) => {
      const at = { operation: 'log in', key: 'as the user', endpoint: endpoint.url };
      this.report(asked, fault === undefined ? undefined : toEtcdError(fault, at).code);
    });
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
    const { connect = connectTo } = this.#options;
    return connect({
      endpoint,
      tls: this.#options.tls?.current,
      interceptors: this.#login === undefined ? [] : [this.#login.interceptor],
      generation: this.#generations.get(endpoint.url) ?? 0,
    });
  }
}
