import { RARE_EVERY, SLOW_EVERY } from '../model/schedule.ts';
import { KeptList } from './kept-list.ts';
import type { LiveContainer } from './live-container.ts';

/** Containers that are read whole at the same rounds, and so have their other slow turns together. */
interface Group {
  readonly containers: Set<LiveContainer>;
  /** `undefined`: to be made. */
  list: KeptList | undefined;
}

/**
 * What slow turns read of grown containers. At each {@link RARE_EVERY}th round a container is read whole; at its slow turns between,
 * nothing of it is touched unless one of its files says something else than before.
 */
export class SlowReads {
  readonly #groups: readonly Group[] = Array.from({ length: RARE_EVERY }, () => ({
    containers: new Set(),
    list: undefined,
  }));

  /** From now on it has its turns here; `wholeTurn` as {@link wholeTurnOf} says. */
  add(container: LiveContainer, wholeTurn: number): void {
    const group = this.#groups[wholeTurn % RARE_EVERY];
    if (group === undefined) return;
    group.containers.add(container);
    group.list = undefined;
  }

  /** Its descriptors are closed and given out anew. */
  remove(container: LiveContainer): void {
    for (const group of this.#groups) if (group.containers.delete(container)) group.list = undefined;
  }

  /** Those that are read whole at a round: what that teaches may change what slow turns read. */
  whole(round: number): ReadonlySet<LiveContainer> {
    const group = this.#groups[round % RARE_EVERY];
    if (group !== undefined) group.list = undefined;
    return group?.containers ?? new Set();
  }

  /** Of all others that have a slow turn at a round. */
  open(round: number): KeptList[] {
    const lists: KeptList[] = [];
    for (let turn = round % SLOW_EVERY; turn < RARE_EVERY; turn += SLOW_EVERY) {
      const group = this.#groups[turn];
      if (group === undefined || turn === round % RARE_EVERY || group.containers.size === 0) continue;
      if (group.list?.isOutdated !== false) group.list = new KeptList([...group.containers]);
      lists.push(group.list);
    }
    return lists;
  }
}
