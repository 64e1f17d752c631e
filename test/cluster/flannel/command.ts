import { startWeft } from '../../support/processes.ts';
import type { OverlayHost } from './cluster.ts';

/** How a command ended and what it said. */
export interface Answer {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs `weft WORDS` on a host, without colours. */
export async function answerOf(
  host: OverlayHost,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  await using child = await startWeft(words, { namespace: host.ns.name, env: { FORCE_COLOR: '0', ...env } });
  const { code } = await child.exited;
  return { code, out: child.stdout(), err: child.stderr() };
}
