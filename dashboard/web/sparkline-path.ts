import type { SeriesView } from './series.ts';

export interface SparklineBox {
  readonly width: number;
  readonly height: number;
  /** The value at the upper edge; without it the largest value of the series. */
  readonly ceiling?: number;
  /** A threshold, drawn across. */
  readonly threshold?: number | undefined;
}

/** What SVG draws of a series: the line itself, and what lies below it. */
export interface SparklinePaths {
  readonly line: string;
  readonly area: string;
  /** Empty without a threshold, and while nothing is known. */
  readonly threshold: string;
}

type Point = readonly [x: number, y: number];

const HATCH_STEP_PX = 5;

/** A tenth of a pixel is finer than anybody sees, and halves the text. */
const tenth = (px: number): number => Math.round(px * 10) / 10;

function largest(series: SeriesView): number {
  let max = 0;
  for (let index = 0; index < series.points; index += 1) {
    const value = series.at(index);
    if (value > max && Number.isFinite(value)) max = value;
  }
  return max;
}

/** The value at the upper edge. */
const topOf = (series: SeriesView, { ceiling, threshold }: SparklineBox): number =>
  Math.max(largest(series), ceiling ?? 0, threshold ?? 0) || 1;

const yOf = (value: number, top: number, height: number): number => tenth(height - 1 - (value / top) * (height - 3));

/** The runs of values between two gaps; straight lines, no smoothing. */
function runsOf(series: SeriesView, box: SparklineBox): Point[][] {
  const { width, height } = box;
  const top = topOf(series, box);
  const runs: Point[][] = [[]];
  const steps = Math.max(1, series.points - 1);
  for (let index = 0; index < series.points; index += 1) {
    const value = series.at(index);
    // Frames are of four bytes a value: 1e300 arrives as Infinity, which has no place in a picture.
    if (!Number.isFinite(value)) runs.push([]);
    else runs.at(-1)?.push([tenth((index / steps) * width), yOf(value, top, height)]);
  }
  return runs.filter((run) => run.length > 0);
}

/** Empty while nothing is known. */
export function sparklinePaths(series: SeriesView | undefined, box: SparklineBox): SparklinePaths {
  let line = '';
  let area = '';
  for (const run of series === undefined ? [] : runsOf(series, box)) {
    const [first, last] = [run[0], run.at(-1)];
    if (first === undefined || last === undefined) continue;
    // One value alone is a dash.
    const start = `M${first[0] - (run.length === 1 ? 1 : 0)} ${first[1]}`;
    const stroke = run.reduce((path, [x, y]) => `${path}L${x} ${y}`, start);
    line += stroke;
    area += `${stroke}L${last[0]} ${box.height}L${first[0]} ${box.height}Z`;
  }
  return { line, area, threshold: line === '' || series === undefined ? '' : thresholdPath(series, box) };
}

function thresholdPath(series: SeriesView, box: SparklineBox): string {
  const { width, height, threshold } = box;
  return threshold === undefined ? '' : `M0 ${yOf(threshold, topOf(series, box), height)}H${width}`;
}

/** Slanted lines across the whole box. */
export function hatchPath({ width, height }: SparklineBox): string {
  let path = '';
  for (let x = -height; x < width; x += HATCH_STEP_PX) path += `M${x} ${height}L${x + height} 0`;
  return path;
}
