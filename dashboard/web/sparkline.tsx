import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { isDarkSystem } from './media.ts';
import { addPainter, requestPaint } from './paint-loop.ts';
import type { SeriesView } from './series.ts';
import { lastFrame } from './store.ts';
import { theme } from './theme.ts';

export interface SparklineProps {
  readonly read: () => SeriesView | undefined;
  readonly width: number;
  readonly height: number;
  /** The value at the upper edge; without it the largest value of the series. */
  readonly ceiling?: number;
  /** Nothing new comes: hatched, so that an old line is not taken for a flat one. */
  readonly frozen?: boolean;
}

interface Drawing extends SparklineProps {
  /** The style sheet decides it, so that light and dark need no word here. */
  readonly colour: string;
  readonly canvas: HTMLCanvasElement;
  readonly context: CanvasRenderingContext2D;
}

const HATCH_STEP_PX = 5;

// One repaint for all lines: when values came, and when their colours changed.
lastFrame.subscribe(requestPaint);
theme.subscribe(requestPaint);
isDarkSystem.subscribe(requestPaint);

function fitToPixels({ canvas, context, width, height }: Drawing): void {
  const scale = devicePixelRatio;
  const [deviceWidth, deviceHeight] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== deviceWidth || canvas.height !== deviceHeight) {
    canvas.width = deviceWidth;
    canvas.height = deviceHeight;
  }
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
}

function largest(series: SeriesView): number {
  let max = 0;
  for (let index = 0; index < series.points; index += 1) {
    const value = series.at(index);
    if (value > max) max = value;
  }
  return max;
}

/** The runs of values between two gaps, as points on the canvas; straight lines, no smoothing. */
function runsOf(series: SeriesView, { width, height, ceiling }: Drawing): (readonly [x: number, y: number])[][] {
  const top = Math.max(largest(series), ceiling ?? 0) || 1;
  const runs: [number, number][][] = [[]];
  for (let index = 0; index < series.points; index += 1) {
    const value = series.at(index);
    const x = (index / (series.points - 1)) * width;
    if (Number.isNaN(value)) runs.push([]);
    else runs.at(-1)?.push([x, height - 1 - (value / top) * (height - 3)]);
  }
  return runs.filter((run) => run.length > 0);
}

function hatch({ context, width, height }: Drawing): void {
  context.globalAlpha = 0.35;
  context.beginPath();
  for (let x = -height; x < width; x += HATCH_STEP_PX) {
    context.moveTo(x, height);
    context.lineTo(x + height, 0);
  }
  context.stroke();
}

function draw(drawing: Drawing): void {
  const { context, height } = drawing;
  fitToPixels(drawing);
  context.strokeStyle = drawing.colour;
  context.fillStyle = drawing.colour;
  context.lineWidth = 1.25;
  context.lineJoin = 'round';
  const series = drawing.read();
  for (const run of series === undefined ? [] : runsOf(series, drawing)) {
    const [first, last] = [run[0], run.at(-1)];
    if (first === undefined || last === undefined) continue;
    context.beginPath();
    context.moveTo(first[0] - (run.length === 1 ? 1 : 0), first[1]);
    for (const [x, y] of run) context.lineTo(x, y);
    context.globalAlpha = 1;
    context.stroke();
    context.lineTo(last[0], height);
    context.lineTo(first[0], height);
    context.globalAlpha = 0.14;
    context.fill();
  }
  if (drawing.frozen === true) hatch(drawing);
  context.globalAlpha = 1;
}

/** The last minutes of a value as a small line. For eyes only: the number stands beside it. */
export function Sparkline(props: SparklineProps): JSX.Element {
  const ref = useRef<HTMLCanvasElement>(null);
  const latest = useRef(props);
  latest.current = props;
  useEffect(() => {
    const canvas = ref.current;
    const context = canvas?.getContext('2d');
    if (canvas === null || context === null || context === undefined) return undefined;
    let colour = '';
    return addPainter({
      measure: () => {
        colour = getComputedStyle(canvas).color;
      },
      paint: () => {
        draw({ ...latest.current, canvas, context, colour });
      },
    });
  }, []);
  // A row of a virtualised table may get another series under the same canvas.
  useEffect(requestPaint, [props.read, props.frozen]);
  return (
    <canvas
      ref={ref}
      class="sparkline"
      aria-hidden="true"
      style={{ width: `${props.width}px`, height: `${props.height}px` }}
    />
  );
}
