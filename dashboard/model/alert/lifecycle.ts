import { isUnexpectedExit, NO_RETURNS, returnsNow, type Returns } from '../../../statsd/life/wire.ts';
import type { ContainerExit, ContainerInventory } from '../../../statsd/wire.ts';

/** A life without a running container is remembered for this long: no rule looks back further, milliseconds. */
export const LIFE_RETENTION_MS = 3_600_000;

/** Lives that are kept at most; the ones that ended first give way. */
export const MAX_LIVES = 50_000;

/** Ends without an exit code that are waited for at most. */
const MAX_UNTOLD = 10_000;

/** One name on one host, through all the containers that bore it. Counts only grow; rules look at their growth. */
export interface ContainerLife {
  /** `<nodeId>/<name>`. */
  readonly key: string;
  readonly nodeId: string;
  readonly name: string;
  runtime: string;
  image: string | undefined;
  labels: Readonly<Record<string, string>>;
  running: boolean;
  restarts: number;
  oomKills: number;
  unexpectedExits: number;
  /** 1 or 0; NaN when nobody checks its health. */
  unhealthy: number;
  endedAtMonotonicMs: number | undefined;
  returns: Returns;
  /** The kernel's own count for the running container, as last read; `undefined` before. */
  kernelOomKills: number | undefined;
  /** When a kill was last counted. */
  oomKilledAtMonotonicMs: number;
}

/** An end that tells of a kill so soon after one was counted tells of the same, milliseconds. */
const SAME_KILL_MS = 5000;

type ExitFacts = Pick<ContainerExit, 'exitCode' | 'oomKilled'>;

const NO_KILLS = { kernelOomKills: undefined, oomKilledAtMonotonicMs: -Infinity };

/** Counts how often containers die, are killed for memory, and come back. */
export class Lives {
  readonly #lives = new Map<string, ContainerLife>();
  /** Names by container, to know whose end is told: `<nodeId>/<container key>` → life's key. */
  readonly #names = new Map<string, string>();
  /** Ends whose exit code is not told yet, by container. */
  readonly #untold = new Map<string, string>();

  all(): IterableIterator<ContainerLife> {
    return this.#lives.values();
  }

  has(key: string): boolean {
    return this.#lives.has(key);
  }

  /** A container is there: a name that was there before with another or an ended container has restarted. */
  seen(nodeId: string, container: ContainerInventory): void {
    const key = `${nodeId}/${container.name}`;
    const place = `${nodeId}/${container.key}`;
    const known = this.#lives.get(key);
    const { runtime, image, labels, restartCount } = container;
    const told = (returned: boolean) => ({ key: container.key, restartCount, returned });
    const unhealthy = container.health === undefined ? Number.NaN : Number(container.health === 'unhealthy');
    if (known === undefined) {
      const counts = { restarts: 0, oomKills: 0, unexpectedExits: 0, unhealthy };
      const { returns } = returnsNow(NO_RETURNS, told(false));
      const fresh = { key, nodeId, name: container.name, runtime, image, labels, running: true, returns };
      this.#lives.set(key, { ...fresh, ...counts, endedAtMonotonicMs: undefined, ...NO_KILLS });
    } else {
      const { returns, news } = returnsNow(known.returns, told(!known.running));
      known.restarts += news;
      Object.assign(known, {
        runtime,
        image,
        labels,
        unhealthy,
        returns,
        running: true,
        endedAtMonotonicMs: undefined,
      });
    }
    this.#names.set(place, key);
  }

  /** The kernel's count of kills in a running container; what it had when it was first read is history. @returns whether it grew. */
  oomKillsRead(
    at: { readonly nodeId: string; readonly key: string; readonly count: number },
    nowMonotonicMs: number,
  ): boolean {
    const life = this.#lives.get(this.#names.get(`${at.nodeId}/${at.key}`) ?? '');
    if (life === undefined) return false;
    const grown = at.count - (life.kernelOomKills ?? at.count);
    life.kernelOomKills = at.count;
    if (grown <= 0) return false;
    life.oomKills += grown;
    life.oomKilledAtMonotonicMs = nowMonotonicMs;
    return true;
  }

  /** A container is gone; `exit` when its agent told how. */
  gone(place: { readonly nodeId: string; readonly key: string }, nowMonotonicMs: number, exit?: ExitFacts): void {
    const at = `${place.nodeId}/${place.key}`;
    const life = this.#lives.get(this.#names.get(at) ?? '');
    this.#names.delete(at);
    if (life === undefined) return;
    life.running = false;
    life.unhealthy = Number.NaN;
    life.endedAtMonotonicMs = nowMonotonicMs;
    life.kernelOomKills = undefined;
    if (exit?.oomKilled === true && nowMonotonicMs - life.oomKilledAtMonotonicMs > SAME_KILL_MS) life.oomKills += 1;
    if (exit !== undefined && isUnexpectedExit(exit)) life.unexpectedExits += 1;
    else if (exit?.exitCode === undefined) this.#await(at, life.key);
  }

  #await(place: string, lifeKey: string): void {
    this.#untold.set(place, lifeKey);
    for (const oldest of this.#untold.keys()) {
      if (this.#untold.size <= MAX_UNTOLD) break;
      this.#untold.delete(oldest);
    }
  }

  /** How a container ended that was gone before anybody could say. */
  exitTold(place: { readonly nodeId: string; readonly key: string }, exit: ExitFacts): void {
    const at = `${place.nodeId}/${place.key}`;
    const life = this.#lives.get(this.#untold.get(at) ?? '');
    if (life === undefined || exit.exitCode === undefined) return;
    this.#untold.delete(at);
    if (isUnexpectedExit(exit)) life.unexpectedExits += 1;
  }

  /** Forgets lives that ended long ago, and all of a host that was forgotten. @returns whether any was. */
  prune(nowMonotonicMs: number, isKnownHost: (nodeId: string) => boolean): boolean {
    const before = this.#lives.size;
    for (const life of this.#lives.values()) {
      const over =
        life.endedAtMonotonicMs !== undefined && nowMonotonicMs - life.endedAtMonotonicMs > LIFE_RETENTION_MS;
      if (over || !isKnownHost(life.nodeId)) this.#lives.delete(life.key);
    }
    if (this.#lives.size > MAX_LIVES) {
      for (const { key, running } of this.#lives.values()) {
        if (this.#lives.size <= MAX_LIVES) break;
        if (!running) this.#lives.delete(key);
      }
    }
    return this.#lives.size !== before;
  }
}
