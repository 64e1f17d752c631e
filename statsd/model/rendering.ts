import { headOf, type Series, type WrittenMetric } from './exposition.ts';
import type { Family, MetricType } from './family.ts';
import type { TextPages } from './text-pages.ts';

interface FamilyNames {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
}

const INFO: FamilyNames = {
  name: 'container_info',
  help: 'What a container is and belongs to, to join with.',
  type: 'gauge',
};

const NEWLINE = 10;
const SPACE = 32;
const COMMA = 44;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

/** Writes the lines of one family, the two of its head before the first: a family without series is not there at all. */
class FamilyLines {
  readonly #pages: TextPages;
  readonly #names: FamilyNames;
  readonly #name: Uint8Array;
  #begun = false;

  constructor(pages: TextPages, names: FamilyNames) {
    this.#pages = pages;
    this.#names = names;
    this.#name = Buffer.from(names.name);
  }

  /** A series of a container; `extra` are labels of the series alone, or empty. What is not known is left out. */
  series(opening: Uint8Array, extra: string, value: number): void {
    if (Number.isNaN(value)) return;
    const pages = this.#pages;
    this.#begin();
    pages.bytes(opening);
    if (extra !== '') {
      pages.ascii(COMMA);
      pages.text(extra);
    }
    pages.ascii(CLOSE_BRACE);
    this.#end(value);
  }

  /** A series of the agent or the machine. */
  own(labels: string, value: number): void {
    if (Number.isNaN(value)) return;
    const pages = this.#pages;
    this.#begin();
    if (labels !== '') {
      pages.ascii(OPEN_BRACE);
      pages.text(labels);
      pages.ascii(CLOSE_BRACE);
    }
    this.#end(value);
  }

  #begin(): void {
    if (!this.#begun) this.#pages.text(headOf(this.#names));
    this.#begun = true;
    this.#pages.bytes(this.#name);
  }

  #end(value: number): void {
    this.#pages.ascii(SPACE);
    this.#pages.number(value);
    this.#pages.ascii(NEWLINE);
  }
}

function writeSeries(lines: FamilyLines, { value, points }: Family, one: Series): void {
  if (value !== undefined) lines.series(one.opening, '', value(one.sample));
  else for (const [extra, number] of points?.(one) ?? []) lines.series(one.opening, extra, number);
}

/**
 * Writes the container families, and gives each page that is full, so that the event loop runs in between. What is unknown is
 * left out. The order is that of the families, then of the containers, and the same at each scrape.
 */
export function* renderContainers(
  pages: TextPages,
  all: readonly Series[],
  families: readonly Family[],
): Generator<Uint8Array> {
  for (const family of families) {
    const lines = new FamilyLines(pages, family);
    for (const one of all) {
      writeSeries(lines, family, one);
      if (pages.isFull) yield pages.take();
    }
  }
  const lines = new FamilyLines(pages, INFO);
  for (const { opening, infoLabels } of all) {
    if (infoLabels !== '') lines.series(opening, infoLabels, 1);
    if (pages.isFull) yield pages.take();
  }
}

/** Writes metrics that are not of one container: the agent's and the machine's own; gives each page that is full. */
export function* renderOwn(pages: TextPages, metrics: readonly WrittenMetric[]): Generator<Uint8Array> {
  for (const metric of metrics) {
    const lines = new FamilyLines(pages, metric);
    for (const [labels, value] of metric.values) {
      lines.own(labels, value);
      if (pages.isFull) yield pages.take();
    }
  }
}

/** Writes chunks of text that was rendered elsewhere; gives each page that is full. */
export function* renderChunks(pages: TextPages, chunks: Iterable<string>): Generator<Uint8Array> {
  for (const chunk of chunks) {
    pages.text(chunk);
    if (pages.isFull) yield pages.take();
  }
}
