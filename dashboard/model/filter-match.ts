import type { Filter, FilterField, FilterSubject, FilterTerm } from './filter.ts';
import type { TextSearch } from './text-search.ts';

type Compare = Extract<FilterTerm, { kind: 'compare' }>;

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
export function textMatches(value: string, pattern: string, where: 'whole' | 'anywhere'): boolean {
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

const FREE_TEXT: ReadonlySet<FilterField> = new Set(['name', 'image']);

function fieldMatches(subject: FilterSubject, field: FilterField, text: string): boolean {
  if (field === 'label') return labelMatches(subject.labels, text);
  const where = FREE_TEXT.has(field) ? 'anywhere' : 'whole';
  const values = field === 'state' ? [subject.state, subject.health] : [subject[field]];
  return values.some((value) => textMatches(value ?? '', text, where));
}

function patternMatches(subject: FilterSubject, field: FilterField, search: TextSearch): boolean {
  if (field !== 'label') return search.finds(subject[field] ?? '');
  return Object.entries(subject.labels).some(([name, value]) => search.finds(`${name}=${value}`));
}

function wordMatches(subject: FilterSubject, text: string): boolean {
  const places = [subject.name, subject.host, subject.image ?? '', subject.runtime];
  if (places.some((place) => textMatches(place, text, 'anywhere'))) return true;
  return Object.entries(subject.labels).some(([name, value]) => textMatches(`${name}=${value}`, text, 'anywhere'));
}

function compares(value: number, op: Compare['op'], bound: number): boolean {
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
    case 'pattern':
      return patternMatches(subject, term.field, term.search) !== term.negated;
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
