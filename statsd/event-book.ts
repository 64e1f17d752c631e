import type { ContainerCard } from './model/container-card.ts';
import { willTellExit, type ContainerEvent, type DockerAction } from './model/docker-event.ts';
import type { ExitFacts } from './model/exited.ts';

const KEPT_EVENTS = 256;
/** Runtimes write the exit code within some tens of milliseconds; whoever waits for the end is not held longer. */
const BEATS_OF_WAITING = 2;

interface Death {
  readonly card: ContainerCard;
  beats: number;
}

/** What happened to containers in docker's words: kept for those who ask later, told to those who listen. */
export class EventBook {
  readonly #listeners = new Set<(event: ContainerEvent) => void>();
  readonly #kept: ContainerEvent[] = [];
  /** Ends whose exit code is awaited. */
  readonly #deaths = new Map<string, Death>();

  /** The last events, oldest first. */
  recent(): readonly ContainerEvent[] {
    return this.#kept;
  }

  onEvent(listener: (event: ContainerEvent) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  tell(event: ContainerEvent): void {
    // What follows an end comes after it: a start again, a removal.
    this.#tellDeath(event.card.key);
    this.#tell(event);
  }

  /** It ended; told at once, or with its exit code where its runtime is about to write one. */
  died(card: ContainerCard): void {
    this.#deaths.set(card.key, { card, beats: 0 });
    if (!willTellExit(card)) this.#tellDeath(card.key);
  }

  exitKnown(key: string, exit: ExitFacts): void {
    const death = this.#deaths.get(key);
    if (death === undefined) return;
    this.#deaths.set(key, { ...death, card: { ...death.card, exit } });
    this.#tellDeath(key);
  }

  /** Once a second or an interval. */
  beat(): void {
    for (const [key, death] of this.#deaths) {
      death.beats += 1;
      if (death.beats >= BEATS_OF_WAITING) this.#tellDeath(key);
    }
  }

  #tellDeath(key: string): void {
    const card = this.#deaths.get(key)?.card;
    if (card?.exit === undefined) return;
    this.#deaths.delete(key);
    const action: DockerAction = 'die';
    this.#tell({ action, card, atUnixMs: card.exit.atUnixMs });
  }

  #tell(event: ContainerEvent): void {
    this.#kept.push(event);
    if (this.#kept.length > KEPT_EVENTS) this.#kept.shift();
    for (const listener of this.#listeners) listener(event);
  }
}
