import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import type { Backoff } from '../../native/host/backoff.ts';
import type { Clock } from '../../native/host/clock.ts';
import { FatalError } from '../../native/host/lifecycle.ts';
import { tiedToParent } from './namespaces.ts';

/** The environment of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Settings in the person's environment are for agents and an etcd of their own, not for these. */
const FOREIGN_SETTINGS = /^(?:FLANNELD|WEFT|ETCD)_/;

/** An environment without what would set up the demo's programs differently. */
export function withoutSettings(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !FOREIGN_SETTINGS.test(name)));
}

/** A program that the demo keeps running. */
export interface ServiceSpec {
  /** As a person reads it: `weft-h1 flanneld`. */
  readonly name: string;
  readonly argv: readonly string[];
  readonly logFile: string;
  /** Whether it does its work now. */
  readonly ready: (signal: AbortSignal) => Promise<boolean>;
}

export interface ServiceParts {
  readonly clock: Clock;
  readonly env: Environment;
  /** Delays between starts; the first short, so that a kill is hardly noticed. */
  readonly backoff: Backoff;
  /** It ended by itself; `how` is an exit code or a signal. */
  readonly onDown: (service: Service, how: string) => void;
  /** It is ready again, `afterMs` after it ended. */
  readonly onBack: (service: Service, afterMs: number) => void;
}

const READY_POLL_MS = 60;
/** A service that never became ready is given up after so many starts. */
const FIRST_START_ATTEMPTS = 3;
const STOP_GRACE_MS = 2_000;
/** A log that has grown beyond this is begun anew with the next start. */
const MAX_LOG_BYTES = 4 * 1024 * 1024;

interface Launched {
  readonly child: ChildProcess;
  /** Exit code or signal, in words. */
  readonly ended: Promise<string>;
}

async function launch(spec: ServiceSpec, env: Environment): Promise<Launched> {
  const log = await open(spec.logFile, 'a', 0o600);
  try {
    if ((await log.stat()).size > MAX_LOG_BYTES) await log.truncate();
    const [file = '', ...rest] = tiedToParent(spec.argv);
    // Its own session: a Ctrl-C in the terminal is for the demo, which then stops everything in order.
    const child = spawn(file, rest, { stdio: ['ignore', log.fd, log.fd], detached: true, env });
    const { promise: ended, resolve } = Promise.withResolvers<string>();
    // Before anything is awaited: it may end at once.
    child.once('exit', (code, name) => {
      resolve(name ?? `exit code ${code ?? 'unknown'}`);
    });
    await once(child, 'spawn');
    return { child, ended };
  } finally {
    await log.close();
  }
}

/** Asked anew after each wait; the compiler takes the first answer for good. */
const isAborted = (signal: AbortSignal): boolean => signal.aborted;

/** Keeps one program running until told otherwise; never two at once. */
export class Service {
  readonly spec: ServiceSpec;
  readonly #parts: ServiceParts;
  readonly #firstReady = Promise.withResolvers<undefined>();
  #pid: number | undefined;
  #wasReady = false;
  #failedStarts = 0;

  constructor(spec: ServiceSpec, parts: ServiceParts) {
    this.spec = spec;
    this.#parts = parts;
    // Whoever awaits the first readiness sees the failure; a stop before that must not count as unhandled.
    this.#firstReady.promise.catch(() => undefined);
  }

  /** Of the program that runs now; `undefined` between two. */
  get pid(): number | undefined {
    return this.#pid;
  }

  /** Settles when it was ready for the first time. @throws {FatalError} when it could not be started, with the end of its log. */
  get firstReady(): Promise<undefined> {
    return this.#firstReady.promise;
  }

  /** Runs it until the signal aborts, then ends it: SIGTERM, and SIGKILL after two seconds. */
  async run(signal: AbortSignal): Promise<void> {
    let downAtMs: number | undefined;
    for (;;) {
      const ended = await this.#runOnce(downAtMs, signal).catch((error: unknown) => String(error));
      if (isAborted(signal)) return;
      downAtMs = this.#parts.clock.monotonicMs();
      this.#parts.onDown(this, ended);
      if (!this.#wasReady) await this.#countFailedStart(ended);
      await this.#parts.clock.sleep(this.#parts.backoff.nextMs(), signal).catch(() => undefined);
      if (isAborted(signal)) return;
    }
  }

  async #runOnce(downAtMs: number | undefined, signal: AbortSignal): Promise<string> {
    const { child, ended } = await launch(this.spec, this.#parts.env);
    const over = new AbortController();
    void ended.then(() => {
      over.abort();
    });
    this.#pid = child.pid;
    const stop = (): void => {
      child.kill('SIGTERM');
      setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS).unref();
    };
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    void this.#awaitReady(downAtMs, AbortSignal.any([signal, over.signal]));
    try {
      return await ended;
    } finally {
      signal.removeEventListener('abort', stop);
      this.#pid = undefined;
    }
  }

  async #awaitReady(downAtMs: number | undefined, signal: AbortSignal): Promise<void> {
    const { clock, backoff, onBack } = this.#parts;
    try {
      while (!(await this.spec.ready(signal))) await clock.sleep(READY_POLL_MS, signal);
    } catch {
      return; // it ended, or the demo does: both are told elsewhere
    }
    backoff.reset();
    this.#wasReady = true;
    this.#firstReady.resolve(undefined);
    if (downAtMs !== undefined) onBack(this, clock.monotonicMs() - downAtMs);
  }

  async #countFailedStart(how: string): Promise<void> {
    this.#failedStarts += 1;
    if (this.#failedStarts < FIRST_START_ATTEMPTS) return;
    const tail = (await readFile(this.spec.logFile, 'utf8').catch(() => '')).trimEnd().split('\n').slice(-5).join('\n');
    this.#firstReady.reject(new FatalError(`${this.spec.name} does not start (${how}):\n${tail}`));
  }
}

/** Whether a status server says that its agent is ready. */
export async function httpReady(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(1000)]) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    signal.throwIfAborted();
    return false; // not listening yet
  }
}
