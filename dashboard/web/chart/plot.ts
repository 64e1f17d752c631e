import uPlot from 'uplot';
import { formatTick } from '../stamp.ts';
import type { TimeZone } from '../time-zone.ts';
import type { ChartEvent } from './chart-spec.ts';
import { dashOf, paletteAt, type Palette } from './palette.ts';
import { lonelyPoints, type PlotData } from './plot-data.ts';
import { drawEvents, drawLimit } from './plot-overlay.ts';
import { formatSetOn, gridOf, type Scale } from './unit.ts';

/** Everything that a plot shows. */
export interface PlotView {
  /** Seconds since 1970. */
  readonly times: number[];
  readonly fromUnixMs: number;
  readonly toUnixMs: number;
  readonly data: PlotData;
  readonly scale: Scale;
  readonly limit: { readonly value: number; readonly text: string } | undefined;
  readonly events: readonly ChartEvent[];
  readonly zone: TimeZone;
}

export interface PlotHandlers {
  /** A stretch was drawn with the mouse. */
  readonly onZoom: (fromUnixMs: number, toUnixMs: number) => void;
  /** A double click. */
  readonly onReset: () => void;
  /** The cursor of any chart of the page is at this point, or nowhere. */
  readonly onCursor: (point: number | undefined) => void;
}

/** All charts of a page share one cursor. */
const SYNC_KEY = 'page';

const HEIGHT_PX = 168;
const VALUE_AXIS_PX = 66;
const TIME_AXIS_PX = 26;
const MARKS_PX = 14;
const TICK_ROOM_PX = 72;
/** Width of a digit of its labels. */
const TICK_LETTER_PX = 6.5;

/** Shorter drags are clicks. */
const LEAST_DRAG_PX = 5;

/** Rows and areas of the same kinds in the same order: the plot can stay and only its values change. */
function layoutOf({ data }: PlotView): string {
  return JSON.stringify([data.rows.map(({ line, role }) => [line, role]), data.areas]);
}

/** One drawing on a canvas, kept up to date with as little work as it takes. */
export class Plot {
  readonly #root: HTMLElement;
  readonly #probe: HTMLElement;
  readonly #handlers: PlotHandlers;
  readonly #resized: ResizeObserver;
  #view: PlotView;
  #palette: Palette;
  #layout = '';
  #plot: uPlot | undefined;

