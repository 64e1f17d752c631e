import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../../../native/host/clock.ts';
import { LABEL_NAME } from '../../model/alert/matcher.ts';
import {
  MAX_SILENCES,
  SilenceBook,
  silenceFault,
  type Silence,
  type SilenceRequest,
} from '../../model/notify/silence.ts';
import type { Documents } from '../documents.ts';

const matcherSchema = z.object({
  name: z.string().regex(LABEL_NAME, 'expected the name of a label'),
  value: z.string().max(1024),
  isRegex: z.boolean(),
  isEqual: z.boolean(),
});

/** A silence as it is kept. */
export const silenceSchema = z.object({
  id: z.string(),
  matchers: z.array(matcherSchema),
  startsAtUnixMs: z.number(),
  endsAtUnixMs: z.number(),
  updatedAtUnixMs: z.number(),
  createdBy: z.string(),
  comment: z.string(),
  annotations: z.record(z.string(), z.string()),
});

/** Why a silence was not taken. */
export class SilenceRefused extends Error {
  override readonly name = 'SilenceRefused';
  readonly status: 400 | 404;

  constructor(message: string, status: 400 | 404 = 400) {
    super(message);
    this.status = status;
  }
}

/** Silences as they are kept: in memory for the notifier, as documents for ever after. */
export class Silences {
  readonly book = new SilenceBook();
  readonly #documents: Documents;
  readonly #clock: Clock;

  constructor(documents: Documents, clock: Clock) {
    this.#documents = documents;
    this.#clock = clock;
    for (const { value } of documents.all('silence')) this.#take(value);
    documents.listen(({ kind, id, document }) => {
      if (kind !== 'silence') return;
      if (document === undefined) this.book.remove(id);
      else this.#take(document.value);
    });
  }

  /** Makes or changes a silence; gives its id. @throws {SilenceRefused | StoreError} */
  put(request: SilenceRequest): string {
    const nowUnixMs = this.#clock.nowMs();
    const fault = silenceFault(request, nowUnixMs);
    if (fault !== undefined) throw new SilenceRefused(fault);
    if (request.id !== undefined && this.book.get(request.id) === undefined)
      throw new SilenceRefused(`there is no silence ${request.id}`, 404);
    if (this.book.all.length >= MAX_SILENCES) throw new SilenceRefused(`there are ${MAX_SILENCES} silences already`);
    const planned = this.book.plan(request, { nowUnixMs, newId: randomUUID() });
    for (const silence of planned) this.#put(silence);
    return planned.at(-1)?.id ?? '';
  }

  /** Ends a silence. @throws {SilenceRefused | StoreError} */
  expire(id: string): void {
    if (this.book.get(id) === undefined) throw new SilenceRefused(`there is no silence ${id}`, 404);
    const ended = this.book.expired(id, this.#clock.nowMs());
    if (ended !== undefined) this.#put(ended);
  }

  prune(): void {
    for (const id of this.book.outdated(this.#clock.nowMs())) this.#documents.remove('silence', id);
  }

  #put(silence: Silence): void {
    this.#documents.put({ kind: 'silence', id: silence.id, updatedAtUnixMs: silence.updatedAtUnixMs, value: silence });
  }

  #take(value: unknown): void {
    const silence = silenceSchema.safeParse(value);
    if (silence.success) this.book.put(silence.data);
  }
}
