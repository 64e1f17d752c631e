import type { LiveContainer } from './io/live-container.ts';
import type { ExitFacts } from './model/exited.ts';

export interface ContainerEnd {
  readonly container: LiveContainer;
  readonly exit: ExitFacts;
}

/** What the keeper tells its owner; `withdrawn` is for a container that lives, but is not to be shown any more. */
export interface ContainerEvents {
  born(container: LiveContainer): void;
  ended(end: ContainerEnd): void;
  /** Names, image, labels, health, … of a living container changed. */
  renamed(container: LiveContainer): void;
  withdrawn(container: LiveContainer): void;
  /** How it ended became known after `ended`. */
  exitKnown(key: string, exit: ExitFacts): void;
}

/** Tells several, one after the other, in this order. */
export function eventsTo(listeners: readonly ContainerEvents[]): ContainerEvents {
  const each = (call: (listener: ContainerEvents) => void): void => {
    for (const listener of listeners) call(listener);
  };
  return {
    born: (container) => {
      each((listener) => {
        listener.born(container);
      });
    },
    ended: (end) => {
      each((listener) => {
        listener.ended(end);
      });
    },
    renamed: (container) => {
      each((listener) => {
        listener.renamed(container);
      });
    },
    withdrawn: (container) => {
      each((listener) => {
        listener.withdrawn(container);
      });
    },
    exitKnown: (key, exit) => {
      each((listener) => {
        listener.exitKnown(key, exit);
      });
    },
  };
}
