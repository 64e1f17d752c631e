import type { JSX } from 'preact';
import { Fault } from '../facts.tsx';
import { Chart } from './chart.tsx';
import { isKnown, type ChartEvent, type ChartFrame, type ChartSpec } from './chart-spec.ts';
import { byTime } from './events.ts';
import { EventList } from './event-list.tsx';
import type { CpuMode } from './cpu-mode.ts';
import type { Past } from './past.ts';
import { RangeBar } from './range-bar.tsx';
import type { ChartView } from './use-chart-view.ts';
import { historyPath, type LoadedPast } from './use-past.ts';

interface ChartsProps {
  readonly series: readonly string[];
  readonly view: ChartView;
  readonly loaded: LoadedPast;
  readonly cpuModes?: readonly CpuMode[];
  readonly specsOf: (past: Past) => readonly ChartSpec[];
  readonly eventsOf: (past: Past) => readonly ChartEvent[];
  /** Why events may be missing. */
  readonly eventsNote?: string | undefined;
}

function within({ fromUnixMs, stepMs, points }: Past): (event: ChartEvent) => boolean {
  return ({ atUnixMs }) => atUnixMs >= fromUnixMs && atUnixMs <= fromUnixMs + points * stepMs;
}

interface FiguresProps {
  readonly specs: readonly ChartSpec[];
  readonly frame: ChartFrame;
  readonly view: ChartView;
  readonly isLoading: boolean;
}

/** The charts of which anything is known, and the names of the others. */
function Figures({ specs, frame, view, isLoading }: FiguresProps): JSX.Element {
  const known = specs.filter(isKnown);
  const unknown = specs.filter((spec) => !known.includes(spec)).map(({ title }) => title);
  return (
    <>
      <div class="charts" aria-busy={isLoading}>
        {known.map((spec) => (
          <Chart key={spec.id} spec={spec} frame={frame} as={view.as} onZoom={view.zoom} onReset={view.goLive} />
        ))}
      </div>
      {unknown.length === 0 ? null : <p class="quiet-line">Nothing is known in this time of: {unknown.join('; ')}.</p>}
    </>
  );
}

/** Everything of a page that has to do with time: the range, the charts of it, what happened in it. */
export function Charts({ series, view, loaded, cpuModes, specsOf, eventsOf, eventsNote }: ChartsProps): JSX.Element {
  const { past, reason, isLoading } = loaded;
  const events = past === undefined ? [] : byTime(eventsOf(past)).filter(within(past));
  return (
    <>
      <RangeBar
        view={view}
        {...(cpuModes === undefined ? {} : { cpuModes })}
        exportPath={(format) => `/api/v1${historyPath(series, view.range, format)}`}
      />
      <Fault reason={reason} />
      {past?.partial === undefined ? null : <p class="quiet-line">Something may be missing: {past.partial}.</p>}
      {past?.unknown.map((key) => (
        <p key={key} class="quiet-line">
          <code>{key}</code>: nothing is known of it.
        </p>
      ))}
      {past === undefined ? (
        <p class="quiet-line" hidden={!isLoading}>
          Loading what was…
        </p>
      ) : (
        <Figures specs={specsOf(past)} frame={{ past, events }} view={view} isLoading={isLoading} />
      )}
      <EventList events={events} note={eventsNote} />
    </>
  );
}
