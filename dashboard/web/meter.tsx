import type { JSX } from 'preact';

/** Shares of a limit from which a bar changes its colour; the number beside it grows bold too. */
const WARNING_RATIO = 0.7;
const CRITICAL_RATIO = 0.9;

/** `calm`, `warning` or `critical`; unavailable is calm. */
export function bandOf(ratio: number): 'calm' | 'warning' | 'critical' {
  return ratio >= CRITICAL_RATIO ? 'critical' : ratio >= WARNING_RATIO ? 'warning' : 'calm';
}

/** A share of a limit as a bar, its two thresholds as notches. For eyes only: the number stands beside it. */
export function Meter({ ratio }: { readonly ratio: number }): JSX.Element {
  const filled = Number.isNaN(ratio) ? 0 : Math.min(1, Math.max(0, ratio));
  return (
    <span class={`meter band-${bandOf(ratio)}`} aria-hidden="true">
      <span class="meter-fill" style={{ transform: `scaleX(${filled})` }} />
    </span>
  );
}
