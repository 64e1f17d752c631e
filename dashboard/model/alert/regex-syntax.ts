/** What a pattern is made of. */
export type RegexNode =
  | { readonly kind: 'set'; readonly has: (code: number) => boolean }
  | { readonly kind: 'sequence'; readonly parts: readonly RegexNode[] }
  | { readonly kind: 'choice'; readonly options: readonly RegexNode[] }
  | { readonly kind: 'repeat'; readonly of: RegexNode; readonly least: number; readonly most: number };

const MAX_REPEAT = 1000;
const MAX_DEPTH = 50;

const NEWLINE = 10;
const between = (from: number, to: number) => (code: number) => code >= from && code <= to;
const isDigit = between(48, 57);
const isWord = (code: number): boolean =>
  isDigit(code) || between(65, 90)(code) || between(97, 122)(code) || code === 95;
const isSpace = (code: number): boolean => code === 32 || (code >= 9 && code <= 13);
const not = (has: (code: number) => boolean) => (code: number) => !has(code);
const CLASSES: ReadonlyMap<string, (code: number) => boolean> = new Map([
  ['d', isDigit],
  ['D', not(isDigit)],
  ['w', isWord],
  ['W', not(isWord)],
  ['s', isSpace],
  ['S', not(isSpace)],
]);
const CONTROLS: ReadonlyMap<string, number> = new Map([
  ['n', 10],
  ['t', 9],
  ['r', 13],
  ['f', 12],
  ['v', 11],
]);

/** Reads the part of RE2's syntax that matchers use. */
class Parser {
  readonly #characters: readonly string[];
  readonly #pattern: string;
  #at = 0;
  #depth = 0;
  #ignoreCase = false;

  constructor(pattern: string) {
    this.#pattern = pattern;
    this.#characters = Array.from(pattern);
    if (pattern.startsWith('(?i)')) {
      this.#ignoreCase = true;
      this.#at = 4;
    }
  }

  parse(): RegexNode {
    const node = this.#choice();
    if (this.#at < this.#characters.length) this.#fail('a ) without its (');
    return node;
  }

  #fail(what: string): never {
    throw new RangeError(
      `the regular expression ${JSON.stringify(this.#pattern.slice(0, 100))} is not usable: ${what}`,
    );
  }

