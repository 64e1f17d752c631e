/** What of a transaction matters here. */
interface Change {
  readonly generation: number;
  readonly tables: ReadonlySet<string>;
  readonly restructured: ReadonlySet<string>;
}

/** The number has 32 bits and goes round. */
const isLater = (a: number, b: number | undefined): boolean => b === undefined || ((a - b) | 0) > 0;

/**
 * One thing that has to be looked at when it may have changed. A look that began at a generation settles every change up to
 * it, so the echo of our own writes causes no second look; what comes while it lasts is due again.
 */
class Subject {
  #seen: number | undefined;
  #due: number | 'anyway' | undefined = 'anyway';

  get isDue(): boolean {
    return this.#due !== undefined;
  }

  anyway(): void {
    this.#due = 'anyway';
  }

  /** Gives whether a look is due because of it. */
  changed(generation: number): boolean {
    if (!isLater(generation, this.#seen)) return false;
    if (this.#due !== 'anyway') this.#due = generation;
    return true;
  }

  begin(): void {
    this.#due = undefined;
  }

  /** Looked at and right; the look began at this generation. */
  settled(generation: number): void {
    this.#seen = generation;
    if (typeof this.#due === 'number' && !isLater(this.#due, generation)) this.#due = undefined;
  }
}

const FORWARDING_FAMILIES = new Set(['ip', 'ip6', 'inet']);

/** What of the ruleset has to be looked at: our own rules, and the forward chains of others. Tables are `family name`. */
export class RulesetAgenda {
  readonly own = new Subject();
  readonly forward = new Subject();
  #ownTables: ReadonlySet<string> = new Set();
  #forwardTables: ReadonlySet<string> = new Set();
  #latest: number | undefined;

  /** Begins anew, with the tables that hold our rules. */
  follow(tables: ReadonlySet<string>): void {
    this.#ownTables = tables;
    this.everything();
  }

  everything(): void {
    this.own.anyway();
    this.forward.anyway();
  }

  /** Notes a change; gives whether a look is due because of it. */
  take({ generation, tables, restructured }: Change): boolean {
    this.#note(generation);
    const isOwn = [...tables].some((table) => this.#ownTables.has(table)) && this.own.changed(generation);
    const isForward = this.#concernsForwarding(tables, restructured) && this.forward.changed(generation);
    return isOwn || isForward;
  }

  /** Compares with the ruleset's number itself; gives whether there were changes of which no event came. */
  missed(generation: number): boolean {
    const isMissed = isLater(generation, this.#latest);
    if (isMissed) this.everything();
    this.#note(generation);
    return isMissed;
  }

  ownSettled(generation: number): void {
    this.own.settled(generation);
    this.#note(generation);
  }

  /** The forward chains were read, from these tables. */
  forwardSettled(generation: number, tables: ReadonlySet<string>): void {
    this.forward.settled(generation);
    this.#forwardTables = tables;
    this.#note(generation);
  }

  #note(generation: number): void {
    if (isLater(generation, this.#latest)) this.#latest = generation;
  }

  #concernsForwarding(tables: ReadonlySet<string>, restructured: ReadonlySet<string>): boolean {
    const isNewChain = [...restructured].some((table) => FORWARDING_FAMILIES.has(table.split(' ')[0] ?? ''));
    return isNewChain || [...tables].some((table) => this.#forwardTables.has(table));
  }
}
