/** One step of a pattern: takes a character, or goes on without one. */
type Step =
  | { readonly op: 'take'; readonly fits: (character: string) => boolean }
  | { op: 'fork'; first: number; second: number }
  | { readonly op: 'begin' | 'end' | 'match' };

type Emit = () => void;

/** Of all expressions of one question together; a name has at most 256 characters. */
const MAX_STEPS = 400;
/** What stands for itself. */
const PLAIN = /^[\w/@:, -]*$/;
const CLASSES: Readonly<Record<string, RegExp>> = { d: /[0-9]/, w: /[0-9A-Za-z_]/, s: /[\t\n\f\r ]/ };

/** Thrown and caught here alone. */
class NoPattern extends Error {
  override readonly name = 'NoPattern';
}

/** How often `*`, `+`, `?`, `{2}`, `{2,}` or `{2,3}` lets something stand. */
function boundsOf(quantifier: string): { readonly min: number; readonly max: number } {
  if (quantifier === '*') return { min: 0, max: Infinity };
  if (quantifier === '+') return { min: 1, max: Infinity };
  if (quantifier === '?') return { min: 0, max: 1 };
  const [least = '', most = least] = quantifier.slice(1, -1).split(',');
  return { min: Number(least), max: most === '' ? Infinity : Number(most) };
}

/** Turns an expression into steps, piece by piece. */
class Compiler {
  readonly steps: Step[] = [];
  readonly #text: string;
  readonly #maxSteps: number;
  #at = 0;

  constructor(text: string, maxSteps: number) {
    this.#text = text;
    this.#maxSteps = maxSteps;
  }

  compile(): readonly Step[] {
    this.#alternatives()();
    if (this.#at < this.#text.length) throw new NoPattern();
    this.#add({ op: 'match' });
    return this.steps;
  }

  #add<S extends Step>(step: S): S {
    if (this.steps.length >= this.#maxSteps) throw new NoPattern();
    this.steps.push(step);
    return step;
  }

  #eat(word: string): boolean {
    if (!this.#text.startsWith(word, this.#at)) return false;
    this.#at += word.length;
    return true;
  }

  #next(): string {
    const character = this.#text[this.#at];
    if (character === undefined) throw new NoPattern();
    this.#at += 1;
    return character;
  }

  #alternatives(): Emit {
    const first = this.#sequence();
    if (!this.#eat('|')) return first;
    const rest = this.#alternatives();
    return () => {
      const fork = this.#add({ op: 'fork', first: this.steps.length + 1, second: 0 });
      first();
      const leave = this.#add({ op: 'fork', first: 0, second: 0 });
      fork.second = this.steps.length;
      rest();
      leave.first = leave.second = this.steps.length;
    };
  }

  #sequence(): Emit {
    const parts: Emit[] = [];
    while (this.#at < this.#text.length && !'|)'.includes(this.#text[this.#at] ?? '')) parts.push(this.#repeated());
    return () => {
      for (const part of parts) part();
    };
  }

  #repeated(): Emit {
    const part = this.#single();
    const found = /^(?:[*+?]|\{\d{1,3}(?:,\d{0,3})?\})/.exec(this.#text.slice(this.#at))?.[0];
    if (found === undefined) return part;
    this.#at += found.length;
    this.#eat('?'); // how much it takes at once makes no difference to whether it fits
    if (/^[*+?]/.test(this.#text.slice(this.#at))) throw new NoPattern();
    const { min, max } = boundsOf(found);
    if (max < min) throw new NoPattern();
    return () => {
      for (let turn = 0; turn < min; turn += 1) part();
      if (max === Infinity) this.#any(part);
      else for (let turn = min; turn < max; turn += 1) this.#maybe(part);
    };
  }

  #any(part: Emit): void {
    const start = this.steps.length;
    const fork = this.#add({ op: 'fork', first: start + 1, second: 0 });
    part();
    this.#add({ op: 'fork', first: start, second: start });
    fork.second = this.steps.length;
  }

  #maybe(part: Emit): void {
    const fork = this.#add({ op: 'fork', first: this.steps.length + 1, second: 0 });
    part();
    fork.second = this.steps.length;
  }

