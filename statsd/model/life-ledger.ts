import { isUnexpectedExit, NO_RETURNS, returnsNow, type Returns } from '../life/wire.ts';
import type { ExitInventory } from '../wire.ts';
import { escapeLabelValue } from './exposition.ts';
import type { Health } from './identity.ts';

/** What a life is known by; all of it becomes labels. */
export interface LifeNames {
  readonly name: string;
  readonly runtime: string;
  readonly image: string | undefined;
  readonly composeProject: string | undefined;
  readonly composeService: string | undefined;
}

/** One container as it is told to the ledger. */
export interface Bearer {
  readonly key: string;
  readonly names: LifeNames;
  readonly health: Health | undefined;
  /** As its runtime counts. */
  readonly restartCount: number | undefined;
  /** Of its present cgroup; NaN where unknown. */
  readonly oomKills: () => number;
}

export type LifeExit = Pick<ExitInventory, 'exitCode' | 'oomKilled'>;

/** One name on this host, through all containers that bear it; the counts only grow. */
export interface LifeCounts {
  readonly names: LifeNames;
  /** The names as Prometheus writes them, without braces. */
  readonly labels: string;
  readonly restarts: number;
  readonly oomKills: number;
  readonly unexpectedExits: number;
  /** `undefined` when nobody checks it. */
  readonly unhealthy: boolean | undefined;
}

interface Life {
  names: LifeNames;
  /** Of the names; rendered once, not at each scrape. */
  labels: string;
  /** Living containers of this name, by key. */
  readonly bearers: Map<string, Bearer>;
  restarts: number;
  endedOomKills: number;
  unexpectedExits: number;
  returns: Returns;
  endedAtMonotonicMs: number;
}

/** A name without a living container is remembered for this long, milliseconds. */
export const LIFE_RETENTION_MS = 3_600_000;

/** Names without a living container that are remembered at most; the ones that ended first give way. */
const MAX_ENDED = 1000;

/** Ends whose exit code is waited for at most. */
const MAX_UNTOLD = 1000;

function labelsOf({ name, runtime, image, composeProject, composeService }: LifeNames): string {
  const pairs = [
    ['name', name],
    ['runtime', runtime],
    ['image', image],
    ['compose_project', composeProject],
    ['compose_service', composeService],
  ] as const;
  return pairs
    .flatMap(([label, value]) => (value === undefined || value === '' ? [] : [`${label}="${escapeLabelValue(value)}"`]))
    .join(',');
}

/** What is counted in those that live. */
function countsNow(bearers: Iterable<Bearer>): Pick<LifeCounts, 'oomKills' | 'unhealthy'> {
  let oomKills = 0;
  let unhealthy: boolean | undefined;
  for (const bearer of bearers) {
    oomKills += bearer.oomKills() || 0;
    if (bearer.health !== undefined) unhealthy = unhealthy === true || bearer.health === 'unhealthy';
  }
  return { oomKills, unhealthy };
}

/**
 * How often the containers of a name came back, were killed for memory, and ended as they should not. A container's own
 * series go with it; what is counted here outlives it, so that a rule can look at its growth.
 */
export class LifeLedger {
  readonly #lives = new Map<string, Life>();
  readonly #nameOf = new Map<string, string>();
  /** Names without a living container. */
  #resting = 0;
  /** Names by key of ends without an exit code. */
  readonly #untold = new Map<string, string>();

  /** Names that are remembered. */
  get names(): number {
    return this.#lives.size;
  }

  /** A container began, or is told of anew. */
  seen(bearer: Bearer): void {
    const { key, names, restartCount } = bearer;
    const before = this.#nameOf.get(key);
    if (before !== undefined && before !== names.name) this.#leave(key, before);
    const life = this.#lifeOf(names);
    const returned = life.bearers.size === 0 && Number.isFinite(life.endedAtMonotonicMs);
    if (returned) this.#resting -= 1;
    const { returns, news } = returnsNow(life.returns, { key, restartCount, returned });
    life.returns = returns;
    life.restarts += news;
    life.endedAtMonotonicMs = Number.NaN;
    life.names = names;
    life.labels = labelsOf(names);
    life.bearers.set(key, bearer);
    this.#nameOf.set(key, names.name);
  }

