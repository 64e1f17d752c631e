import { computed, signal, type ReadonlySignal } from '@preact/signals';

const TICK_MS = 1_000;

const serverAheadMs = signal(0);
const browserNow = signal(Date.now());

/** This browser's clock, moved on once a second. */
export const browserNowMs: ReadonlySignal<number> = browserNow;

/** The server's clock; ages are differences to this, so that a browser with a wrong clock shows right ones. */
export const nowUnixMs: ReadonlySignal<number> = computed(() => browserNow.value + serverAheadMs.value);

/** Learns the server's clock from the time stamp of a message that was just made. */
export function learnServerTime(timeUnixMs: number): void {
  browserNow.value = Date.now();
  serverAheadMs.value = timeUnixMs - browserNow.value;
}

/** Moves both clocks on until the page ends. */
export function startClock(): void {
  setInterval(() => {
    browserNow.value = Date.now();
  }, TICK_MS);
}
