import type { Clock, RandomSource } from '../native/host/clock.ts';
import type { Logger } from '../native/host/log.ts';
import type { ContainerEvents } from './container-events.ts';
import type { IdentityKeeper, IdentityTarget, Learned } from './identity-keeper.ts';
import type { AncestorFiles } from './io/ancestor-files.ts';
import type { ExitFolders } from './io/exit-folders.ts';
import type { FilePool } from './io/kernel-file.ts';
import type { LiveContainer } from './io/live-container.ts';
import type { Recognised, ServiceChoice } from './model/container.ts';
import type { Hierarchy } from './model/hierarchy.ts';
import { sameIdentity } from './model/identity.ts';
import { FIELD, type Collector } from './model/reading.ts';

export interface ContainerKeeperParts {
  readonly hierarchy: Hierarchy;
  /** Only containers below this cgroup path are kept. */
  readonly cgroupRoot: string;
  readonly stateRoots: readonly string[];
  readonly services: ServiceChoice;
  readonly identities: IdentityKeeper;
  readonly exitFolders: ExitFolders;
  readonly collectors: readonly Collector[];
  readonly pool: FilePool;
  readonly ancestors: AncestorFiles;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
  readonly events: ContainerEvents;
}

/** A cgroup that is a container's, and what is known of it. */
export interface Slot {
  readonly inode: number;
  readonly recognised: Recognised;
  readonly container: LiveContainer;
  readonly target: IdentityTarget;
  state: 'waiting' | 'alive';
  /** It was told to the owner; a filter may hold it back. */
  shown: boolean;
  /** Ticks for which it has waited. */
  waited: number;
  readonly stop: AbortController;
}

/** Takes over what was learned of a container, and tells the owner what that changes: it is shown, hidden or called otherwise. */
export function learn(slot: Slot, { identity, runtime, verdict }: Learned, events: ContainerEvents): void {
  const { container } = slot;
  const same = container.runtime === runtime && sameIdentity(container.identity, identity);
  container.identity = identity;
  container.runtime = runtime;
  if (identity.startedAtUnixMs !== undefined)
    container.sample[FIELD.startTimeUnixSeconds] = identity.startedAtUnixMs / 1000;
  const shown = verdict === 'show';
  const before = slot.shown;
  slot.shown = shown;
  if (shown && !before) events.born(container);
  else if (!shown && before) events.withdrawn(container);
  else if (shown && !same) events.renamed(container);
}
