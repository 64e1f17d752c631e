import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { inNamespace, tiedToParent } from '../../cli/demo/namespaces.ts';
import type { EtcdEntry } from '../../native/etcd/entry.ts';
import type { EtcdErrorCode } from '../../native/etcd/errors.ts';
import type { EtcdRequest } from '../../native/etcd/observer.ts';
import type { PrefixUpdate } from '../../native/etcd/watch.ts';
import { packageRoot } from '../../native/host/package-root.ts';
import { until } from './until.ts';

export interface DriverOptions {
  readonly endpoints: readonly string[];
  /** Paths. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string } | undefined;
  readonly auth?: { readonly username: string; readonly password: string } | undefined;
}

export type DriverStep =
  | { readonly do: 'get' | 'list' | 'delete'; readonly key: string }
  | { readonly do: 'put'; readonly key: string; readonly value: string; readonly leaseId?: bigint }
  | LeaseStep
  | { readonly do: 'watch'; readonly name: string; readonly prefix: string; readonly relistMs?: number | undefined }
  | { readonly do: 'beat'; readonly key: string; readonly everyMs: number }
  | { readonly do: 'endpoint' };

export type LeaseStep =
  | { readonly do: 'grant'; readonly ttlSeconds: number }
  | { readonly do: 'keep-alive' | 'time-to-live' | 'revoke'; readonly leaseId: bigint };

export interface DriverRequest {
  readonly id: number;
  readonly step: DriverStep;
}

/** One round of lease operations. */
export interface Beat {
  readonly startedMs: number;
  readonly endedMs: number;
  readonly error: string | undefined;
}

export interface DriverRefusal {
  readonly code: EtcdErrorCode;
  readonly message: string;
  readonly endpoint: string;
  readonly operation: string;
  readonly transient: boolean;
}

export interface WatchNote {
  readonly name: string;
  readonly atMs: number;
}

export type DriverNote =
  | { readonly kind: 'ready' }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'refusal'; readonly id: number; readonly error: DriverRefusal }
  | ({ readonly kind: 'update'; readonly update: PrefixUpdate } & WatchNote)
  | ({ readonly kind: 'state'; readonly endpoint: string; readonly problem: string | undefined } & WatchNote)
  | { readonly kind: 'beat'; readonly beat: Beat }
  | { readonly kind: 'request'; readonly atMs: number; readonly request: EtcdRequest }
  | { readonly kind: 'notice'; readonly sentence: string };

type Update = Extract<DriverNote, { kind: 'update' }>;
type Request = Extract<DriverNote, { kind: 'request' }>;
type State = Extract<DriverNote, { kind: 'state' }>;

/** What a step of our client was refused with. */
export class DriverError extends Error {
  override readonly name = 'DriverError';
  readonly refusal: DriverRefusal;

