import { parseRegex, type RegexNode } from './regex-syntax.ts';

/**
 * Regular expressions of label matchers, in the part of RE2's syntax that matchers use. A container's owner chooses the text
 * and a user the pattern, so the time must not explode: the pattern is run as a set of states, never by going back.
 */
export interface FullMatcher {
  /** Whether the whole text fits. Time is text × pattern. */
  matches(text: string): boolean;
}

/** States that a pattern may come to: `{1000}` of something large is refused. */
const MAX_STATES = 2000;

interface State {
  readonly has: ((code: number) => boolean) | undefined;
  readonly to: number[];
}

class Machine {
  readonly states: State[] = [];

  #add(has: State['has'], to: number[]): number {
    if (this.states.length >= MAX_STATES) throw new RangeError('the regular expression is too large');
    this.states.push({ has, to });
    return this.states.length - 1;
  }

  end(): number {
    return this.#add(undefined, []);
  }

  /** Builds backwards: the state that matches `node` and then goes on at `next`. */
  build(node: RegexNode, next: number): number {
    switch (node.kind) {
      case 'set':
        return this.#add(node.has, [next]);
      case 'sequence':
        return node.parts.reduceRight((after, part) => this.build(part, after), next);
      case 'choice':
        return this.#add(
          undefined,
          node.options.map((option) => this.build(option, next)),
        );
      case 'repeat':
        return this.#repeat(node, next);
    }
  }

  #repeat({ of, least, most }: Extract<RegexNode, { kind: 'repeat' }>, next: number): number {
    let at = next;
    if (most === Infinity) {
      const fork = this.#add(undefined, [next]);
      this.states[fork]?.to.push(this.build(of, fork));
      at = fork;
    } else {
      for (let extra = least; extra < most; extra += 1) at = this.#add(undefined, [next, this.build(of, at)]);
    }
    for (let needed = 0; needed < least; needed += 1) at = this.build(of, at);
    return at;
  }
}

/** Compiles a pattern that must fit the whole text, as `^(?:…)$`. @throws {RangeError} naming what cannot be used. */
export function compileFullMatch(pattern: string): FullMatcher {
  const machine = new Machine();
  const end = machine.end();
  const start = machine.build(parseRegex(pattern), end);
  const { states } = machine;
  const spread = (into: Set<number>, from: number): void => {
    const open = [from];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (into.has(at)) continue;
      into.add(at);
      const state = states[at];
      if (state?.has === undefined) open.push(...(state?.to ?? []));
    }
  };
  const after = (current: ReadonlySet<number>, code: number): Set<number> => {
    const following = new Set<number>();
    for (const at of current) {
      const state = states[at];
      if (state?.has?.(code) === true) for (const to of state.to) spread(following, to);
    }
    return following;
  };
  return {
    matches: (text) => {
      let current = new Set<number>();
      spread(current, start);
      for (const character of text) {
        current = after(current, character.codePointAt(0) ?? 0);
        if (current.size === 0) return false;
      }
      return current.has(end);
    },
  };
}
