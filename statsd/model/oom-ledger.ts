/** Containers whose kills are remembered after their end; the ones that ended longest ago fall out. */
const MAX_NAMES = 10_000;

/**
 * OOM kills by container name. The kernel's counter goes with its cgroup, and a runtime that starts a container again makes a
 * new one: what the former ones counted is kept here, so that the sum never falls.
 */
export class OomLedger {
  readonly #ended = new Map<string, number>();
  #total = 0;

  /** Kills of all containers that ended. */
  get total(): number {
    return this.#total;
  }

  /** A cgroup of this name ended with so many kills of its own. */
  end(name: string, kills: number): void {
    if (!(kills > 0)) return;
    this.#total += kills;
    const before = this.#ended.get(name) ?? 0;
    this.#ended.delete(name);
    this.#ended.set(name, before + kills);
    if (this.#ended.size <= MAX_NAMES) return;
    for (const oldest of this.#ended.keys()) {
      this.#ended.delete(oldest);
      return;
    }
  }

  /** Kills of this name under its former cgroups and the one that it has now; NaN while that is not known. */
  sum(name: string, killsNow: number): number {
    return (this.#ended.get(name) ?? 0) + killsNow;
  }
}
