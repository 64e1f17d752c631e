import { Bins } from '../../model/history/bins.ts';
import type { HistoryBook } from '../../model/history/book.ts';
import { addFromMemory, mergeMarks, type AnsweredLine } from '../../model/history/answer.ts';
import { SECOND_COLUMNS_OF, type SeriesKind } from '../../model/history/columns.ts';
import type { EventSpan, MarkedLine } from '../../model/events/event.ts';
import type { HistoryQuery } from '../../model/history/query.ts';
import type { Mark, Series } from '../../model/history/series.ts';
import { RemoteReadError, type RemoteReader } from '../remote/remote-reader.ts';
import { HistoryUnavailableError, type HistoryStore } from './history-store.ts';
import type { Questions, ReadAnswer, ReadRequest } from './messages.ts';

/** What was found. `partial` says why something may be missing; of a line that nobody knows there is none. */
export interface HistoryFound {
  readonly lines: readonly AnsweredLine[];
  readonly partial: string | undefined;
}

interface FoundLine {
  readonly line: AnsweredLine | undefined;
  readonly partial: string | undefined;
}

const NOTHING: ReadAnswer = { bins: undefined, marks: [], facts: undefined };

/** What the file answers; `nothing`, and why, when it cannot be asked. */
async function orWithout<Answer>(
  asked: Promise<Answer>,
  nothing: Answer,
): Promise<{ readonly answer: Answer; readonly partial: string | undefined }> {
  try {
    return { answer: await asked, partial: undefined };
  } catch (error) {
    if (!(error instanceof HistoryUnavailableError)) throw error;
    return { answer: nothing, partial: `the stored past is missing: ${error.message}` };
  }
}

const bounds = ({ fromUnixMs, toUnixMs }: EventSpan) => ({ fromUnixMs, untilUnixMs: toUnixMs + 1 });

function marksIn({ fromUnixMs, toUnixMs }: EventSpan, ...known: readonly (readonly Mark[] | undefined)[]): Mark[] {
  const marks = known.flatMap((each) => each ?? []);
  return mergeMarks(marks, { fromUnixMs, stepMs: toUnixMs - fromUnixMs + 1, count: 1 });
}

/** Answers from memory first and from the file what is older; a file that cannot be asked makes the answer partial, not wrong. */
export class HistoryReader {
  readonly #book: HistoryBook;
  readonly #store: Pick<HistoryStore, 'ask' | 'state'>;
  readonly #remote: RemoteReader | undefined;

  constructor(book: HistoryBook, store: Pick<HistoryStore, 'ask' | 'state'>, remote: RemoteReader | undefined) {
    this.#book = book;
    this.#store = store;
    this.#remote = remote;
  }

  async read(query: HistoryQuery): Promise<HistoryFound> {
    const found = await Promise.all(query.keys.map((key) => this.#readLine(key, query)));
    return {
      lines: found.flatMap(({ line }) => (line === undefined ? [] : [line])),
      partial: found.find(({ partial }) => partial !== undefined)?.partial ?? this.#store.state.reason,
    };
  }

  /** Every line that is in memory. */
  lines(): Iterable<Series> {
    return this.#book.all();
  }

  /** What happened on one line within a span, also on one that only the file knows. */
  async markedLine(
    key: string,
    span: EventSpan,
  ): Promise<{ readonly line: MarkedLine | undefined; readonly partial: string | undefined }> {
    const series = this.#book.get(key);
    const nothing: Questions['marks']['answer'] = { marks: [], facts: undefined };
    const { answer, partial } = await orWithout(this.#store.ask('marks', { key, ...bounds(span) }), nothing);
    const facts = series?.facts ?? answer.facts;
    if (facts === undefined) return { line: undefined, partial };
    return { line: { key, facts, marks: marksIn(span, answer.marks, series?.marks) }, partial };
  }

  /** What happened on the containers of a host within a span, also on those that only the file knows. */
  async linesOfHost(
    node: string,
    span: EventSpan,
  ): Promise<{ readonly lines: readonly MarkedLine[]; readonly partial: string | undefined }> {
    const { answer, partial } = await orWithout(this.#store.ask('marksBelow', { node, ...bounds(span) }), []);
    const lines = new Map(answer.map((line) => [line.key, line]));
    for (const { key, facts, marks } of this.#book.all())
      if (facts.kind === 'container' && facts.nodeId === node)
        lines.set(key, { key, facts, marks: marksIn(span, lines.get(key)?.marks, marks) });
    return { lines: [...lines.values()], partial };
  }

  async #readLine(key: string, { axis, columns: wanted }: HistoryQuery): Promise<FoundLine> {
    const series = this.#book.get(key);
    // A host's line has no slash in its name; a container's always has.
    const kind = series?.facts.kind ?? (key.includes('/') ? 'container' : 'host');
    const columns = SECOND_COLUMNS_OF[kind].filter((name) => wanted?.includes(name) ?? true);
    const memory = new Bins(axis, columns);
    const heldFrom = series === undefined ? Infinity : addFromMemory(memory, series);
    const { answer, partial } = await this.#stored({ key, columns, axis, untilUnixMs: heldFrom });
    const facts = series?.facts ?? answer.facts;
    if (facts === undefined) return { line: undefined, partial };
    if (answer.bins !== undefined) memory.merge(answer.bins);
    const remote = await this.#older({ key, kind }, memory);
    const marks = mergeMarks([...answer.marks, ...(series?.marks ?? [])], axis);
    const binned = new Map(columns.map((name) => [name, memory.column(name)]));
    return { line: { key, facts, columns: binned, marks }, partial: partial ?? remote };
  }

  /** Asks the remote store for what is older than anything we have. @returns why that did not work. */
  async #older(line: { readonly key: string; readonly kind: SeriesKind }, bins: Bins): Promise<string | undefined> {
    const missing = bins.firstKnown();
    // The first bin may be only partly ours.
    if (this.#remote === undefined || missing <= 1) return undefined;
    try {
      await this.#remote.readInto(bins, line, missing);
      return undefined;
    } catch (error) {
      if (!(error instanceof RemoteReadError)) throw error;
      return `the remote past is missing: ${error.message}`;
    }
  }

  async #stored(request: ReadRequest): Promise<{ readonly answer: ReadAnswer; readonly partial: string | undefined }> {
    // Memory reaches back far enough.
    if (request.untilUnixMs <= request.axis.fromUnixMs) return { answer: NOTHING, partial: undefined };
    return await orWithout(this.#store.ask('read', request), NOTHING);
  }
}
