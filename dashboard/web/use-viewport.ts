import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { requestPaint } from './paint-loop.ts';

/** Scroll position and height of a table's region. */
export function useViewport(): {
  readonly ref: { current: HTMLDivElement | null };
  readonly top: number;
  readonly height: number;
} {
  const ref = useRef<HTMLDivElement>(null);
  const [viewport, setViewport] = useState({ top: 0, height: 600 });
  // Before the first paint: the observer's first word comes in the middle of a frame, when rows for another height are there.
  useLayoutEffect(() => {
    const region = ref.current;
    if (region === null) return undefined;
    const measure = (): void => {
      const [top, height] = [region.scrollTop, region.clientHeight];
      setViewport((before) => (before.top === top && before.height === height ? before : { top, height }));
      requestPaint();
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(region);
    region.addEventListener('scroll', measure, { passive: true });
    return () => {
      observer.disconnect();
      region.removeEventListener('scroll', measure);
    };
  }, []);
  return { ref, ...viewport };
}
