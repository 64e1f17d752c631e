import { FILTER_FIELDS, FILTER_METRICS, fieldTerm, type FilterField } from './filter.ts';
import type { Suggest, Suggestion, SuggestionsMessage } from '../wire.ts';
import type { ValueIndex } from './value-index.ts';

const MOST = 8;

const FIELD_NOTES: Readonly<Record<FilterField, string>> = {
  host: 'the host it runs on',
  name: 'part of its name; name:~ takes a regular expression',
  project: 'compose project, stack or namespace',
  service: 'service of a project',
  image: 'part of its image',
  runtime: 'runc, crun, …',
  state: 'running, paused, stale, healthy, unhealthy or starting',
  label: 'label:team or label:team=a',
};

/** A word finds a container by these. */
const WORD_FIELDS = ['project', 'service', 'host', 'name'] as const satisfies readonly FilterField[];

// Digits as numbers, so that web-2 comes before web-10.
const { compare: compareText } = new Intl.Collator('en', { numeric: true });

interface TypedTerm {
  readonly from: number;
  readonly to: number;
  /** `-` or nothing. */
  readonly sign: string;
  /** Up to the caret, without the sign. */
  readonly typed: string;
}

/** The term that the caret is in. */
export function termAt(text: string, caret: number): TypedTerm {
  for (const match of text.matchAll(/(?:"[^"]*"?|[^\s"])+/g)) {
    const [from, to] = [match.index, match.index + match[0].length];
    if (caret < from || caret > to) continue;
    const typed = text.slice(from, caret);
    const sign = typed.startsWith('-') ? '-' : '';
    return { from, to, sign, typed: typed.slice(sign.length) };
  }
  return { from: caret, to: caret, sign: '', typed: '' };
}

export type Counted = readonly [value: string, count: number];

/** Values that contain what was typed: those that begin with it first, then the most frequent. */
export function valuesLike(counts: ReadonlyMap<string, number> | undefined, typed: string): Counted[] {
  const wanted = typed.replaceAll('"', '').toLowerCase();
  const found = [...(counts ?? [])].filter(([value]) => value.toLowerCase().includes(wanted));
  const rank = ([value]: Counted): number => Number(!value.toLowerCase().startsWith(wanted));
  return found.sort((a, b) => rank(a) - rank(b) || b[1] - a[1] || compareText(a[0], b[0]));
}

const containersNote = (count: number): string => (count === 1 ? '1 container' : `${count} containers`);

function fieldValues(field: FilterField, typed: string, index: ValueIndex): Suggestion[] {
  if (field === 'label') return labelValues(typed, index);
  return valuesLike(index.fields[field], typed).map(([value, count]) => ({
    insert: `${fieldTerm(field, value)} `,
    note: containersNote(count),
  }));
}

function labelValues(typed: string, index: ValueIndex): Suggestion[] {
  const plain = typed.replaceAll('"', '');
  const equals = plain.indexOf('=');
  if (equals < 0) {
    const names = valuesLike(index.fields.label, plain);
    return names.map(([name, count]) => ({ insert: fieldTerm('label', name), note: containersNote(count) }));
  }
  const name = plain.slice(0, equals);
  return valuesLike(index.labels.get(name), plain.slice(equals + 1)).map(([value, count]) => ({
    insert: `${fieldTerm('label', `${name}=${value}`)} `,
    note: containersNote(count),
  }));
}

function keysLike(typed: string): Suggestion[] {
  const fields = FILTER_FIELDS.map((field) => ({ insert: `${field}:`, note: FIELD_NOTES[field] }));
  const metrics = Object.entries(FILTER_METRICS).map(([name, { example }]) => ({ insert: `${name}>`, note: example }));
  return [...fields, ...metrics].filter(({ insert }) => insert.startsWith(typed.toLowerCase()));
}

function bounds(metric: string, op: string): Suggestion[] {
  const examples = FILTER_METRICS[metric]?.example.matchAll(/[<>]([\w.]+%?)(?: \(([^)]*)\))?/g) ?? [];
  return [...examples].map(([, bound = '', note = '']) => ({ insert: `${metric}${op}${bound} `, note }));
}

function itemsFor(typed: string, index: ValueIndex): Suggestion[] {
  const field = FILTER_FIELDS.find((candidate) => typed.toLowerCase().startsWith(`${candidate}:`));
  if (field !== undefined) {
    const value = typed.slice(field.length + 1);
    return value.startsWith('~') ? [] : fieldValues(field, value, index);
  }
  const [, metric = '', op = ''] = /^([a-z]+)([<>]=?)$/i.exec(typed) ?? [];
  if (op !== '') return bounds(metric.toLowerCase(), op);
  const keys = keysLike(typed);
  if (typed === '') return keys;
  return [...keys, ...WORD_FIELDS.flatMap((name) => fieldValues(name, typed, index).slice(0, 3))];
}

/** What could be typed at the caret: keys first, then what the containers of now have; at most eight, or all keys. */
export function suggestAt({ text, caret }: Suggest, index: ValueIndex): SuggestionsMessage {
  const { from, to, sign, typed } = termAt(text, caret);
  const items = itemsFor(typed, index).slice(0, typed === '' ? undefined : MOST);
  // What is already there is no help.
  const others = items.filter(({ insert }) => insert.trimEnd() !== typed);
  return { text, caret, from, to, items: others.map(({ insert, note }) => ({ insert: `${sign}${insert}`, note })) };
}
