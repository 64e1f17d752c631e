import type { MarkedLine } from '../../model/events/event.ts';
import type { FoldedBlock, NewMark } from '../../model/history/book.ts';
import type { RestoredBlock, RestoredSeries } from '../../model/history/restored.ts';
import type { BinAxis, BinsState } from '../../model/history/bins.ts';
import type { Mark, SeriesFacts } from '../../model/history/series.ts';
import type { RemoteWriteSettings, RemoteWriteState } from '../remote/remote-writer.ts';
import type { HistoryUse } from './history-file.ts';

/** What was measured, for the file. */
export interface Append {
  readonly blocks: readonly FoldedBlock[];
  readonly marks: readonly NewMark[];
  /** Of lines that are new, or of which something else is said. */
  readonly facts: readonly (readonly [string, SeriesFacts])[];
}

/** One line's past before `untilUnixMs`, and what happened on it. */
export interface ReadRequest {
  readonly key: string;
  readonly columns: readonly string[];
  readonly axis: BinAxis;
  readonly untilUnixMs: number;
}

export interface ReadAnswer {
  /** `undefined` when nothing is stored of the line. */
  readonly bins: BinsState | undefined;
  readonly marks: readonly Mark[];
  readonly facts: SeriesFacts | undefined;
}

/** How the file is. `reason` is a sentence, `undefined` while it is written to. */
export interface FileState {
  readonly reason: string | undefined;
  /** Blocks that could not be written and were given up, since the start. */
  readonly droppedBlocks: number;
  readonly use: HistoryUse | undefined;
}

/** Questions to the thread of the file, each with its answer. */
export interface Questions {
  readonly read: { readonly request: ReadRequest; readonly answer: ReadAnswer };
  readonly marks: {
    readonly request: { readonly key: string; readonly fromUnixMs: number; readonly untilUnixMs: number };
    readonly answer: Pick<ReadAnswer, 'marks' | 'facts'>;
  };
  readonly marksBelow: {
    readonly request: { readonly node: string; readonly fromUnixMs: number; readonly untilUnixMs: number };
    readonly answer: readonly MarkedLine[];
  };
  readonly lively: { readonly request: { readonly sinceUnixMs: number }; readonly answer: readonly RestoredSeries[] };
  readonly blocks: {
    readonly request: { readonly fromUnixMs: number; readonly limit: number };
    readonly answer: readonly RestoredBlock[];
  };
  readonly close: { readonly request: undefined; readonly answer: undefined };
}

export type QuestionKind = keyof Questions;

export type ToThread =
  | { readonly kind: 'append'; readonly append: Append }
  | {
      [Kind in QuestionKind]: {
        readonly kind: 'ask';
        readonly id: number;
        readonly question: Kind;
        readonly request: Questions[Kind]['request'];
      };
    }[QuestionKind];

export type FromThread =
  | { readonly kind: 'appended' }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: Questions[QuestionKind]['answer'] }
  | { readonly kind: 'failed'; readonly id: number; readonly reason: string }
  | { readonly kind: 'state'; readonly state: FileState }
  | { readonly kind: 'remote'; readonly state: RemoteWriteState };

/** How the thread is started. */
export interface ThreadSettings {
  readonly path: string;
  readonly maxBytes: number;
  /** Where what is measured is sent as well. */
  readonly remoteWrite: RemoteWriteSettings | undefined;
}
