import { z } from 'zod';
import type { Clock } from '../../../native/host/clock.ts';
import type { BinAxis, Bins } from '../../model/history/bins.ts';
import type { SeriesKind } from '../../model/history/columns.ts';
import { PART_LABEL, pastQuery } from '../../model/history/remote-names.ts';
import { textWithin } from './bounded-text.ts';

export interface RemoteReadSettings {
  /** Of the API: `http://prometheus:9090`; `/api/v1/query_range` is below it. */
  readonly url: string;
  readonly token: string | undefined;
}

/** How it goes; counts since the start. */
export interface RemoteReadState {
  readonly answers: number;
  readonly failures: number;
  readonly lastAnswerUnixMs: number | undefined;
  readonly lastFailure: { readonly atUnixMs: number; readonly reason: string } | undefined;
}

/** The other side did not answer as it should; the message says how. */
export class RemoteReadError extends Error {
  override readonly name = 'RemoteReadError';
}

const TIMEOUT_MS = 10_000;

/** All columns of a line with as many points as are asked for at most are a quarter of it. */
const MAX_ANSWER_BYTES = 32 * 2 ** 20;

const answerSchema = z.object({
  status: z.literal('success'),
  data: z.object({
    result: z.array(
      z.object({
        metric: z.record(z.string(), z.string()),
        values: z.array(z.tuple([z.number(), z.string()])).max(11_001),
      }),
    ),
  }),
});

/** min, avg and max come as series of their own and are put together here. */
class Parts {
  readonly #axis: BinAxis;
  /** By column and bin. */
  readonly #readings = new Map<string, { column: string; bin: number; min: number; avg: number; max: number }>();

  constructor(axis: BinAxis) {
    this.#axis = axis;
  }

  /** `label` is `<part> <column>`. What is told at a time is of the step that ends then. */
  take(label: string, atUnixMs: number, value: number): void {
    const [part, column = ''] = label.split(' ');
    if (part !== 'min' && part !== 'avg' && part !== 'max') return;
    const bin = Math.round((atUnixMs - this.#axis.fromUnixMs) / this.#axis.stepMs) - 1;
    const place = `${column} ${bin}`;
    const known = this.#readings.get(place) ?? { column, bin, min: Number.NaN, avg: Number.NaN, max: Number.NaN };
    this.#readings.set(place, { ...known, [part]: value });
  }

  addTo(bins: Bins): void {
    for (const { column, bin, min, avg, max } of this.#readings.values())
      bins.addReading(column, bin, { min, average: avg, max, weight: this.#axis.stepMs });
  }
}

/** Reads long pasts from a Prometheus-compatible store that holds what the remote writer sent. */
export class RemoteReader {
  readonly #settings: RemoteReadSettings;
  readonly #clock: Pick<Clock, 'nowMs'>;
  #state: RemoteReadState = { answers: 0, failures: 0, lastAnswerUnixMs: undefined, lastFailure: undefined };

  constructor(settings: RemoteReadSettings, clock: Pick<Clock, 'nowMs'>) {
    this.#settings = settings;
    this.#clock = clock;
  }

  get state(): RemoteReadState {
    return this.#state;
  }

  /** Adds what is known of a line in the first `count` bins. @throws {RemoteReadError} */
  async readInto(bins: Bins, line: { readonly key: string; readonly kind: SeriesKind }, count: number): Promise<void> {
    const { axis, columns } = bins;
    if (count === 0 || columns.length === 0) return;
    const parts = new Parts(axis);
    for (const { metric, values } of await this.#noted(this.#ask(pastQuery(line, columns, axis.stepMs), axis, count)))
      for (const [atSeconds, text] of values) parts.take(metric[PART_LABEL] ?? '', atSeconds * 1000, Number(text));
    parts.addTo(bins);
  }

  async #noted<Answer>(asked: Promise<Answer>): Promise<Answer> {
    try {
      const answer = await asked;
      const { answers } = this.#state;
      this.#state = { ...this.#state, answers: answers + 1, lastAnswerUnixMs: this.#clock.nowMs() };
      return answer;
    } catch (error) {
      const { failures } = this.#state;
      const reason = error instanceof Error ? error.message : String(error);
      const lastFailure = { atUnixMs: this.#clock.nowMs(), reason };
      this.#state = { ...this.#state, failures: failures + 1, lastFailure };
      throw error;
    }
  }

  async #ask(query: string, axis: BinAxis, count: number): Promise<z.infer<typeof answerSchema>['data']['result']> {
    const { url, token } = this.#settings;
    const form = new URLSearchParams({
      query,
      start: String((axis.fromUnixMs + axis.stepMs) / 1000),
      end: String((axis.fromUnixMs + count * axis.stepMs) / 1000),
      step: String(axis.stepMs / 1000),
    });
    try {
      const response = await fetch(`${url.replace(/\/$/, '')}/api/v1/query_range`, {
        method: 'POST',
        body: form,
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
        redirect: 'manual',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const { text, isCut } = await textWithin(response, MAX_ANSWER_BYTES);
      if (!response.ok) throw new RemoteReadError(`${url} answers ${response.status}: ${text.slice(0, 200).trim()}`);
      if (isCut) throw new RemoteReadError(`${url} answers with more than ${MAX_ANSWER_BYTES / 2 ** 20} MiB`);
      return answerSchema.parse(JSON.parse(text)).data.result;
    } catch (cause) {
      if (cause instanceof RemoteReadError) throw cause;
      throw new RemoteReadError(`${url}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
  }
}
