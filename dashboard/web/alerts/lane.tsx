import type { JSX } from 'preact';
import { nowUnixMs } from '../clock.ts';

export interface LaneSpan {
  readonly fromUnixMs: number;
  /** `undefined` while it goes on. */
  readonly toUnixMs: number | undefined;
  readonly severity: string;
}

const WIDTH = 1000;
/** Short ones are drawn as wide as one can see. */
const LEAST = 3;

/** When something was the case within a span of time that ends now: bars on a line. The label says it in words. */
export function Lane({
  label,
  spanMs,
  spans,
}: {
  readonly label: string;
  readonly spanMs: number;
  readonly spans: readonly LaneSpan[];
}): JSX.Element {
  const end = nowUnixMs.value;
  const place = (unixMs: number): number => Math.max(0, WIDTH * (1 - (end - unixMs) / spanMs));
  return (
    <svg class="lane" viewBox={`0 0 ${WIDTH} 10`} preserveAspectRatio="none" role="img" aria-label={label}>
      <rect class="lane-ground" x="0" y="0" width={WIDTH} height="10" />
      {spans.map(({ fromUnixMs, toUnixMs, severity }) => {
        const [from, to] = [place(fromUnixMs), place(toUnixMs ?? end)];
        return (
          <rect
            key={`${fromUnixMs} ${toUnixMs ?? 0} ${severity}`}
            class={`lane-${severity}`}
            x={Math.min(from, WIDTH - LEAST)}
            y="0"
            width={Math.max(LEAST, to - from)}
            height="10"
          />
        );
      })}
    </svg>
  );
}