  #single(): Emit {
    const character = this.#next();
    switch (character) {
      case '(':
        return this.#group();
      case '[':
        return this.#take(this.#set());
      case '.':
        return this.#take((found) => found !== '\n');
      case '^':
      case '$':
        return () => this.#add({ op: character === '^' ? 'begin' : 'end' });
      case '\\':
        return this.#take(this.#escaped());
      case '*':
      case '+':
      case '?':
        throw new NoPattern();
      default:
        return this.#take((found) => found === character);
    }
  }

  #take(fits: (character: string) => boolean): Emit {
    return () => this.#add({ op: 'take', fits });
  }

  #group(): Emit {
    if (this.#eat('?') && !this.#eat(':')) throw new NoPattern();
    const inner = this.#alternatives();
    if (!this.#eat(')')) throw new NoPattern();
    return inner;
  }

  #escaped(): (character: string) => boolean {
    const character = this.#next();
    const wanted = CLASSES[character.toLowerCase()];
    if (wanted !== undefined) return (found) => wanted.test(found) === (character === character.toLowerCase());
    if (/[0-9A-Za-z]/.test(character)) throw new NoPattern();
    return (found) => found === character;
  }

  #set(): (character: string) => boolean {
    const isNegated = this.#eat('^');
    const tests: ((character: string) => boolean)[] = [];
    do tests.push(this.#range());
    while (!this.#eat(']'));
    return (found) => tests.some((fits) => fits(found)) !== isNegated;
  }

  #range(): (character: string) => boolean {
    if (this.#eat('\\')) return this.#escaped();
    const from = this.#next();
    const [, to] = /^-([^\]\\])/.exec(this.#text.slice(this.#at)) ?? [];
    if (to === undefined) return (found) => found === from;
    this.#at += 2;
    if (to < from) throw new NoPattern();
    return (found) => found >= from && found <= to;
  }
}

/** Where in a text something stands. */
interface Place {
  readonly isBegin: boolean;
  readonly isEnd: boolean;
}

const goesOn = (op: Step['op'] | undefined, { isBegin, isEnd }: Place): boolean =>
  (op === 'begin' && isBegin) || (op === 'end' && isEnd);

/** The steps of one expression, gone through side by side: each is looked at once for each character. */
class Walk {
  readonly #steps: readonly Step[];
  readonly #text: string;

  constructor(steps: readonly Step[], text: string) {
    this.#steps = steps;
    this.#text = text;
  }

  /** Whether there is a match anywhere. */
  isMatch(): boolean {
    let now = new Set<number>();
    for (let at = 0; at <= this.#text.length; at += 1) {
      if (this.#reach(now, 0, at)) return true;
      const [character, later] = [this.#text[at], new Set<number>()];
      if (character === undefined) return false;
      const taken = [...now].filter((index) => {
        const step = this.#steps[index];
        return step?.op === 'take' && step.fits(character);
      });
      if (taken.some((index) => this.#reach(later, index + 1, at + 1))) return true;
      now = later;
    }
    return false;
  }

  /** Adds all steps that can be come to from one without taking a character; whether a match is among them. */
  #reach(states: Set<number>, from: number, at: number): boolean {
    const place = { isBegin: at === 0, isEnd: at === this.#text.length };
    const open = [from];
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      if (states.has(index)) continue;
      states.add(index);
      const step = this.#steps[index];
      if (step?.op === 'match') return true;
      if (step?.op === 'fork') open.push(step.first, step.second);
      else if (goesOn(step?.op, place)) open.push(index + 1);
    }
    return false;
  }
}

function patternOf(expression: string, maxSteps: number): (name: string) => boolean {
  if (PLAIN.test(expression)) return (name) => name.includes(expression);
  try {
    const steps = new Compiler(expression, maxSteps).compile();
    return (name) => new Walk(steps, name).isMatch();
  } catch (error) {
    if (!(error instanceof NoPattern)) throw error;
    return (name) => name === expression;
  }
}

/**
 * A test of names by expressions as docker's users write them, of which one has to fit: `web`, `^web-[0-9]+$`, `web|db`. It takes
 * time in proportion to the name, whatever the expressions: those of a client must not hold everybody up. What is no such
 * expression, or too long a one, fits the name that is spelled so.
 */
export function namePattern(expressions: readonly string[]): (name: string) => boolean {
  const maxSteps = Math.floor(MAX_STEPS / Math.max(1, expressions.length));
  const tests = expressions.map((expression) => patternOf(expression, maxSteps));
  return (name) => tests.some((fits) => fits(name));
}
