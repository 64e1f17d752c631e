import type { ExitInventory } from '../wire.ts';

/** Ends that are nobody's fault: done, interrupted (SIGINT), stopped (SIGTERM), and killed after a stop that took too long. */
const EXPECTED_EXIT_CODES: ReadonlySet<number> = new Set([0, 130, 143, 137]);

/** Whether an end is worth an alert of its own; without an exit code only an OOM kill is known to be one. */
export function isUnexpectedExit({ exitCode, oomKilled }: Pick<ExitInventory, 'exitCode' | 'oomKilled'>): boolean {
  return oomKilled === true || (exitCode !== undefined && !EXPECTED_EXIT_CODES.has(exitCode));
}

/** What is known of a name when one of its containers is seen. */
export interface Returns {
  /** The container that bore the name last, and what its runtime had counted. */
  readonly lastKey: string | undefined;
  readonly restartCount: number | undefined;
  /** Returns that were seen before the runtime had counted them. */
  readonly uncounted: number;
}

export const NO_RETURNS: Returns = { lastKey: undefined, restartCount: undefined, uncounted: 0 };

/**
 * How often a name came back, now that it is seen (`returned`: it had ended before): by what was seen, and by what its runtime counted
 * meanwhile, each return once.
 */
export function returnsNow(
  before: Returns,
  now: { readonly key: string; readonly restartCount: number | undefined; readonly returned: boolean },
): { readonly returns: Returns; readonly news: number } {
  const { key, restartCount } = now;
  const isSame = before.lastKey === key;
  const grown = isSame ? Math.max(0, (restartCount ?? 0) - (before.restartCount ?? restartCount ?? 0)) : 0;
  const ahead = isSame ? before.uncounted : 0;
  const seen = now.returned && grown === 0 ? 1 : 0;
  const returns = {
    lastKey: key,
    restartCount: restartCount ?? (isSame ? before.restartCount : undefined),
    uncounted: Math.max(0, ahead - grown) + (isSame ? seen : 0),
  };
  return { returns, news: Math.max(0, grown - ahead) + seen };
}
