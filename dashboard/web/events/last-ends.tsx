import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { Link } from 'wouter-preact';
import type { EventView } from '../../model/events/event.ts';
import { usePolled } from '../api.ts';
import { nowUnixMs } from '../clock.ts';
import { FactTable, type FactColumn } from '../fact-table.tsx';
import { Fault } from '../facts.tsx';
import { formatAge, formatDuration, UNAVAILABLE } from '../format.ts';
import { containerPage } from '../links.ts';
import { Mark } from '../mark.tsx';
import { formatStamp } from '../stamp.ts';
import { timeZone } from '../time-zone.ts';
import { eventLink, exitCodeWords, type EventsAnswer } from './event-words.ts';

const SHOWN = 10;
/** A new end is there as soon as the page shows that the container is gone; the exit code may come a little later. */
const ENDS_EVERY_MS = 15_000;

function ForMemory({ oomKilled }: Pick<EventView, 'oomKilled'>): JSX.Element {
  if (oomKilled === undefined) return <span title="nobody told">{UNAVAILABLE}</span>;
  return oomKilled ? <Mark kind="critical">yes</Mark> : <span>no</span>;
}

function Code({ exitCode }: Pick<EventView, 'exitCode'>): JSX.Element {
  return exitCode === undefined ? (
    <span title="its runtime did not tell">{UNAVAILABLE}</span>
  ) : (
    <span class={exitCode === 0 ? '' : 'strong'}>{exitCodeWords(exitCode)}</span>
  );
}

function columnsOf(line: string): readonly [FactColumn<EventView>, ...FactColumn<EventView>[]] {
  return [
    {
      header: 'When',
      cell: (event) => (
        <Link href={eventLink(event, nowUnixMs.value)}>{formatStamp(Date.parse(event.at), timeZone.value)}</Link>
      ),
    },
    { header: 'Ago', numeric: true, cell: ({ at }) => formatAge(nowUnixMs.value - Date.parse(at)) },
    {
      header: 'Which',
      cell: ({ series, name = '', host = '' }) =>
        series === undefined || series === line ? (
          'this one'
        ) : (
          <Link href={containerPage({ series, key: series })}>{`${name} on ${host}`}</Link>
        ),
    },
    { header: 'Exit code', numeric: true, cell: (event) => <Code {...event} /> },
    { header: 'Killed for memory', cell: (event) => <ForMemory {...event} /> },
    { header: 'Ran for', numeric: true, cell: ({ ranForMs }) => formatDuration(ranForMs) },
  ];
}

const endsPath = (line: string): string =>
  `/events?${new URLSearchParams({ service: line, kinds: 'ended', from: '-365d', limit: String(SHOWN) }).toString()}`;

/** How the last containers of this line ended, and those of the other replicas of its service. `running` is the container that runs now. */
export function LastEnds({
  line,
  running,
}: {
  readonly line: string;
  readonly running: string | undefined;
}): JSX.Element {
  const { value, reason, reload } = usePolled<EventsAnswer>(endsPath(line), ENDS_EVERY_MS);
  useEffect(reload, [running]);
  return (
    <section aria-labelledby="ends-title">
      <div class="section-head">
        <h2 id="ends-title">Last ends</h2>
        <span class="muted">of this service</span>
      </div>
      <Fault reason={reason === undefined ? undefined : `Ends could not be loaded: ${reason}.`} />
      {value === undefined || value.partial === null ? null : (
        <p class="quiet-line">Something may be missing: {value.partial}.</p>
      )}
      {value === undefined ? null : value.events.length === 0 ? (
        <p class="quiet-line">No end of it was seen since this dashboard keeps its history.</p>
      ) : (
        <FactTable
          label="Last ends"
          columns={columnsOf(line)}
          rows={value.events}
          keyOf={({ at, series = '', containerId = '' }) => `${at} ${series} ${containerId}`}
        />
      )}
    </section>
  );
}
