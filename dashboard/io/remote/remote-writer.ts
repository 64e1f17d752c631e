import { Backoff } from '../../../native/host/backoff.ts';
import type { Clock, RandomSource } from '../../../native/host/clock.ts';
import type { FoldedBlock } from '../../model/history/book.ts';
import { decodeNumber, UNKNOWN_CODE } from '../../model/history/code.ts';
import { lineLabels, METRIC_NAMES } from '../../model/history/remote-names.ts';
import { TEN_SECONDS_MS, type SeriesFacts } from '../../model/history/series.ts';
import { textWithin } from './bounded-text.ts';
import { snappyBlock } from './snappy.ts';
import { writeRequest, type Sample } from './write-request.ts';

export interface RemoteWriteSettings {
  readonly url: string;
  readonly token: string | undefined;
  readonly userAgent: string;
}

/** How it goes; counts since the start. */
export interface RemoteWriteState {
  readonly waitingRequests: number;
  readonly sentSamples: number;
  /** Given up because the queue was full. */
  readonly droppedSamples: number;
  /** Refused by the other side for good. */
  readonly refusedSamples: number;
  /** Why the last request did not get through; `undefined` while they do. */
  readonly reason: string | undefined;
  /** When samples were last taken. */
  readonly lastSentUnixMs: number | undefined;
  /** Stays when requests get through again. */
  readonly lastFailure: { readonly atUnixMs: number; readonly reason: string } | undefined;
}

/** What one request holds at most; Prometheus' own default. */
const SAMPLES_AT_ONCE = 2000;

/** Waiting requests at most, and their bytes: hours of a small cluster, some minutes of a large one. */
const MAX_WAITING = 2000;
const MAX_WAITING_BYTES = 32 * 1024 * 1024;

const TIMEOUT_MS = 30_000;
const RETRY = { firstMs: 1000, maxMs: 60_000 };
const MAX_RETRY_AFTER_S = 300;

/** An answer is a sentence; whatever else it is, its length is the other side's to choose. */
const MAX_ANSWER_BYTES = 4096;

interface Waiting {
  readonly body: Uint8Array;
  readonly samples: number;
}

type Outcome =
  | { readonly kind: 'sent' }
  | { readonly kind: 'refused' | 'failed'; readonly reason: string; readonly retryAfterMs?: number | undefined };

