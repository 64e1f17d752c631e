import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { addPainter, requestPaint } from './paint-loop.ts';
import type { SeriesView } from './series.ts';
import { hatchPath, sparklinePaths, type SparklineBox } from './sparkline-path.ts';
import { lastFrame } from './store.ts';

export interface SparklineProps extends SparklineBox {
  readonly read: () => SeriesView | undefined;
  /** Nothing new comes: hatched, so that an old line is not taken for a flat one. */
  readonly frozen?: boolean;
}

// One repaint for all lines when values came. Their colours are the style sheet's.
lastFrame.subscribe(requestPaint);

/**
 * The last minutes of a value as a small line. For eyes only: the number stands beside it. Not a canvas: a browser makes a layer
 * of each, and a page of a hundred lines was mostly busy with those.
 */
export function Sparkline(props: SparklineProps): JSX.Element {
  const line = useRef<SVGPathElement>(null);
  const area = useRef<SVGPathElement>(null);
  const threshold = useRef<SVGPathElement>(null);
  const latest = useRef(props);
  latest.current = props;
  useEffect(() => {
    let drawn = '';
    return addPainter(() => {
      const paths = sparklinePaths(latest.current.read(), latest.current);
      const all = paths.line + paths.threshold;
      if (all === drawn) return;
      drawn = all;
      line.current?.setAttribute('d', paths.line);
      area.current?.setAttribute('d', paths.area);
      threshold.current?.setAttribute('d', paths.threshold);
    });
  }, []);
  // A row of a virtualised table may get another series under the same line.
  useEffect(requestPaint, [props.read, props.threshold]);
  const { width, height, frozen } = props;
  return (
    <svg class="sparkline" aria-hidden="true" width={width} height={height} viewBox={`0 0 ${width} ${height}`}>
      <path ref={area} class="spark-area" />
      <path ref={line} class="spark-line" />
      {props.threshold === undefined ? null : <path ref={threshold} class="spark-threshold" />}
      {frozen === true ? <path class="spark-hatch" d={hatchPath(props)} /> : null}
    </svg>
  );
}
