import type { JSX, TargetedPointerEvent } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { EventKind, EventView } from '../../model/events/event.ts';
import type { Range } from '../chart/range.ts';
import { formatClock } from '../stamp.ts';
import { timeZone } from '../time-zone.ts';
import { afterKey, afterPull, momentsOf, rangeOf, STEPS, type Span, type Stretch } from './brush.ts';
import { countWords } from './event-words.ts';

const WIDTH = 1000;

/** Shorter drags are clicks, as on a chart. */
const LEAST_DRAG_PX = 5;

/** What an end means is said by the words; only a kill and an alert are more than news. */
const TONE: Readonly<Record<EventKind, string>> = {
  started: 'calm',
  restarted: 'late',
  created: 'calm',
  ended: 'calm',
  oom: 'critical',
  fired: 'late',
  resolved: 'calm',
};

interface StrokesProps {
  readonly events: readonly EventView[];
  readonly span: Span;
  readonly drawn: Stretch | undefined;
  /** `The last hour`. */
  readonly title: string;
}

function Strokes({ events, span, drawn, title }: StrokesProps): JSX.Element {
  const { fromUnixMs, toUnixMs } = span;
  return (
    <svg
      viewBox={`0 0 ${WIDTH} 20`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`${title}: ${events.length === 0 ? 'nothing' : countWords(events)}`}
    >
      {drawn === undefined ? null : (
        <rect
          class="ribbon-drawn"
          x={WIDTH * Math.min(drawn.anchor, drawn.at) - 1}
          y={0}
          width={Math.max(2, WIDTH * Math.abs(drawn.at - drawn.anchor) + 2)}
          height={20}
        />
      )}
      {events.map((event) => {
        const share = (Date.parse(event.at) - fromUnixMs) / (toUnixMs - fromUnixMs);
        const tone = TONE[event.kind];
        return (
          <rect
            key={`${event.at} ${event.kind} ${event.series ?? event.rule ?? ''} ${event.host ?? ''}`}
            class={`ribbon-${tone}`}
            x={Math.min(WIDTH - 2, Math.max(0, WIDTH * share))}
            y={tone === 'calm' ? 7 : 1}
            width="3"
            height={tone === 'calm' ? 6 : 18}
          />
        );
      })}
    </svg>
  );
}

export interface TrackProps extends Omit<StrokesProps, 'drawn'> {
  /** Below the two ends. */
  readonly ends: readonly [from: string, to: string];
  /** A stretch of time was drawn. */
  readonly onRange: (range: Range) => void;
  /** A double click. */
  readonly onReset: () => void;
}

/** Each event as a stroke on a stretch of time; another stretch is drawn over it with the mouse, a finger or the keys, as on a chart. */
export function Track({ events, span, title, ends, onRange, onReset }: TrackProps): JSX.Element {
  const [drawn, setDrawn] = useState<Stretch>();
  const firstX = useRef<number>();
  const take = (stretch: Stretch | undefined): void => {
    setDrawn(undefined);
    if (stretch !== undefined && stretch.anchor !== stretch.at) onRange(rangeOf(stretch, span));
  };
  const pulled = (event: TargetedPointerEvent<HTMLElement>): Stretch | undefined => {
    const first = firstX.current;
    if (first === undefined || Math.abs(event.clientX - first) < LEAST_DRAG_PX) return undefined;
    return afterPull(first, event.clientX, event.currentTarget.getBoundingClientRect());
  };
  const stopPulling = (): void => {
    firstX.current = undefined;
    setDrawn(undefined);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const moved = afterKey(drawn, event);
    if (moved === undefined && event.key !== 'Enter' && event.key !== 'Escape') return;
    event.preventDefault();
    if (moved !== undefined) setDrawn(moved);
    else take(event.key === 'Enter' ? drawn : undefined);
  };
  const pointed = momentsOf(drawn ?? { anchor: 1, at: 1 }, span);
  const clock = (unixMs: number): string => formatClock(unixMs, timeZone.value);
  const words = [...new Set([clock(pointed.fromUnixMs), clock(pointed.toUnixMs)])].join(' to ');
  return (
    <div class="ribbon-track">
      <div class="ribbon-brushed">
        <Strokes events={events} span={span} drawn={drawn} title={title} />
        <div
          class="ribbon-brush"
          role="slider"
          tabIndex={0}
          aria-label="Time of the events; Shift and arrows draw a stretch, Enter shows it"
          aria-valuemin={0}
          aria-valuemax={STEPS}
          aria-valuenow={Math.round((drawn?.at ?? 1) * STEPS)}
          aria-valuetext={words}
          title="Drag over a stretch of time to see it alone"
          onPointerDown={(event) => {
            if (event.button !== 0) return;
            event.currentTarget.setPointerCapture(event.pointerId);
            firstX.current = event.clientX;
          }}
          onPointerMove={(event) => {
            if (firstX.current !== undefined) setDrawn(pulled(event));
          }}
          onPointerUp={(event) => {
            const stretch = pulled(event);
            stopPulling();
            take(stretch);
          }}
          onPointerCancel={stopPulling}
          onDblClick={onReset}
          onKeyDown={onKeyDown}
          onBlur={stopPulling}
        />
      </div>
      <span class="ribbon-ends muted" aria-hidden="true">
        <span>{ends[0]}</span>
        {drawn === undefined ? null : <span class="ribbon-words">{words}</span>}
        <span>{ends[1]}</span>
      </span>
    </div>
  );
}
