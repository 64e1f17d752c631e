import { extname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Backoff } from '../../../native/host/backoff.ts';
import type { Clock, RandomSource } from '../../../native/host/clock.ts';
import type { Logger } from '../../../native/host/log.ts';
import { packageRoot } from '../../../native/host/package-root.ts';
import type { FoldedBlock, NewMark } from '../../model/history/book.ts';
import type { SeriesFacts } from '../../model/history/series.ts';
import type { RemoteWriteState } from '../remote/remote-writer.ts';
import type { FileState, FromThread, QuestionKind, Questions, ThreadSettings, ToThread } from './messages.ts';

export interface HistoryStoreParts {
  readonly settings: ThreadSettings;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
}

/** The stored past cannot be asked now; the message says why. */
export class HistoryUnavailableError extends Error {
  override readonly name = 'HistoryUnavailableError';
}

/** Appends under way at most: ten minutes. A disk that hangs must not fill the memory. */
const MAX_UNDER_WAY = 60;

/** Questions that wait at most. */
const MAX_QUESTIONS = 200;

/** An answer that takes longer is given up, milliseconds. */
const ANSWER_TIMEOUT_MS = 10_000;

const RESTART = { firstMs: 1000, maxMs: 60_000 };

/** The thread needs little: blocks of a minute, and what one question reads. */
const THREAD_LIMITS = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 8 };

interface Pending {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: HistoryUnavailableError) => void;
  readonly timer: NodeJS.Timeout;
}

/** The thread's own code: TypeScript in the source tree, else what tsc made of it, which stays beside the bundle. */
const workerPath = (): string =>
  extname(import.meta.filename) === '.ts'
    ? join(import.meta.dirname, 'worker.ts')
    : join(packageRoot(), 'dist/dashboard/io/history/worker.js');

/**
 * The history file, seen from the loop that must not block: what is handed over is written by a thread, what is asked comes later. A thread that dies is started
 * again with back-off; what was under way is lost and counted.
 */
export class HistoryStore implements AsyncDisposable {
  readonly #parts: HistoryStoreParts;
  readonly #backoff: Backoff;
  readonly #pending = new Map<number, Pending>();
  readonly #stop = new AbortController();
  #worker: Worker | undefined;
  #nextId = 1;
  #underWay = 0;
  #lostBlocks = 0;
  #state: FileState = { reason: 'it is being opened', droppedBlocks: 0, use: undefined };
  #remote: RemoteWriteState | undefined;
  /** What the thread knows of each line. */
  readonly #told = new Map<string, SeriesFacts>();

  constructor(parts: HistoryStoreParts) {
    this.#parts = parts;
    this.#backoff = new Backoff({ ...RESTART, random: parts.random });
    this.#start();
  }

