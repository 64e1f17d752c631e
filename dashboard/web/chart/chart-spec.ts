import type { EventKind } from '../../model/events/event.ts';
import type { Past, PastColumn } from './past.ts';
import type { Unit } from './unit.ts';

export interface ChartLine {
  readonly name: string;
  readonly column: PastColumn;
}

/** One chart: what it is of, and its lines, in the order of their colours and dashes. */
export interface ChartSpec {
  readonly id: string;
  /** With what 100 % means, where there are per cents. */
  readonly title: string;
  readonly unit: Unit;
  readonly lines: readonly ChartLine[];
  /** The lines are parts of a whole, the first one lowest. */
  readonly isStacked?: boolean;
  readonly limit?: { readonly name: string; readonly value: number } | undefined;
  /** What a reader has to know beside the title. */
  readonly note?: string | undefined;
}

/** Whether any value of it is known. */
export function isKnown({ lines }: ChartSpec): boolean {
  return lines.some(({ column }) => column.avg.some((value) => value !== null));
}

/** Something that happened, as a mark on every chart of a page. */
export interface ChartEvent {
  readonly atUnixMs: number;
  readonly kind: EventKind;
  /** One sentence without its full stop. */
  readonly what: string;
  /** Where more of it is told. */
  readonly href?: string | undefined;
}

/** What all charts of a page have in common. */
export interface ChartFrame {
  readonly past: Past;
  readonly events: readonly ChartEvent[];
}