  constructor(refusal: DriverRefusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

/** Our etcd client in a process of its own, inside a namespace: what a host of the cluster sees of etcd. */
export class EtcdProcess implements AsyncDisposable {
  readonly updates: Update[] = [];
  readonly states: State[] = [];
  readonly beats: Beat[] = [];
  readonly notices: string[] = [];
  readonly requests: Request[] = [];
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #errors: string[] = [];
  #ready = false;
  #lastId = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#errors.push(text));
    child.on('message', (note) => {
      this.#take(note as DriverNote);
    });
    child.once('exit', (code) => {
      for (const { reject } of this.#pending.values()) reject(new RangeError(`driver ended (${code}): ${this.stderr}`));
    });
  }

  static async start(namespace: string, options: DriverOptions): Promise<EtcdProcess> {
    const script = [process.execPath, join(packageRoot(), 'test/support/etcd-driver.ts'), JSON.stringify(options)];
    const [file = '', ...rest] = inNamespace(namespace, tiedToParent(script));
    const child = spawn(file, rest, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], serialization: 'advanced' });
    const driver = new EtcdProcess(child);
    await until(() => driver.#ready || child.exitCode !== null, { what: 'the etcd driver runs', timeoutMs: 20_000 });
    if (child.exitCode !== null) throw new RangeError(`driver ended (${child.exitCode}): ${driver.stderr}`);
    return driver;
  }

  get stderr(): string {
    return this.#errors.join('');
  }

  /** Runs one step. @throws {DriverError} with what our client says. */
  async run(step: DriverStep): Promise<unknown> {
    this.#lastId += 1;
    const id = this.#lastId;
    const pending = Promise.withResolvers<unknown>();
    this.#pending.set(id, pending);
    this.#child.send({ id, step } satisfies DriverRequest);
    return pending.promise;
  }

  /** What the step is refused with. @throws {RangeError} when it is not. */
  async refusal(step: DriverStep): Promise<DriverRefusal> {
    try {
      await this.run(step);
    } catch (error) {
      if (error instanceof DriverError) return error.refusal;
      throw error;
    }
    throw new RangeError(`${step.do} was not refused`);
  }

  /** @returns when it was acknowledged. */
  async put(key: string, value: string): Promise<number> {
    return (await this.run({ do: 'put', key, value })) as number;
  }

  async get(key: string): Promise<EtcdEntry | undefined> {
    return (await this.run({ do: 'get', key })) as EtcdEntry | undefined;
  }

  async grant(ttlSeconds: number): Promise<bigint> {
    return (await this.run({ do: 'grant', ttlSeconds })) as bigint;
  }

  async keepAlive(leaseId: bigint): Promise<number | undefined> {
    return (await this.run({ do: 'keep-alive', leaseId })) as number | undefined;
  }

  async endpoint(): Promise<string> {
    return (await this.run({ do: 'endpoint' })) as string;
  }

  /** Starts a watch and waits for it to be connected. */
  async watch(prefix: string, relistMs?: number): Promise<void> {
    await this.run({ do: 'watch', name: prefix, prefix, relistMs });
    await until(() => this.connected(prefix), { what: `the watch of ${prefix} is connected`, timeoutMs: 20_000 });
  }

  /** Whether the watch is connected, and where. */
  connected(prefix: string): string | undefined {
    const last = this.states.findLast(({ name }) => name === prefix);
    return last?.problem === undefined ? last?.endpoint : undefined;
  }

  /** `key=value` as the watch knows them now, in key order. */
  known(prefix: string): string[] {
    const keys = new Map<string, string>();
    for (const { name, update } of this.updates) {
      if (name !== prefix) continue;
      if (update.kind === 'snapshot') keys.clear();
      for (const { key, value } of putsOf(update)) keys.set(key, value);
      for (const key of deletionsOf(update)) keys.delete(key);
    }
    return [...keys].map(([key, value]) => `${key}=${value}`).sort();
  }

  /** Why each list was taken. */
  reasons(prefix: string): string[] {
    return this.updates.flatMap(({ name, update }) =>
      name === prefix && update.kind === 'snapshot' ? [update.reason] : [],
    );
  }

  /** When each value was first told, by an event or by a list. */
  arrivals(prefix: string): Map<string, number> {
    const arrivals = new Map<string, number>();
    for (const { name, atMs, update } of this.updates) {
      if (name !== prefix) continue;
      for (const { key, value } of putsOf(update)) {
        const text = `${key}=${value}`;
        if (!arrivals.has(text)) arrivals.set(text, atMs);
      }
    }
    return arrivals;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#child.once('exit', () => {
      resolve(undefined);
    });
    this.#child.kill('SIGKILL');
    await promise;
  }

  #take(note: DriverNote): void {
    if (note.kind === 'ready') this.#ready = true;
    else if (note.kind === 'update') this.updates.push(note);
    else if (note.kind === 'state') this.states.push(note);
    else if (note.kind === 'beat') this.beats.push(note.beat);
    else if (note.kind === 'request') this.requests.push(note);
    else if (note.kind === 'notice') this.notices.push(note.sentence);
    else this.#settle(note);
  }

  #settle(note: Extract<DriverNote, { kind: 'answer' | 'refusal' }>): void {
    const pending = this.#pending.get(note.id);
    this.#pending.delete(note.id);
    if (note.kind === 'answer') pending?.resolve(note.value);
    else pending?.reject(new DriverError(note.error));
  }
}

const putsOf = (update: PrefixUpdate): readonly EtcdEntry[] =>
  update.kind === 'snapshot'
    ? update.entries
    : update.events.flatMap((event) => (event.kind === 'put' ? [event.entry] : []));

/** The last event of a key in one update counts: a key that was put again is not deleted. */
function deletionsOf(update: PrefixUpdate): string[] {
  if (update.kind === 'snapshot') return [];
  const last = new Map(
    update.events.map((event) => [event.kind === 'put' ? event.entry.key : event.key, event.kind] as const),
  );
  return [...last].flatMap(([key, kind]) => (kind === 'delete' ? [key] : []));
}
