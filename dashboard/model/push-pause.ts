/** Frames of all hosts that come within this time reach browsers together, milliseconds. */
const LEAST_MS = 100;

/** With more browsers frames are fewer: what they cost grows with both. */
const MS_PER_BROWSER = 4;

/** However many look: from a sample to a pixel it shall take no more than 300 ms. */
const MOST_MS = 200;

/** How long browsers are sent nothing after they were sent what changed, milliseconds. */
export function pushPauseMs(browsers: number): number {
  return Math.min(MOST_MS, Math.max(LEAST_MS, browsers * MS_PER_BROWSER));
}
