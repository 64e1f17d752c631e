import type { JSX } from 'preact';
import { PauseIcon } from './icons.tsx';
import { orderPaused } from './order-pause.ts';

/** Said while somebody points at a table, or reads it by keyboard. */
export function OrderPaused(): JSX.Element {
  return (
    <span class="order-paused" hidden={!orderPaused.value}>
      <PauseIcon /> order paused
    </span>
  );
}
