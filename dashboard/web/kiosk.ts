import { effect, signal } from '@preact/signals';

/** For a screen on a wall: `?kiosk` in the address. No navigation, larger text, and the screen stays awake. */
export const kiosk = signal(new URLSearchParams(location.search).has('kiosk'));

let lock: WakeLockSentinel | undefined;

/** The browser lets go of the lock whenever the page is hidden. */
async function keepAwake(): Promise<void> {
  if (!('wakeLock' in navigator) || !kiosk.peek() || document.hidden) return;
  try {
    lock = await navigator.wakeLock.request('screen');
  } catch {
    // A battery that is low, or no permission: the screen may sleep.
  }
}

effect(() => {
  document.documentElement.toggleAttribute('data-kiosk', kiosk.value);
  if (kiosk.value) void keepAwake();
  else void lock?.release();
});

document.addEventListener('visibilitychange', () => void keepAwake());

export function toggleKiosk(): void {
  kiosk.value = !kiosk.value;
}
