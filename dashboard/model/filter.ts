import type { ViewColumn } from '../wire.ts';

/** What a filter is asked about: one container with its last values; NaN where a value is unavailable. */
export interface FilterSubject {
  readonly name: string;
  readonly host: string;
  readonly image: string | undefined;
  readonly runtime: string;
  readonly state: string;
  readonly labels: Readonly<Record<string, string>>;
  value(column: ViewColumn): number;
}

const FIELDS = ['host', 'name', 'image', 'runtime', 'state', 'label'] as const;

type Field = (typeof FIELDS)[number];
type Operator = '>' | '>=' | '<' | '<=' | '=';

interface Term {
  /** As it was typed, for messages and for removing it again. */
  readonly source: string;
  readonly negated: boolean;
}

export type FilterTerm =
  | (Term & { readonly kind: 'word'; readonly text: string })
  | (Term & { readonly kind: 'field'; readonly field: Field; readonly text: string })
  | (Term & { readonly kind: 'compare'; readonly column: ViewColumn; readonly op: Operator; readonly bound: number });

export interface Filter {
  /** All of them must hold. */
  readonly terms: readonly FilterTerm[];
  /** One sentence for each term that could not be understood and is left out. */
  readonly faults: readonly string[];
}

/** `ratio` is the column meant when the bound ends in `%`. */
const METRICS: Readonly<Record<string, { readonly plain: ViewColumn; readonly ratio?: ViewColumn; bytes: boolean }>> = {
  cpu: { plain: 'cpuCores', ratio: 'cpuOfLimitRatio', bytes: false },
  mem: { plain: 'memoryWorkingSetBytes', ratio: 'memoryOfLimitRatio', bytes: true },
  read: { plain: 'blockReadBytesPerSecond', bytes: true },
  write: { plain: 'blockWriteBytesPerSecond', bytes: true },
  pids: { plain: 'pidsCurrent', bytes: false },
};

const BYTE_FACTORS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
};

const COMPARISON = /^(cpu|mem|read|write|pids)(>=|<=|>|<|=)(.*)$/i;
const NUMBER_AND_UNIT = /^(\d+(?:\.\d+)?|\.\d+)\s*([a-z%]*)$/i;

/** Splits on white space outside of double quotes; a quote that is never closed reaches to the end. */
function tokens(text: string): string[] {
  return text.match(/(?:"[^"]*"?|[^\s"])+/g) ?? [];
}

function unquoted(text: string): string {
  return text.replaceAll('"', '');
}

interface Fault {
  readonly fault: string;
}

type Bound = { readonly column: ViewColumn; readonly bound: number } | Fault;

function parseBound(metric: string, text: string): Bound {
  const settings = METRICS[metric];
  const [, digits = '', rawUnit = ''] = NUMBER_AND_UNIT.exec(text) ?? [];
  const amount = Number(digits);
  const unit = rawUnit.toLowerCase();
  if (settings === undefined || digits === '')
    return { fault: `expected a number after ${metric}, such as ${exampleOf(metric)}` };
  if (unit === '%') {
    if (settings.ratio === undefined)
      return { fault: `${metric} has no limit to be a share of: use ${exampleOf(metric)}` };
    return { column: settings.ratio, bound: amount / 100 };
  }
  const factor = settings.bytes ? BYTE_FACTORS[unit] : unit === '' ? 1 : undefined;
  if (factor === undefined) return { fault: `unknown unit ${rawUnit}: use ${exampleOf(metric)}` };
  return { column: settings.plain, bound: amount * factor };
}

function exampleOf(metric: string): string {
  switch (metric) {
    case 'cpu':
      return 'cpu>50% (of the limit) or cpu>0.5 (cores)';
    case 'mem':
      return 'mem>64MiB or mem>80% (of the limit)';
    case 'pids':
      return 'pids>100';
    default:
      return `${metric}>1MiB`;
  }
}

function isField(text: string): text is Field {
  return (FIELDS as readonly string[]).includes(text);
}

function parseTerm(source: string): FilterTerm | Fault | undefined {
  const negated = source.startsWith('-') && source.length > 1;
  const body = negated ? source.slice(1) : source;
  return COMPARISON.test(body) ? parseComparison(body, { source, negated }) : parseText(body, { source, negated });
}

function parseComparison(body: string, term: Term): FilterTerm | Fault | undefined {
  const [, metric = '', op, amount = ''] = COMPARISON.exec(body) ?? [];
  // Half-typed: nothing to hold against anybody yet.
  if (amount === '') return undefined;
  const bound = parseBound(metric.toLowerCase(), amount);
  if ('fault' in bound) return { fault: `${term.source}: ${bound.fault}` };
  return { kind: 'compare', ...term, op: op as Operator, ...bound };
}

function parseText(body: string, term: Term): FilterTerm | undefined {
  const colon = body.indexOf(':');
  const field = body.slice(0, Math.max(colon, 0)).toLowerCase();
  const text = unquoted(colon > 0 && isField(field) ? body.slice(colon + 1) : body).toLowerCase();
  if (text === '') return undefined;
  // An unknown field is a word: `redis:7` is an image and no fault.
  return isField(field) ? { kind: 'field', ...term, field, text } : { kind: 'word', ...term, text };
}

