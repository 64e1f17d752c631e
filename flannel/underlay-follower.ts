import type { Clock } from '../native/host/clock.ts';
import type { Logger } from '../native/host/log.ts';
import { formatIp } from '../native/net/ip.ts';
import type { OverlayKernel } from './io/kernel.ts';
import {
  chooseUnderlay,
  InterfaceChoiceError,
  targetsOf,
  type InterfaceWish,
  type Stacks,
  type Underlay,
} from './model/interface-choice.ts';

export interface UnderlayFollowerParts {
  readonly kernel: OverlayKernel;
  readonly wish: InterfaceWish;
  readonly stacks: Stacks;
  readonly clock: Clock;
  readonly log: Logger;
  /** This host is at other addresses now. */
  readonly onMoved: (underlay: Underlay) => void;
}

/** An address that is taken off and put back, as by a restart of the network, is no move. */
const SETTLE_MS = 1_000;

/** Keeps the choice of the underlay interface true: it may vanish, come back with another index or MTU, or get another address. */
export class UnderlayFollower {
  readonly #parts: UnderlayFollowerParts;
  #current: Underlay;
  #goneSinceMs: number | undefined;

  constructor(parts: UnderlayFollowerParts, first: Underlay) {
    this.#parts = parts;
    this.#current = first;
  }

  /** As it was when it was last there. */
  get current(): Underlay {
    return this.#current;
  }

  /** The interface as it stands now; `undefined` while there is none. @throws {NetlinkError} */
  async resolve(signal: AbortSignal): Promise<Underlay | undefined> {
    const { kernel, clock } = this.#parts;
    const found = await kernel.readUnderlay(this.#current, signal);
    if (found !== undefined) {
      this.#goneSinceMs = undefined;
      this.#current = found;
      return found;
    }
    this.#goneSinceMs ??= clock.monotonicMs();
    if (clock.monotonicMs() - this.#goneSinceMs < SETTLE_MS) return undefined;
    return this.#moveOn(signal);
  }

  async #moveOn(signal: AbortSignal): Promise<Underlay | undefined> {
    const { kernel, wish, stacks, log, onMoved } = this.#parts;
    try {
      const { underlay } = chooseUnderlay(await kernel.readHost(targetsOf(wish), signal), wish, stacks);
      log.warn({ from: textOf(this.#current), to: textOf(underlay) }, 'this host has moved to another address');
      this.#goneSinceMs = undefined;
      this.#current = underlay;
      onMoved(underlay);
      return underlay;
    } catch (error) {
      if (error instanceof InterfaceChoiceError) return undefined; // its return is an event
      throw error;
    }
  }
}

/** `192.168.77.11 on eth0`. */
function textOf({ name, ipv4, ipv6 }: Underlay): string {
  const addresses = [ipv4, ipv6].flatMap((address) => (address === undefined ? [] : [formatIp(address)]));
  return `${addresses.join(' and ')} on ${name}`;
}
