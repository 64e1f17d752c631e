import type { Identity } from './identity.ts';

/** Fields that a filter can ask for, in the words of the inventory. */
const FIELDS = ['name', 'image', 'id', 'runtime', 'kind', 'cgroup', 'label', 'tag'] as const;
type Field = (typeof FIELDS)[number];

/** One condition: the field matches a pattern in which `*` is any text and `?` any character. */
export interface FilterTerm {
  readonly field: Field;
  /** Of a label or tag. */
  readonly key: string;
  /** `undefined`: the label or tag is there, whatever its value. */
  readonly pattern: string | undefined;
}

/** A container is kept when it matches any `include` (or there is none) and no `exclude`. */
export interface Filter {
  readonly include: readonly FilterTerm[];
  readonly exclude: readonly FilterTerm[];
}

export interface FilterSubject {
  readonly id: string;
  readonly runtime: string;
  readonly cgroupPath: string;
  readonly identity: Identity;
  /** Any label, also one that is not on the allow-list. */
  readonly label: (key: string) => string | undefined;
}

/**
 * `name=web-*`, `image=*\/pause:*`, `runtime=podman`, `label=KEY`, `label=KEY=PATTERN`, `tag=compose_project=shop`.
 * Returns one sentence instead when it is none of these.
 */
export function parseFilterTerm(text: string): FilterTerm | string {
  const expected = `expected FIELD=PATTERN with a field of ${FIELDS.join(', ')}, such as name=web-* or label=tier=front`;
  const equals = text.indexOf('=');
  const field = FIELDS.find((name) => name === text.slice(0, Math.max(0, equals)));
  const rest = text.slice(equals + 1);
  if (field === undefined || rest === '') return expected;
  if (field !== 'label' && field !== 'tag') return { field, key: '', pattern: rest };
  const second = rest.indexOf('=');
  if (second < 0) return { field, key: rest, pattern: undefined };
  return second === 0 ? expected : { field, key: rest.slice(0, second), pattern: rest.slice(second + 1) };
}

/** Whether a text matches a pattern of `*` and `?`, in time that grows with the product of their lengths at most. */
export function globMatches(pattern: string, text: string): boolean {
  let [p, t] = [0, 0];
  let [star, mark] = [-1, 0];
  while (t < text.length) {
    const wanted = pattern[p];
    if (wanted === '*') {
      star = p;
      mark = t;
      p += 1;
    } else if (wanted === '?' || wanted === text[t]) {
      p += 1;
      t += 1;
    } else if (star >= 0) {
      // The last star takes one character more.
      p = star + 1;
      mark += 1;
      t = mark;
    } else return false;
  }
  while (pattern[p] === '*') p += 1;
  return p === pattern.length;
}

function valueOf(term: FilterTerm, subject: FilterSubject): string | undefined {
  const { identity } = subject;
  switch (term.field) {
    case 'name':
      return identity.name;
    case 'image':
      return identity.image;
    case 'kind':
      return identity.kind;
    case 'id':
      return subject.id;
    case 'runtime':
      return subject.runtime;
    case 'cgroup':
      return subject.cgroupPath;
    case 'label':
      return subject.label(term.key);
    case 'tag':
      return Object.hasOwn(identity.tags, term.key) ? identity.tags[term.key] : undefined;
  }
}

function matches(term: FilterTerm, subject: FilterSubject): boolean {
  const value = valueOf(term, subject);
  return value !== undefined && (term.pattern === undefined || globMatches(term.pattern, value));
}

/** Whether a container is to be shown. What is unknown matches nothing. */
export function admits(filter: Filter, subject: FilterSubject): boolean {
  const { include, exclude } = filter;
  if (include.length > 0 && !include.some((term) => matches(term, subject))) return false;
  return !exclude.some((term) => matches(term, subject));
}

/** Whether a filter keeps everything. */
export const isOpen = ({ include, exclude }: Filter): boolean => include.length + exclude.length === 0;