/**
 * Reads `web -tmp host:h1 image:redis* label:team=a state:stale cpu>50% mem>64MiB`. Never throws: what cannot be understood
 * is told in `faults` and left out.
 */
export function parseFilter(text: string): Filter {
  const parsed = tokens(text)
    .map(parseTerm)
    .filter((term) => term !== undefined);
  return {
    terms: parsed.filter((term) => 'kind' in term),
    faults: parsed.flatMap((term) => ('fault' in term ? [term.fault] : [])),
  };
}

/** `*` stands for anything; walks the pieces once, so a hostile pattern costs no more than a long one. */
function globMatches(value: string, pattern: string): boolean {
  const pieces = pattern.split('*');
  const first = pieces[0] ?? '';
  const last = pieces.at(-1) ?? '';
  if (!value.startsWith(first) || !value.endsWith(last) || value.length < first.length + last.length) return false;
  let from = first.length;
  const end = value.length - last.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = value.indexOf(piece, from);
    if (found < 0 || found + piece.length > end) return false;
    from = found + piece.length;
  }
  return from <= end;
}

/** Names and images match anywhere, the short closed vocabularies whole, so that `host:h1` is not also h10. */
function textMatches(value: string, pattern: string, where: 'whole' | 'anywhere'): boolean {
  const lower = value.toLowerCase();
  if (pattern.includes('*')) return globMatches(lower, pattern);
  return where === 'whole' ? lower === pattern : lower.includes(pattern);
}

function labelMatches(labels: Readonly<Record<string, string>>, text: string): boolean {
  const equals = text.indexOf('=');
  const wantedName = equals < 0 ? text : text.slice(0, equals);
  return Object.entries(labels).some(
    ([name, value]) =>
      textMatches(name, wantedName, 'whole') && (equals < 0 || textMatches(value, text.slice(equals + 1), 'whole')),
  );
}

function fieldMatches(subject: FilterSubject, field: Field, text: string): boolean {
  switch (field) {
    case 'host':
      return textMatches(subject.host, text, 'whole');
    case 'name':
      return textMatches(subject.name, text, 'anywhere');
    case 'image':
      return textMatches(subject.image ?? '', text, 'anywhere');
    case 'runtime':
      return textMatches(subject.runtime, text, 'whole');
    case 'state':
      return textMatches(subject.state, text, 'whole');
    case 'label':
      return labelMatches(subject.labels, text);
  }
}

function wordMatches(subject: FilterSubject, text: string): boolean {
  const places = [subject.name, subject.host, subject.image ?? '', subject.runtime];
  if (places.some((place) => textMatches(place, text, 'anywhere'))) return true;
  return Object.entries(subject.labels).some(([name, value]) => textMatches(`${name}=${value}`, text, 'anywhere'));
}

function compares(value: number, op: Operator, bound: number): boolean {
  switch (op) {
    case '>':
      return value > bound;
    case '>=':
      return value >= bound;
    case '<':
      return value < bound;
    case '<=':
      return value <= bound;
    case '=':
      return value === bound;
  }
}

function termMatches(term: FilterTerm, subject: FilterSubject): boolean {
  switch (term.kind) {
    case 'word':
      return wordMatches(subject, term.text) !== term.negated;
    case 'field':
      return fieldMatches(subject, term.field, term.text) !== term.negated;
    case 'compare': {
      const value = subject.value(term.column);
      // Unavailable is neither above nor not above.
      return !Number.isNaN(value) && compares(value, term.op, term.bound) !== term.negated;
    }
  }
}

/** Whether every term holds for this container; a filter without terms holds for all. */
export function matchesFilter(filter: Filter, subject: FilterSubject): boolean {
  return filter.terms.every((term) => termMatches(term, subject));
}

/** The term whose removal lets most containers through, and how many; `undefined` when no single removal helps. */
export function mostExcludingTerm(
  filter: Filter,
  subjects: readonly FilterSubject[],
): { readonly term: FilterTerm; readonly matchesWithout: number } | undefined {
  const candidates = filter.terms.map((term) => {
    const rest: Filter = { terms: filter.terms.filter((other) => other !== term), faults: [] };
    return { term, matchesWithout: subjects.filter((subject) => matchesFilter(rest, subject)).length };
  });
  const best = candidates.reduce((a, b) => (b.matchesWithout > a.matchesWithout ? b : a), {
    term: undefined as FilterTerm | undefined,
    matchesWithout: 0,
  });
  return best.term === undefined ? undefined : { term: best.term, matchesWithout: best.matchesWithout };
}

/** The filter text without one of its terms. */
export function withoutTerm(text: string, term: FilterTerm): string {
  return tokens(text)
    .filter((token) => token !== term.source)
    .join(' ');
}

/** A value as one token, such as `host:"my host"`; quotes cannot be typed in a value and are left out. */
export function fieldTerm(field: Field, value: string): string {
  const plain = unquoted(value);
  return /\s/.test(plain) ? `${field}:"${plain}"` : `${field}:${plain}`;
}