/** Sends the averages of each ten seconds to a Prometheus-compatible store, oldest first. Nothing waits for it: a queue that is full drops its oldest. */
export class RemoteWriter {
  readonly #settings: RemoteWriteSettings;
  readonly #clock: Clock;
  readonly #backoff: Backoff;
  readonly #onState: (state: RemoteWriteState) => void;
  readonly #stop = new AbortController();
  readonly #queue: Waiting[] = [];
  #queueBytes = 0;
  #isSending = false;
  #state: Omit<RemoteWriteState, 'waitingRequests'> = {
    sentSamples: 0,
    droppedSamples: 0,
    refusedSamples: 0,
    reason: undefined,
    lastSentUnixMs: undefined,
    lastFailure: undefined,
  };

  constructor(
    settings: RemoteWriteSettings,
    time: { readonly clock: Clock; readonly random: RandomSource },
    onState: (state: RemoteWriteState) => void,
  ) {
    this.#settings = settings;
    this.#clock = time.clock;
    this.#backoff = new Backoff({ ...RETRY, random: time.random });
    this.#onState = onState;
  }

  append(blocks: readonly FoldedBlock[], facts: ReadonlyMap<string, SeriesFacts>): void {
    const samples = blocks.flatMap((block) => samplesOf(block, facts));
    for (let first = 0; first < samples.length; first += SAMPLES_AT_ONCE) {
      const some = samples.slice(first, first + SAMPLES_AT_ONCE);
      this.#put({ body: snappyBlock(writeRequest(some)), samples: some.length });
    }
    void this.#sendAll();
  }

  stop(): void {
    this.#stop.abort();
  }

  #put(waiting: Waiting): void {
    this.#queue.push(waiting);
    this.#queueBytes += waiting.body.length;
    while (this.#queue.length > MAX_WAITING || this.#queueBytes > MAX_WAITING_BYTES) {
      const dropped = this.#take();
      this.#count({ droppedSamples: this.#state.droppedSamples + (dropped?.samples ?? 0) });
    }
  }

  #take(): Waiting | undefined {
    const first = this.#queue.shift();
    this.#queueBytes -= first?.body.length ?? 0;
    return first;
  }

  /** One request at a time and in order: Prometheus refuses samples that are older than what it has. */
  async #sendAll(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    const { signal } = this.#stop;
    for (let next = this.#take(); next !== undefined && !signal.aborted; next = this.#take()) {
      await this.#sendOne(next, signal).catch(() => undefined); // only the end of the thread throws
      this.#count({});
    }
    this.#isSending = false;
  }

  async #sendOne({ body, samples }: Waiting, signal: AbortSignal): Promise<void> {
    for (;;) {
      const outcome = await this.#post(body, signal);
      if (outcome.kind === 'sent') {
        this.#backoff.reset();
        const sentSamples = this.#state.sentSamples + samples;
        this.#count({ sentSamples, reason: undefined, lastSentUnixMs: this.#clock.nowMs() });
        return;
      }
      const { reason } = outcome;
      this.#count({ reason, lastFailure: { atUnixMs: this.#clock.nowMs(), reason } });
      if (outcome.kind === 'refused') {
        this.#count({ refusedSamples: this.#state.refusedSamples + samples });
        return;
      }
      await this.#clock.sleep(Math.max(this.#backoff.nextMs(), outcome.retryAfterMs ?? 0), signal);
    }
  }

  async #post(body: Uint8Array, signal: AbortSignal): Promise<Outcome> {
    const { url, token, userAgent } = this.#settings;
    const headers: Record<string, string> = {
      'content-type': 'application/x-protobuf',
      'content-encoding': 'snappy',
      'x-prometheus-remote-write-version': '0.1.0',
      'user-agent': userAgent,
    };
    if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers,
        body: Buffer.from(body),
        redirect: 'manual',
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      return await outcomeOf(response);
    } catch (error) {
      return { kind: 'failed', reason: `it cannot be reached: ${sentenceOf(error)}` };
    }
  }

  #count(change: Partial<RemoteWriteState>): void {
    this.#state = { ...this.#state, ...change };
    this.#onState({ ...this.#state, waitingRequests: this.#queue.length });
  }
}

function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

/** What an answer means: only what passes by itself is tried again. */
async function outcomeOf(response: Response): Promise<Outcome> {
  const text = (await textWithin(response, MAX_ANSWER_BYTES)).text.slice(0, 200).trim();
  if (response.ok) return { kind: 'sent' };
  const reason = `it answers ${response.status}${text === '' ? '' : `: ${text}`}`;
  const isPassing = response.status >= 500 || response.status === 429 || response.status === 408;
  if (!isPassing) return { kind: 'refused', reason };
  const seconds = Number(response.headers.get('retry-after') ?? 0);
  return { kind: 'failed', reason, retryAfterMs: 1000 * (seconds > 0 ? Math.min(MAX_RETRY_AFTER_S, seconds) : 0) };
}

/** The averages of a block that are known, stamped with the end of their ten seconds. */
function samplesOf({ kind, timeUnixMs, keys, codes }: FoldedBlock, facts: ReadonlyMap<string, SeriesFacts>): Sample[] {
  const metrics = METRIC_NAMES[kind];
  const width = 3 * metrics.length;
  return keys.flatMap((key, row) => {
    const own = facts.get(key);
    if (own === undefined) return [];
    const labels = lineLabels(key, own);
    return metrics.flatMap((metric, column): Sample[] => {
      const value = decodeNumber(codes[row * width + 3 * column + 1] ?? UNKNOWN_CODE);
      return Number.isNaN(value) ? [] : [{ metric, labels, value, timeUnixMs: timeUnixMs + TEN_SECONDS_MS }];
    });
  });
}