  /** A container ended. */
  ended(key: string, exit: LifeExit, nowMonotonicMs: number): void {
    const name = this.#nameOf.get(key);
    const life = this.#lives.get(name ?? '');
    const bearer = life?.bearers.get(key);
    if (name === undefined || life === undefined || bearer === undefined) return;
    const kills = bearer.oomKills() || 0;
    // The kernel's count goes with the cgroup, often before it is read: the end itself tells of one kill.
    life.endedOomKills += kills > 0 || exit.oomKilled !== true ? kills : 1;
    if (isUnexpectedExit(exit)) life.unexpectedExits += 1;
    else if (exit.exitCode === undefined) this.#await(key, name);
    life.bearers.delete(key);
    this.#nameOf.delete(key);
    if (life.bearers.size === 0) this.#rest(name, life, nowMonotonicMs);
  }

  /** How a container ended that had ended before anybody could say. */
  exitKnown(key: string, exit: LifeExit): void {
    const life = this.#lives.get(this.#untold.get(key) ?? '');
    if (exit.exitCode === undefined || !this.#untold.delete(key) || life === undefined) return;
    if (isUnexpectedExit(exit)) life.unexpectedExits += 1;
  }

  /** A container lives on, but is not to be shown. */
  withdrawn(key: string): void {
    const name = this.#nameOf.get(key);
    if (name !== undefined) this.#leave(key, name);
    this.#nameOf.delete(key);
  }

  /** Those with a living container, and of the others those that something happened to; forgets what ended long ago. */
  counts(nowMonotonicMs: number): LifeCounts[] {
    this.#prune(nowMonotonicMs);
    const told: LifeCounts[] = [];
    for (const { names, labels, restarts, endedOomKills, unexpectedExits, bearers } of this.#lives.values()) {
      if (bearers.size === 0 && restarts + endedOomKills + unexpectedExits === 0) continue;
      const now = countsNow(bearers.values());
      told.push({ names, labels, restarts, unexpectedExits, ...now, oomKills: endedOomKills + now.oomKills });
    }
    return told;
  }

  #lifeOf(names: LifeNames): Life {
    const known = this.#lives.get(names.name);
    if (known !== undefined) return known;
    const nothing = { restarts: 0, endedOomKills: 0, unexpectedExits: 0, returns: NO_RETURNS };
    const life = { names, labels: '', bearers: new Map<string, Bearer>(), ...nothing, endedAtMonotonicMs: Number.NaN };
    this.#lives.set(names.name, life);
    return life;
  }

  /** The last bearer of a name ended. */
  #rest(name: string, life: Life, nowMonotonicMs: number): void {
    life.endedAtMonotonicMs = nowMonotonicMs;
    this.#resting += 1;
    // In the order of their ends.
    this.#lives.delete(name);
    this.#lives.set(name, life);
    // Now and then, not at each end: it looks at all of them.
    if (this.#lives.size > this.#nameOf.size + 2 * MAX_ENDED - 1) this.#prune(nowMonotonicMs);
  }

  /** The name is another's now, or nobody's: a name that nothing happened to is forgotten with its last bearer. */
  #leave(key: string, name: string): void {
    const life = this.#lives.get(name);
    life?.bearers.delete(key);
    if (life?.bearers.size === 0) this.#lives.delete(name);
  }

  #await(key: string, name: string): void {
    this.#untold.set(key, name);
    const [oldest] = this.#untold.keys();
    if (this.#untold.size > MAX_UNTOLD && oldest !== undefined) this.#untold.delete(oldest);
  }

  #prune(nowMonotonicMs: number): void {
    // At each scrape, though mostly nobody rests.
    if (this.#resting === 0) return;
    const ended = [...this.#lives].filter(([, { bearers }]) => bearers.size === 0);
    ended.forEach(([name, { endedAtMonotonicMs }], index) => {
      const surplus = index < ended.length - MAX_ENDED;
      if (!surplus && nowMonotonicMs - endedAtMonotonicMs <= LIFE_RETENTION_MS) return;
      this.#lives.delete(name);
      this.#resting -= 1;
    });
  }
}
