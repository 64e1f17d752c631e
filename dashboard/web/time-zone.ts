import { effect, signal } from '@preact/signals';

export type TimeZone = 'local' | 'utc';

const STORAGE_KEY = 'weft-time-zone';

function stored(): TimeZone {
  try {
    return localStorage.getItem(STORAGE_KEY) === 'utc' ? 'utc' : 'local';
  } catch {
    return 'local';
  }
}

/** In which times of day are shown; kept in this browser. */
export const timeZone = signal<TimeZone>(stored());

effect(() => {
  try {
    localStorage.setItem(STORAGE_KEY, timeZone.value);
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
  }
});
