import { metricInfo } from './alert/metric.ts';
import type { AlertRule, Query } from './alert/rule.ts';

/** While somebody looks: every frame, as the agents take them. */
export const EVERY_FRAME_MS = 0;

/** While nobody looks agents send no less often than this, milliseconds: far below the 15 s after which a host is stale. */
const SLOWEST_MS = 5000;

/** What slower frames save must be worth the change, milliseconds. */
const WORTH_MS = 2000;

/** A page that is loaded again is not nobody. */
const NOBODY_AFTER_MS = 10_000;

/** Frames within the time that a condition must hold: as many decide the same as more would. */
const FRAMES_TO_HOLD = 6;
const FRAMES_IN_WINDOW = 12;

/** How far apart frames may be for a query, milliseconds. What is not read from values does not wait for frames. */
function queryPaceMs({ metric, agg, windowMs }: Query, forMs: number): number {
  const { subject, alwaysKnown } = metricInfo(metric);
  if (subject === 'life' || subject === 'self' || alwaysKnown === true) return SLOWEST_MS;
  if (agg === 'last') return forMs / FRAMES_TO_HOLD;
  // A mean, an increase and a slope are the same from fewer values; a peak or a quantile is not.
  return agg === 'max' || agg === 'min' || agg === 'p95' ? EVERY_FRAME_MS : windowMs / FRAMES_IN_WINDOW;
}

/** The longest time between two frames with which every rule still decides the same, milliseconds; 0 for every frame. */
export function slowestPaceMs(rules: readonly Pick<AlertRule, 'enabled' | 'query' | 'and' | 'forMs'>[]): number {
  const paces = rules
    .filter(({ enabled }) => enabled)
    .flatMap(({ query, and, forMs }) => [query, ...and.map((each) => each.query)].map((q) => queryPaceMs(q, forMs)));
  const slowest = Math.min(SLOWEST_MS, ...paces);
  return slowest < WORTH_MS ? EVERY_FRAME_MS : Math.floor(slowest);
}

/** How often agents are asked to send: every frame while somebody looks, and what the rules need after nobody did for ten seconds. */
export class Pace {
  #watchedAtMs: number;

  constructor(nowMonotonicMs: number) {
    this.#watchedAtMs = nowMonotonicMs;
  }

  next(isWatched: boolean, rules: Parameters<typeof slowestPaceMs>[0], nowMonotonicMs: number): number {
    if (isWatched) this.#watchedAtMs = nowMonotonicMs;
    return nowMonotonicMs - this.#watchedAtMs < NOBODY_AFTER_MS ? EVERY_FRAME_MS : slowestPaceMs(rules);
  }
}
