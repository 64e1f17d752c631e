import { useEffect, useState } from 'preact/hooks';

/** Rows that one frame may add: making and laying out one takes about two milliseconds while the page's code is cold. */
const ROWS_A_FRAME = 6;

/** How many of `wanted` rows may be there by now: none in the first frame, which has the table's head to make, and some more after each that was painted. */
export function useGrowth(wanted: number): number {
  const [grown, setGrown] = useState(0);
  useEffect(() => {
    if (grown >= wanted) return undefined;
    // In a task of its own: an effect runs before the next drawing of its component, which may be in the same frame.
    const timer = setTimeout(setGrown, 0, grown + ROWS_A_FRAME);
    return () => {
      clearTimeout(timer);
    };
  }, [grown, wanted]);
  return grown;
}

/** Whether what was drawn first has been painted: for what can wait for the next frame. */
export function useIsPainted(): boolean {
  const [isPainted, setIsPainted] = useState(false);
  useEffect(() => {
    const timer = setTimeout(setIsPainted, 0, true);
    return () => {
      clearTimeout(timer);
    };
  }, []);
  return isPainted;
}
