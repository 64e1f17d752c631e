export interface Spending {
  /** Periods that are one interval long now: 1 is as configured. */
  readonly stretch: number;
  /** Part of one core that was used lately, such as 0.004. */
  readonly used: number;
  /** Part of one core that may be used; `Infinity` for all of it. */
  readonly budget: number;
  readonly maxStretch: number;
}

/** Narrower again only when that would leave this much of the budget free: else it would go to and fro. */
const HEADROOM = 0.8;

/**
 * By how much to stretch the interval from now on. What a tick costs does not depend on its length, so half the ticks cost half:
 * over budget the interval grows at once as far as needed, and shrinks by one step at a time.
 */
export function nextStretch({ stretch, used, budget, maxStretch }: Spending): number {
  if (!Number.isFinite(used) || budget === Infinity) return 1;
  if (used > budget) return Math.max(stretch, Math.min(maxStretch, Math.ceil((stretch * used) / budget)));
  if (stretch > 1 && (used * stretch) / (stretch - 1) < budget * HEADROOM) return stretch - 1;
  return stretch;
}
