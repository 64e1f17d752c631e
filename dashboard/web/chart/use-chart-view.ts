import { useLayoutEffect } from 'preact/hooks';
import { nowUnixMs } from '../clock.ts';
import { useQuery } from '../page.ts';
import { onPageKeys } from '../shortcuts.ts';
import { parseCpuMode, type CpuMode } from './cpu-mode.ts';
import { heldOrLive, LIVE_RANGE, neighbourOf, parseRange, withRange, zoomedTo, type Range } from './range.ts';

/** What the address says of a page of charts, and how it is changed. */
export interface ChartView {
  readonly range: Range;
  readonly cpuMode: CpuMode;
  readonly as: 'chart' | 'table';
  readonly setRange: (range: Range) => void;
  readonly setParam: (name: string, value: string | undefined) => void;
  readonly zoom: (fromUnixMs: number, toUnixMs: number) => void;
  readonly goLive: () => void;
}

/** Range, meaning of CPU and form of a page of charts: all in the address. `[`, `]`, `l` and the space bar change the range. */
export function useChartView(): ChartView {
  const { params, setParams } = useQuery();
  const range = parseRange(params);
  const setRange = (wanted: Range): void => {
    setParams(withRange(params, wanted));
  };
  const goLive = (): void => {
    setRange(LIVE_RANGE);
  };
  // A key that follows another at once is of the range that it made.
  useLayoutEffect(
    () =>
      onPageKeys({
        '[': () => {
          setRange(neighbourOf(range, -1));
        },
        ']': () => {
          setRange(neighbourOf(range, 1));
        },
        l: goLive,
        ' ': () => {
          setRange(heldOrLive(range, nowUnixMs.peek()));
        },
      }),
    [params],
  );
  return {
    range,
    cpuMode: parseCpuMode(params.get('cpu')),
    as: params.get('as') === 'table' ? 'table' : 'chart',
    setRange,
    setParam: (name, value) => {
      const next = new URLSearchParams(params);
      if (value === undefined) next.delete(name);
      else next.set(name, value);
      setParams(next, { replace: true });
    },
    zoom: (from, to) => {
      setRange(zoomedTo(from, to));
    },
    goLive,
  };
}
