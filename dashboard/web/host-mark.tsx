import type { JSX } from 'preact';
import type { HostState } from '../wire.ts';
import { formatFreshness } from './host-facts.ts';
import { Mark, type MarkKind } from './mark.tsx';

const MARK: Readonly<Record<HostState, MarkKind>> = { live: 'ok', late: 'late', stale: 'stale' };

/** A host's state, with the age of its data where that is not now. */
export function HostMark({
  state,
  ageMs,
}: {
  readonly state: HostState;
  readonly ageMs: number | undefined;
}): JSX.Element {
  return (
    <Mark kind={MARK[state]}>
      {state}
      {state === 'live' || ageMs === undefined ? null : ` ${formatFreshness(ageMs)}`}
    </Mark>
  );
}
