import { Backoff } from '../host/backoff.ts';
import type { Clock, RandomSource } from '../host/clock.ts';

/** How often a dump is asked for; with these delays a table must change for about a second and a half without a pause. */
export const DUMP_ATTEMPTS = 12;
const DUMP_BACKOFF = { firstMs: 2, maxMs: 200 };

export interface RepeatOptions {
  readonly clock: Pick<Clock, 'sleep'>;
  readonly random: RandomSource;
}

/**
 * Asks again, with growing pauses, while the kernel marks a dump as interrupted (NLM_F_DUMP_INTR: the table changed under
 * it, entries may be missing or twice). Gives the last answer, which may still be an interrupted one after
 * {@link DUMP_ATTEMPTS}. @throws what `attempt` throws; the signal's reason.
 */
export async function repeatInterrupted<Answer extends { readonly interrupted: boolean }>(
  attempt: () => Promise<Answer>,
  { clock, random }: RepeatOptions,
  signal?: AbortSignal,
): Promise<Answer> {
  const backoff = new Backoff({ ...DUMP_BACKOFF, random });
  for (let left = DUMP_ATTEMPTS; ; left--) {
    const answer = await attempt();
    if (!answer.interrupted || left === 1) return answer;
    await clock.sleep(backoff.nextMs(), signal);
  }
}
