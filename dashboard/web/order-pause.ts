import { signal } from '@preact/signals';

/** While somebody points at a table or reads it by keyboard, its rows stay where they are. */
export const orderPaused = signal(false);

const pauseFor = (event: PointerEvent): void => {
  // A finger has left when it is lifted, but the browser says so only at the next touch elsewhere.
  if (event.pointerType === 'mouse') orderPaused.value = true;
};
const pauseForKeys = (event: FocusEvent): void => {
  if (event.target instanceof HTMLElement && event.target.matches(':focus-visible')) orderPaused.value = true;
};
const resume = (): void => {
  orderPaused.value = false;
};

/** For the element whose rows are to stay. */
export const HOLD_ORDER = {
  onPointerEnter: pauseFor,
  onPointerLeave: resume,
  onFocusIn: pauseForKeys,
  onFocusOut: resume,
} as const;
