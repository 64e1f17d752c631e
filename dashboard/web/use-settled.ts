import { useEffect, useState } from 'preact/hooks';

/** Longer than between two keys. */
const SETTLED_MS = 250;

/** A value that changes while somebody types, once it stays as it is for a moment; the first one at once. */
export function useSettled(value: string): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(setSettled, SETTLED_MS, value);
    return () => {
      clearTimeout(timer);
    };
  }, [value]);
  return settled;
}
