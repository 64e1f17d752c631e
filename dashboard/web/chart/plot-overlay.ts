import type uPlot from 'uplot';
import { KIND_WORDS } from '../events/event-words.ts';
import type { ChartEvent } from './chart-spec.ts';
import type { Palette } from './palette.ts';

const FONT_PX = 10;

/** Letters nearer than this to the one before are left out; the lines stay. */
const LETTER_ROOM_PX = 9;

interface Limit {
  readonly value: number;
  readonly text: string;
}

/** The threshold as a dashed line with its name, when it is on the axis. */
export function drawLimit(plot: uPlot, limit: Limit, palette: Palette): void {
  const { ctx, bbox } = plot;
  const scale = devicePixelRatio;
  const y = Math.round(plot.valToPos(limit.value, 'y', true));
  if (y < bbox.top) return;
  ctx.save();
  ctx.strokeStyle = palette.limit;
  ctx.fillStyle = palette.limit;
  ctx.lineWidth = scale;
  ctx.setLineDash([4 * scale, 3 * scale]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.font = `${FONT_PX * scale}px ${palette.font}`;
  ctx.textAlign = 'right';
  // Above the line, but below it where there is no room above.
  const isAtEdge = y - bbox.top < (FONT_PX + 4) * scale;
  ctx.textBaseline = isAtEdge ? 'top' : 'bottom';
  ctx.fillText(limit.text, bbox.left + bbox.width - 2 * scale, y + (isAtEdge ? 3 : -3) * scale);
  ctx.restore();
}

/** A line with a letter for each thing that happened. */
export function drawEvents(plot: uPlot, events: readonly ChartEvent[], palette: Palette): void {
  const { ctx, bbox } = plot;
  const scale = devicePixelRatio;
  ctx.save();
  ctx.font = `600 ${FONT_PX * scale}px ${palette.font}`;
  ctx.textAlign = 'center';
  ctx.textBaseline = 'bottom';
  ctx.lineWidth = scale;
  let lastLetterAt = -Infinity;
  for (const { atUnixMs, kind } of events) {
    const x = Math.round(plot.valToPos(atUnixMs / 1000, 'x', true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    const colour = kind === 'oom' || kind === 'fired' ? palette.limit : palette.ink;
    ctx.strokeStyle = colour;
    ctx.fillStyle = colour;
    ctx.setLineDash(kind === 'created' || kind === 'oom' ? [] : [2 * scale, 3 * scale]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    if (x - lastLetterAt < LETTER_ROOM_PX * scale) continue;
    ctx.fillText(KIND_WORDS[kind].letter, x, bbox.top - scale);
    lastLetterAt = x;
  }
  ctx.restore();
}
