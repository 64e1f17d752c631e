import { DockerError } from './docker-request.ts';
import type { ExitedContainer, ExitFacts } from './exited.ts';
import type { Identity } from './identity.ts';
import type { NamedContainer } from './inventory.ts';
import { cleanText, MAX_PATH } from './text.ts';

export type CardState = 'running' | 'paused' | 'exited';

/** Who a container is, as every output shows it; replaced whole when anything of it changes. Each string is bounded and clean. */
export interface ContainerCard extends Identity {
  readonly key: string;
  /** 64 hexadecimal digits: the runtime's own id where it has that form, else a hash of the key. */
  readonly dockerId: string;
  readonly id: string;
  readonly runtime: string;
  readonly cgroupPath: string;
  readonly state: CardState;
  /** `undefined` while it lives. */
  readonly exit: ExitFacts | undefined;
  /** It has the host's network; absent where that is not so, or not known. */
  readonly onHostNetwork?: true;
}

/** Gives 64 hexadecimal digits for a text. */
export type Hash = (text: string) => string;

/** Docker's clients cut ids to 12 digits and take anything shorter for a fault of theirs. */
const DOCKER_ID = /^[0-9a-f]{64}$/;

/** The id that docker's clients see. */
export function dockerIdOf({ key, id }: { readonly key: string; readonly id: string }, hash: Hash): string {
  // A key with an inode tells a second container that has the same id.
  return DOCKER_ID.test(id) && !key.includes('#') ? id : hash(key);
}

function describe(container: NamedContainer, hash: Hash): Omit<ContainerCard, 'state' | 'exit'> {
  return {
    ...container.identity,
    key: container.key,
    dockerId: dockerIdOf(container, hash),
    id: cleanText(container.id),
    runtime: container.runtime,
    cgroupPath: cleanText(container.cgroupPath, MAX_PATH),
  };
}

interface LivingContainer extends NamedContainer {
  readonly paused: boolean | undefined;
  readonly startedAtUnixMs: number | undefined;
  readonly onHostNetwork: boolean;
}

/** A living container. */
export function cardOf(container: LivingContainer, hash: Hash): ContainerCard {
  const { paused, startedAtUnixMs, onHostNetwork } = container;
  const state = paused === true ? 'paused' : 'running';
  const network = onHostNetwork ? ({ onHostNetwork } as const) : {};
  return { ...describe(container, hash), startedAtUnixMs, state, exit: undefined, ...network };
}

/** One that ended. */
export function exitedCardOf(container: ExitedContainer, hash: Hash): ContainerCard {
  const { exit } = container;
  return { ...describe(container, hash), startedAtUnixMs: exit.startedAtUnixMs, state: 'exited', exit };
}

/** When it was made, in Unix milliseconds; where no runtime tells, when it was started. */
export const createdAt = (card: ContainerCard): number | undefined => card.createdAtUnixMs ?? card.startedAtUnixMs;

export type Lookup =
  | { readonly kind: 'found'; readonly card: ContainerCard }
  | { readonly kind: 'none' }
  | { readonly kind: 'several'; readonly count: number };

const oneOf = (cards: readonly ContainerCard[]): Lookup | undefined => {
  const [card] = cards;
  if (card === undefined) return undefined;
  return cards.length === 1 ? { kind: 'found', card } : { kind: 'several', count: cards.length };
};

/**
 * Finds a container as docker does: by its whole id, its name (with or without a leading slash), the runtime's own id, then by
 * the beginning of its id. The living go before the ended; two that fit equally are told, never guessed.
 */
export function lookUp(cards: readonly ContainerCard[], word: string): Lookup {
  const name = word.replace(/^\//, '');
  if (name === '') return { kind: 'none' };
  const alive = cards.filter(({ exit }) => exit === undefined);
  const ways: ((card: ContainerCard) => boolean)[] = [
    (card) => card.dockerId === name,
    (card) => card.name === name,
    (card) => card.id === name,
    (card) => card.dockerId.startsWith(name),
  ];
  for (const fits of ways) {
    const found = oneOf(alive.filter(fits)) ?? oneOf(cards.filter(fits));
    if (found !== undefined) return found;
  }
  return { kind: 'none' };
}

/** The container that a client means. @throws {DockerError} 404 for none, 400 for several. */
export function findCard(cards: readonly ContainerCard[], word: string): ContainerCard {
  const found = lookUp(cards, word);
  if (found.kind === 'found') return found.card;
  if (found.kind === 'none') throw new DockerError(404, `No such container: ${word.slice(0, 256)}`);
  throw new DockerError(400, `${word.slice(0, 256)} fits ${found.count} containers: give more of the id`);
}
