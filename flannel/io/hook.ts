import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { Clock } from '../../native/host/clock.ts';
import { FatalError } from '../../native/host/lifecycle.ts';
import type { Logger } from '../../native/host/log.ts';
import { Waker } from '../../native/host/waker.ts';
import type { HookEnvironment } from '../model/hook-environment.ts';

export interface EventHookOptions {
  /** A program; no shell is involved and it gets no arguments. */
  readonly path: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** What runs longer is ended; {@link TIMEOUT_MS} when absent. */
  readonly timeoutMs?: number | undefined;
}

const TIMEOUT_MS = 30_000;
/** More than a person reads at once; beyond it the oldest are dropped, and that is told. */
const MAX_WAITING = 16;
const MAX_OUTPUT_BYTES = 4_096;
/** A child's own children may keep its output open for ever. */
const LAST_WORDS_MS = 200;

type Child = ChildProcessByStdio<null, Readable, Readable>;

interface Ending {
  /** `exit code 3`, `SIGKILL`, `spawn ENOENT`; `undefined` when all is well. */
  readonly fault: string | undefined;
}

/** Calls the operator's program for events, one after the other. */
export class EventHook {
  readonly #options: EventHookOptions;
  readonly #waiting: HookEnvironment[] = [];
  readonly #waker = new Waker();

  constructor(options: EventHookOptions) {
    this.#options = options;
  }

  /** Puts a call into the queue; never waits. */
  call(environment: HookEnvironment): void {
    if (this.#waiting.length >= MAX_WAITING) {
      const dropped = this.#waiting.shift();
      this.#options.log.warn({ event: dropped?.['WEFT_EVENT'] }, 'the hook is too slow; an event is dropped');
    }
    this.#waiting.push(environment);
    this.#waker.wake();
  }

  /** Makes the calls until the signal aborts; one that runs then gets SIGTERM. @throws the signal's reason. */
  async run(signal: AbortSignal): Promise<never> {
    for (;;) {
      await this.#waker.next(signal);
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
        await this.#runOne(next, signal);
      }
    }
  }

  async #runOne(environment: HookEnvironment, signal: AbortSignal): Promise<void> {
    const { path, log } = this.#options;
    const event = environment['WEFT_EVENT'];
    // A group of its own, so that what it started ends with it.
    const child = spawn(path, [], { env: { ...environment }, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const output = firstBytes(child);
    const { fault } = await this.#ended(child, signal);
    const said = output();
    if (fault === undefined) log.info({ hook: path, event, output: said }, 'hook was called');
    else log.warn({ hook: path, event, fault, output: said }, 'hook failed');
  }

  async #ended(child: Child, signal: AbortSignal): Promise<Ending> {
    const { clock, timeoutMs = TIMEOUT_MS } = this.#options;
    const { promise, resolve } = Promise.withResolvers<Ending>();
    const closed = new Promise<void>((done) =>
      child.once('close', () => {
        done();
      }),
    );
    child.once('error', (error) => {
      resolve({ fault: error.message });
    });
    child.once('exit', (code, killedBy) => {
      resolve({ fault: code === 0 ? undefined : (killedBy ?? `exit code ${String(code)}`) });
    });
    const done = new AbortController();
    const either = AbortSignal.any([signal, done.signal]);
    const late = clock.sleep(timeoutMs, either).then((): Ending => ({ fault: `no end within ${timeoutMs / 1000} s` }));
    late.catch(() => undefined); // ended, one way or another
    try {
      const ending = await Promise.race([promise, late]);
      if (child.exitCode === null && child.signalCode === null) endGroup(child, 'SIGKILL');
      await Promise.race([closed, clock.sleep(LAST_WORDS_MS, signal)]);
      return ending;
    } catch (error) {
      endGroup(child, 'SIGTERM');
      throw error;
    } finally {
      done.abort();
      child.stdout.destroy();
      child.stderr.destroy();
      child.unref();
    }
  }
}

function endGroup({ pid }: Child, how: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, how);
  } catch {
    // It has ended by itself.
  }
}

/** Collects the beginning of what a child says on both streams. */
function firstBytes(child: Child): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  const take = (chunk: Buffer): void => {
    if (size < MAX_OUTPUT_BYTES) chunks.push(chunk.subarray(0, MAX_OUTPUT_BYTES - size));
    size += chunk.length;
  };
  for (const stream of [child.stdout, child.stderr]) stream.on('data', take);
  return () => {
    const text = Buffer.concat(chunks).toString('utf8').trim();
    return size > MAX_OUTPUT_BYTES ? `${text} … (${size} bytes)` : text;
  };
}

/** @throws {FatalError} with exit code 2 if `path` is no program. */
export async function requireHook(path: string | undefined): Promise<void> {
  if (path === undefined) return;
  try {
    await access(path, constants.X_OK);
    if ((await stat(path)).isFile()) return;
  } catch {
    // told below
  }
  throw new FatalError(`hook: ${path} is not an executable file: name a program by its path`, { exitCode: 2 });
}
