import { useEffect, useRef, useState } from 'preact/hooks';
import type { JSX } from 'preact';
import { isDarkSystem } from '../media.ts';
import { formatMoment } from '../stamp.ts';
import { theme } from '../theme.ts';
import { timeZone } from '../time-zone.ts';
import type { ChartFrame, ChartSpec } from './chart-spec.ts';
import { Legend } from './legend.tsx';
import { extentOf, timesOf, type Past } from './past.ts';
import { PastTable } from './past-table.tsx';
import { largestOf, plotDataOf } from './plot-data.ts';
import { Plot, type PlotHandlers, type PlotView } from './plot.ts';
import { formatOn, formatSetOn, scaleFor, showsLimit, type Scale } from './unit.ts';

export interface ChartProps {
  readonly spec: ChartSpec;
  readonly frame: ChartFrame;
  readonly as: 'chart' | 'table';
  readonly onZoom: PlotHandlers['onZoom'];
  readonly onReset: PlotHandlers['onReset'];
}

/** When a point is. */
function momentOf({ fromUnixMs, stepMs, points }: Past, point: number): string {
  return formatMoment(fromUnixMs + point * stepMs, timeZone.value, points * stepMs);
}

/** `api: now 43 %, max 91 % at 10:02:10`; for who cannot see the line. */
function summaryOf({ title, lines }: ChartSpec, past: Past, scale: Scale): string {
  const sentences = lines.map(({ name, column }) => {
    const { last, max, maxAt } = extentOf(column);
    if (max === undefined || maxAt === undefined) return `${name}: nothing is known`;
    const at = momentOf(past, maxAt);
    return `${name}: now ${formatOn(scale, last)}, max ${formatOn(scale, max)} at ${at}`;
  });
  return `${title}. ${sentences.join('. ')}.`;
}

const KEY_STEPS: Readonly<Record<string, number>> = {
  ArrowLeft: -1,
  ArrowRight: 1,
  PageUp: -20,
  PageDown: 20,
  Home: -Infinity,
  End: Infinity,
};

interface CanvasProps {
  readonly view: PlotView;
  readonly summary: string;
  readonly handlers: PlotHandlers;
}

/** The drawing itself. Arrow keys move the cursor of all charts, Escape takes it away. */
function Canvas({ view, summary, handlers }: CanvasProps): JSX.Element {
  const root = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot>();
  const latest = useRef(handlers);
  latest.current = handlers;
  useEffect(() => {
    if (root.current === null) return undefined;
    const made = new Plot(root.current, view, {
      onZoom: (from, to) => {
        latest.current.onZoom(from, to);
      },
      onReset: () => {
        latest.current.onReset();
      },
      onCursor: (point) => {
        latest.current.onCursor(point);
      },
    });
    plot.current = made;
    const recolour = (): void => {
      made.recolour();
    };
    const stops = [theme.subscribe(recolour), isDarkSystem.subscribe(recolour)];
    return () => {
      for (const stop of stops) stop();
      made.destroy();
    };
  }, []);
  useEffect(() => plot.current?.show(view), [view]);
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = KEY_STEPS[event.key];
    if (step === undefined && event.key !== 'Escape') return;
    event.preventDefault();
    if (step === undefined) plot.current?.leaveCursor();
    else plot.current?.moveCursor(step);
  };
  return <div ref={root} class="chart-plot" tabIndex={0} role="img" aria-label={summary} onKeyDown={onKeyDown} />;
}

function limitNote({ limit, unit }: ChartSpec, largest: number, scale: Scale): string | undefined {
  if (limit === undefined) return undefined;
  if (showsLimit(largest, limit.value)) return `${limit.name} ${formatSetOn(scale, limit.value)}`;
  // In the unit of values that are far below it, it would have more digits than are known.
  return `${limit.name} ${formatSetOn(scaleFor(unit, limit.value), limit.value)}, above this chart`;
}

/** A chart with its values in words and numbers: one figure, as a drawing or as a table. */
export function Chart({ spec, frame, as, onZoom, onReset }: ChartProps): JSX.Element {
  const [point, setPoint] = useState<number>();
  const { past, events } = frame;
  const data = plotDataOf(spec);
  const largest = largestOf(data);
  const scale = scaleFor(spec.unit, largest, spec.limit?.value);
  const note = [spec.note, limitNote(spec, largest, scale)].filter((text) => text !== undefined).join(' · ');
  const view: PlotView = {
    times: timesOf(past),
    fromUnixMs: past.fromUnixMs,
    toUnixMs: past.fromUnixMs + past.points * past.stepMs,
    data,
    scale,
    limit: spec.limit === undefined ? undefined : { value: spec.limit.value, text: spec.limit.name },
    events,
    zone: timeZone.value,
  };
  const pointed = as === 'table' ? undefined : point;
  return (
    <figure class="chart" data-chart={spec.id}>
      <figcaption class="chart-head">
        <h3>{spec.title}</h3>
        {note === '' ? null : <span class="muted">{note}</span>}
      </figcaption>
      {as === 'table' ? (
        <PastTable spec={spec} past={past} scale={scale} />
      ) : (
        <Canvas view={view} summary={summaryOf(spec, past, scale)} handlers={{ onZoom, onReset, onCursor: setPoint }} />
      )}
      <Legend spec={spec} scale={scale} point={pointed} at={pointed === undefined ? 'now' : momentOf(past, pointed)} />
    </figure>
  );
}