  get #next(): string | undefined {
    return this.#characters[this.#at];
  }

  #take(character: string): boolean {
    if (this.#next !== character) return false;
    this.#at += 1;
    return true;
  }

  #choice(): RegexNode {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) this.#fail('it is nested too deep');
    const options = [this.#sequence()];
    while (this.#take('|')) options.push(this.#sequence());
    this.#depth -= 1;
    return options.length === 1 && options[0] !== undefined ? options[0] : { kind: 'choice', options };
  }

  #sequence(): RegexNode {
    const parts: RegexNode[] = [];
    while (this.#next !== undefined && this.#next !== '|' && this.#next !== ')') {
      // Whole texts are matched anyway.
      if ((this.#next === '^' && this.#at === 0) || (this.#next === '$' && this.#at === this.#characters.length - 1)) {
        this.#at += 1;
        continue;
      }
      parts.push(this.#repeated(this.#atom()));
    }
    return { kind: 'sequence', parts };
  }

  #repeated(of: RegexNode): RegexNode {
    let node = of;
    for (;;) {
      const bounds = this.#bounds();
      if (bounds === undefined) return node;
      // Lazy or greedy is the same to a whole match.
      this.#take('?');
      node = { kind: 'repeat', of: node, ...bounds };
    }
  }

  #bounds(): { least: number; most: number } | undefined {
    if (this.#take('*')) return { least: 0, most: Infinity };
    if (this.#take('+')) return { least: 1, most: Infinity };
    if (this.#take('?')) return { least: 0, most: 1 };
    const counted = /^\{(\d{1,4})(,(\d{0,4}))?\}/.exec(this.#characters.slice(this.#at, this.#at + 12).join(''));
    if (counted === null) return undefined;
    this.#at += counted[0].length;
    const least = Number(counted[1]);
    const most = counted[2] === undefined ? least : counted[3] === '' ? Infinity : Number(counted[3]);
    if (most < least || least > MAX_REPEAT || (most !== Infinity && most > MAX_REPEAT))
      this.#fail(`${counted[0]} is no possible number of times (at most ${MAX_REPEAT})`);
    return { least, most };
  }

  #atom(): RegexNode {
    const character = this.#next ?? '';
    this.#at += 1;
    switch (character) {
      case '(':
        return this.#group();
      case '[':
        return { kind: 'set', has: this.#class() };
      case '.':
        return { kind: 'set', has: (code) => code !== NEWLINE };
      case '\\':
        return { kind: 'set', has: this.#folded(this.#escape()) };
      case '*':
      case '+':
      case '?':
        return this.#fail(`nothing stands before ${character}`);
      case '^':
      case '$':
        return this.#fail(`${character} in the middle can never match: whole values are compared`);
      default:
        return { kind: 'set', has: this.#folded(character.codePointAt(0) ?? 0) };
    }
  }

  #group(): RegexNode {
    if (this.#take('?')) {
      const name = /^P?<[A-Za-z_]\w*>/.exec(this.#characters.slice(this.#at, this.#at + 40).join(''));
      if (name !== null) this.#at += name[0].length;
      else if (!this.#take(':')) this.#fail('(? is only known as (?: and, at its start, (?i)');
    }
    const node = this.#choice();
    if (!this.#take(')')) this.#fail('a ( is not closed');
    return node;
  }

  #folded(item: number | ((code: number) => boolean)): (code: number) => boolean {
    if (typeof item !== 'number') return item;
    if (!this.#ignoreCase) return (code) => code === item;
    const wanted = String.fromCodePoint(item).toLowerCase();
    return (code) => String.fromCodePoint(code).toLowerCase() === wanted;
  }

  #escape(): number | ((code: number) => boolean) {
    const character = this.#next;
    if (character === undefined) return this.#fail('it ends with \\');
    this.#at += 1;
    const known = CLASSES.get(character) ?? CONTROLS.get(character);
    if (known !== undefined) return known;
    if (/[A-Za-z0-9]/.test(character)) return this.#fail(`\\${character} is not known`);
    return character.codePointAt(0) ?? 0;
  }

  #class(): (code: number) => boolean {
    const negated = this.#take('^');
    const tests: ((code: number) => boolean)[] = [];
    for (let first = true; first || this.#next !== ']'; first = false) {
      if (this.#next === undefined) this.#fail('a [ is not closed');
      const from = this.#member();
      if (typeof from !== 'number' || this.#next !== '-' || this.#characters[this.#at + 1] === ']') {
        tests.push(this.#folded(from));
        continue;
      }
      this.#at += 1;
      const to = this.#member();
      if (typeof to !== 'number' || to < from) this.#fail('a range in [] runs backwards');
      tests.push(this.#range(from, to));
    }
    this.#at += 1;
    const matches = (code: number): boolean => tests.some((test) => test(code));
    return negated ? not(matches) : matches;
  }

  #range(from: number, to: number): (code: number) => boolean {
    const plain = between(from, to);
    if (!this.#ignoreCase) return plain;
    return (code) => {
      const character = String.fromCodePoint(code);
      return [character.toLowerCase(), character.toUpperCase()].some((each) => plain(each.codePointAt(0) ?? 0));
    };
  }

  #member(): number | ((code: number) => boolean) {
    const character = this.#next;
    if (character === undefined) return this.#fail('a [ is not closed');
    this.#at += 1;
    return character === '\\' ? this.#escape() : (character.codePointAt(0) ?? 0);
  }
}

/** One state: a character to take, or places to go on at without one. */

/** What a pattern says. @throws {RangeError} naming what cannot be used. */
export function parseRegex(pattern: string): RegexNode {
  return new Parser(pattern).parse();
}