  /** How the file is; blocks lost on the way to it are counted in. */
  get state(): FileState {
    return { ...this.#state, droppedBlocks: this.#state.droppedBlocks + this.#lostBlocks };
  }

  /** How remote write goes; `undefined` before its first request, and without one. */
  get remoteWrite(): RemoteWriteState | undefined {
    return this.#remote;
  }

  /** Hands over what was measured; never waits and never throws. `factsOf` tells what is said of a line. */
  append(
    blocks: readonly FoldedBlock[],
    marks: readonly NewMark[],
    factsOf: (key: string) => SeriesFacts | undefined,
  ): void {
    if (blocks.length + marks.length === 0) return;
    if (this.#worker === undefined || this.#underWay >= MAX_UNDER_WAY) {
      this.#lostBlocks += blocks.length;
      return;
    }
    const facts: [string, SeriesFacts][] = [];
    for (const key of new Set([...blocks.flatMap(({ keys }) => keys), ...marks.map(({ key: own }) => own)])) {
      const own = factsOf(key);
      if (own === undefined || this.#told.get(key) === own) continue;
      this.#told.set(key, own);
      facts.push([key, own]);
    }
    this.#underWay += 1;
    this.#post({ kind: 'append', append: { blocks, marks, facts } });
  }

  /** @throws {HistoryUnavailableError} */
  async ask<Kind extends QuestionKind>(
    question: Kind,
    request: Questions[Kind]['request'],
  ): Promise<Questions[Kind]['answer']> {
    if (this.#worker === undefined || this.#pending.size >= MAX_QUESTIONS)
      throw new HistoryUnavailableError(
        this.#worker === undefined ? 'its thread is not there' : 'too many questions wait',
      );
    const id = this.#nextId;
    this.#nextId += 1;
    const { promise, resolve, reject } = Promise.withResolvers<Questions[Kind]['answer']>();
    const timer = setTimeout(() => {
      this.#pending.delete(id);
      reject(new HistoryUnavailableError(`no answer within ${ANSWER_TIMEOUT_MS / 1000} s`));
    }, ANSWER_TIMEOUT_MS);
    this.#pending.set(id, { resolve, reject, timer });
    // The pair is of one kind; the compiler does not follow a generic through a union.
    this.#post({ kind: 'ask', id, question, request } as ToThread);
    return await promise;
  }

  /** Writes what was handed over, and ends the thread. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.ask('close', undefined).catch(() => undefined);
    await this.#worker?.terminate();
    this.#worker = undefined;
  }

  #post(message: ToThread): void {
    this.#worker?.postMessage(message);
  }

  #start(): void {
    const { settings, log } = this.#parts;
    const worker = new Worker(workerPath(), {
      workerData: settings,
      resourceLimits: THREAD_LIMITS,
      name: 'weft-history',
    });
    this.#worker = worker;
    worker.on('message', (message: FromThread) => {
      this.#take(message);
    });
    worker.on('error', (err) => {
      log.error({ err }, 'the thread of the history file failed');
    });
    worker.on('exit', () => {
      this.#ended();
    });
  }

  #take(message: FromThread): void {
    switch (message.kind) {
      case 'appended':
        this.#underWay = Math.max(0, this.#underWay - 1);
        return;
      case 'state':
        this.#takeState(message.state);
        return;
      case 'remote':
        this.#takeRemote(message.state);
        return;
      case 'answer':
        this.#settle(message.id)?.resolve(message.answer as never);
        return;
      case 'failed':
        this.#settle(message.id)?.reject(new HistoryUnavailableError(message.reason));
    }
  }

  #takeState(state: FileState): void {
    const { log, settings } = this.#parts;
    if (state.reason !== this.#state.reason) {
      if (state.reason === undefined) log.info({ path: settings.path }, 'history is written');
      else log.error({ path: settings.path, reason: state.reason }, 'history is not complete');
    }
    // While it cannot be written, what was last known of its size still holds.
    this.#state = { ...state, use: state.use ?? this.#state.use };
    if (state.reason === undefined) this.#backoff.reset();
  }

  #takeRemote(state: RemoteWriteState): void {
    const { log, settings } = this.#parts;
    if (state.reason !== this.#remote?.reason) {
      const facts = { url: settings.remoteWrite?.url, ...state };
      if (state.reason === undefined) log.info(facts, 'remote write goes on');
      else log.warn(facts, 'remote write does not get through');
    }
    this.#remote = state;
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    clearTimeout(pending?.timer);
    return pending;
  }

  #ended(): void {
    const { clock, log } = this.#parts;
    this.#worker = undefined;
    this.#told.clear();
    this.#lostBlocks += this.#underWay;
    this.#underWay = 0;
    for (const id of [...this.#pending.keys()])
      this.#settle(id)?.reject(new HistoryUnavailableError('the thread of the history file ended'));
    if (this.#stop.signal.aborted) return;
    this.#state = { ...this.#state, reason: 'the thread of the history file ended; it is started again' };
    const delayMs = this.#backoff.nextMs();
    log.error({ delayMs }, 'the thread of the history file ended and is started again');
    clock.sleep(delayMs, this.#stop.signal).then(
      () => {
        this.#start();
      },
      () => undefined, // the dashboard stops
    );
  }
}
