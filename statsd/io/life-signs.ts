import { FIELD } from '../model/reading.ts';
import type { LiveContainer } from './live-container.ts';

/**
 * Of whom the numbers say that they may be over, and how many kills for memory the living count. Told of each container whose
 * numbers may have moved: to look at a thousand that did not move costs more than to read them.
 */
export class LifeSigns {
  readonly #ending = new Set<LiveContainer>();
  /** Only of those that have any. */
  readonly #kills = new Map<LiveContainer, number>();
  #sum = 0;

  /** Kills for memory that the living count. */
  get oomKills(): number {
    return this.#sum;
  }

  /** Those without processes or without a cgroup, as last read. */
  get ending(): Iterable<LiveContainer> {
    return this.#ending;
  }

  /** Its numbers, or whether its cgroup is there, may be others than before. */
  note(container: LiveContainer): void {
    const { sample } = container;
    if (container.gone || sample[FIELD.pidsCurrent] === 0) this.#ending.add(container);
    else if (this.#ending.size > 0) this.#ending.delete(container);
    const kills = sample[FIELD.oomKills] ?? Number.NaN;
    this.#count(container, kills > 0 ? kills : 0);
  }

  /** It is not read any more. */
  leave(container: LiveContainer): void {
    this.#ending.delete(container);
    this.#count(container, 0);
  }

  #count(container: LiveContainer, kills: number): void {
    const before = this.#kills.size === 0 ? 0 : (this.#kills.get(container) ?? 0);
    if (kills === before) return;
    this.#sum += kills - before;
    if (kills === 0) this.#kills.delete(container);
    else this.#kills.set(container, kills);
  }
}
