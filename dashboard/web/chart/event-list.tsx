import type { JSX } from 'preact';
import { Link } from 'wouter-preact';
import { nowUnixMs } from '../clock.ts';
import { Fault } from '../facts.tsx';
import { FactTable, type FactColumn } from '../fact-table.tsx';
import { formatAge } from '../format.ts';
import { formatStamp } from '../stamp.ts';
import { timeZone } from '../time-zone.ts';
import { KIND_WORDS } from '../events/event-words.ts';
import type { ChartEvent } from './chart-spec.ts';

/** More are on the charts, and in the export. */
const MAX_SHOWN = 50;

const COLUMNS: readonly [FactColumn<ChartEvent>, ...FactColumn<ChartEvent>[]] = [
  { header: 'When', cell: ({ atUnixMs }) => formatStamp(atUnixMs, timeZone.value) },
  { header: 'Ago', numeric: true, cell: ({ atUnixMs }) => formatAge(nowUnixMs.value - atUnixMs) },
  {
    header: 'Mark',
    cell: ({ kind }) => (
      <span title={KIND_WORDS[kind].name}>
        <kbd>{KIND_WORDS[kind].letter}</kbd> <span class="muted">{KIND_WORDS[kind].name}</span>
      </span>
    ),
  },
  { header: 'What', cell: ({ what, href }) => (href === undefined ? what : <Link href={href}>{what}</Link>) },
];

interface EventListProps {
  readonly events: readonly ChartEvent[];
  /** Why some may be missing. */
  readonly note: string | undefined;
}

/** What happened in the time shown, the newest first; the letters are those on the charts. */
export function EventList({ events, note }: EventListProps): JSX.Element {
  const shown = events.slice(-MAX_SHOWN).reverse();
  return (
    <section aria-labelledby="events-title">
      <div class="section-head">
        <h2 id="events-title">Events</h2>
        <span class="muted">
          {shown.length < events.length ? `the last ${MAX_SHOWN} of ${events.length}` : 'in this time'}
        </span>
      </div>
      <Fault reason={note === undefined ? undefined : `Events may be missing: ${note}.`} />
      {shown.length === 0 ? (
        <p class="quiet-line">Nothing started, ended or fired in this time.</p>
      ) : (
        <FactTable
          label="Events"
          columns={COLUMNS}
          rows={shown}
          keyOf={({ atUnixMs, kind, what }) => `${atUnixMs} ${kind} ${what}`}
        />
      )}
    </section>
  );
}