  constructor(root: HTMLElement, view: PlotView, handlers: PlotHandlers) {
    this.#root = root;
    this.#view = view;
    this.#handlers = handlers;
    this.#probe = document.createElement('span');
    this.#probe.hidden = true;
    root.append(this.#probe);
    this.#palette = paletteAt(this.#probe);
    this.#resized = new ResizeObserver(() => {
      const width = root.clientWidth;
      if (width > 0) this.#plot?.setSize({ width, height: HEIGHT_PX });
    });
    this.show(view);
    this.#resized.observe(root);
  }

  show(view: PlotView): void {
    this.#view = view;
    const layout = layoutOf(view);
    const data: uPlot.AlignedData = [view.times, ...view.data.rows.map(({ values }) => values)];
    if (this.#plot !== undefined && layout === this.#layout) {
      this.#plot.setData(data);
      return;
    }
    this.#layout = layout;
    this.#plot?.destroy();
    this.#plot = new uPlot(this.#options(), data, this.#root);
  }

  /** Draws again in the colours that hold now. */
  recolour(): void {
    this.#palette = paletteAt(this.#probe);
    this.#plot?.redraw(false, true);
  }

  /** Moves the page's cursor by some points, from the end where it is nowhere. */
  moveCursor(step: number): void {
    const plot = this.#plot;
    if (plot === undefined) return;
    const last = this.#view.times.length - 1;
    const from = plot.cursor.idx ?? (step < 0 ? last + 1 : -1);
    const time = this.#view.times[Math.min(last, Math.max(0, from + step))] ?? 0;
    for (const each of uPlot.sync(SYNC_KEY).plots) each.setCursor({ left: each.valToPos(time, 'x'), top: 0 });
  }

  leaveCursor(): void {
    for (const each of uPlot.sync(SYNC_KEY).plots) each.setCursor({ left: -10, top: -10 });
  }

  destroy(): void {
    this.#resized.disconnect();
    this.#plot?.destroy();
    this.#probe.remove();
  }

  #options(): uPlot.Options {
    return {
      width: Math.max(1, this.#root.clientWidth),
      height: HEIGHT_PX,
      padding: [MARKS_PX, 8, 0, 0],
      legend: { show: false },
      tzDate: (seconds) => {
        const moment = new Date(seconds * 1000);
        return this.#view.zone === 'utc' ? uPlot.tzDate(moment, 'Etc/UTC') : moment;
      },
      scales: {
        x: { time: true, range: () => [this.#view.fromUnixMs / 1000, this.#view.toUnixMs / 1000] },
        y: { range: () => [0, this.#view.scale.ceiling] },
      },
      axes: [this.#timeAxis(), this.#valueAxis()],
      series: [{}, ...this.#series()],
      bands: this.#bands(),
      cursor: this.#cursor(),
      hooks: {
        draw: [
          (plot) => {
            this.#overlay(plot);
          },
        ],
        setSelect: [
          (plot) => {
            this.#zoom(plot);
          },
        ],
        setCursor: [
          (plot) => {
            this.#handlers.onCursor(plot.cursor.idx ?? undefined);
          },
        ],
      },
    };
  }

  #axis(): uPlot.Axis {
    return {
      stroke: () => this.#palette.ink,
      font: `11px ${this.#palette.font}`,
      grid: { stroke: () => this.#palette.grid, width: 1 },
      ticks: { show: false },
    };
  }

  #timeAxis(): uPlot.Axis {
    return {
      ...this.#axis(),
      size: TIME_AXIS_PX,
      space: TICK_ROOM_PX,
      values: (...[plot, splits, , , step]) =>
        splits.map((seconds) => {
          const text = formatTick(seconds * 1000, step * 1000, this.#view.zone);
          // Half of a word at the edge reads as another time.
          const right = plot.valToPos(seconds, 'x') + (text.length * TICK_LETTER_PX) / 2;
          return right > plot.width - VALUE_AXIS_PX ? '' : text;
        }),
    };
  }

  #valueAxis(): uPlot.Axis {
    return {
      ...this.#axis(),
      size: VALUE_AXIS_PX,
      splits: () => gridOf(this.#view.scale),
      values: (_, splits) => splits.map((value) => formatSetOn(this.#view.scale, value)),
    };
  }

  #colour(line: number): string {
    return this.#palette.lines[line % this.#palette.lines.length] ?? this.#palette.ink;
  }

  #series(): uPlot.Series[] {
    const { areas, rows } = this.#view.data;
    return rows.map(({ line, role }, row) => {
      const isFloor = areas.some(({ upper, lower }) => upper === row && lower === undefined);
      const fill = isFloor ? { fill: () => faded(this.#colour(line)) } : {};
      if (role !== 'value') return { stroke: 'transparent', width: 0, points: { show: false } };
      return {
        ...fill,
        stroke: () => this.#colour(line),
        width: 1.5,
        dash: dashOf(line),
        points: { show: true, size: 4, filter: (plot, series) => lonelyPoints(plot.data[series] ?? []) },
      };
    });
  }

  #bands(): uPlot.Band[] {
    return this.#view.data.areas.flatMap(({ line, upper, lower }) =>
      lower === undefined ? [] : [{ series: [upper + 1, lower + 1], fill: () => faded(this.#colour(line)) }],
    );
  }

  #cursor(): uPlot.Cursor {
    return {
      y: false,
      points: { show: false },
      drag: { x: true, y: false, setScale: false, dist: LEAST_DRAG_PX },
      // Others follow the cursor; what is selected is the business of one chart.
      sync: {
        key: SYNC_KEY,
        setSeries: false,
        filters: { pub: (type) => type === 'mousemove' || type === 'mouseleave' },
      },
      bind: {
        dblclick: () => () => {
          this.#handlers.onReset();
          return null;
        },
      },
    };
  }

  #overlay(plot: uPlot): void {
    const { limit, events } = this.#view;
    if (limit !== undefined) drawLimit(plot, limit, this.#palette);
    drawEvents(plot, events, this.#palette);
  }

  #zoom(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width < LEAST_DRAG_PX) return;
    const at = (x: number): number => plot.posToVal(x, 'x') * 1000;
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.#handlers.onZoom(at(left), at(left + width));
  }
}

/** A colour as an area that grid and other lines are seen through. */
function faded(colour: string): string {
  return colour.replace(/^rgb\((.*)\)$/, (_, parts: string) => `rgb(${parts.replaceAll(',', ' ')} / 18%)`);
}
