import type { Suggest, Suggestion, SuggestionsMessage } from '../../wire.ts';
import { fieldTerm } from '../filter.ts';
import { termAt, valuesLike } from '../filter-suggest.ts';
import { LABEL_OF } from './label-filter.ts';
import type { Labels } from './matcher.ts';

const MOST = 8;

/** A word finds an alert by these. */
const WORD_FIELDS = ['rule', 'host', 'name'] as const;

const NAMED: ReadonlySet<string> = new Set(Object.values(LABEL_OF));

const alertsNote = (count: number): string => (count === 1 ? '1 alert' : `${count} alerts`);

function valuesOf(label: string, alerts: readonly Labels[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const labels of alerts) {
    const value = labels[label];
    if (value !== undefined && value !== '') counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return counts;
}

/** Fields of which any alert has a value, and rules' own labels by their names. */
function fieldsOf(alerts: readonly Labels[]): string[] {
  const there = new Set(alerts.flatMap((labels) => Object.keys(labels)));
  const own = [...there].filter((label) => !NAMED.has(label)).sort();
  return [...Object.keys(LABEL_OF).filter((field) => there.has(LABEL_OF[field] ?? field)), ...own];
}

function fieldValues(field: string, typed: string, alerts: readonly Labels[]): Suggestion[] {
  return valuesLike(valuesOf(LABEL_OF[field] ?? field, alerts), typed).map(([value, count]) => ({
    insert: `${fieldTerm(field, value)} `,
    note: alertsNote(count),
  }));
}

function itemsFor(typed: string, alerts: readonly Labels[]): Suggestion[] {
  const fields = fieldsOf(alerts);
  const field = fields.find((candidate) => typed.startsWith(`${candidate}:`));
  if (field !== undefined) {
    const value = typed.slice(field.length + 1);
    return value.startsWith('~') ? [] : fieldValues(field, value, alerts);
  }
  const keys = fields
    .filter((name) => name.startsWith(typed))
    .map((name) => ({ insert: `${name}:`, note: 'of alerts' }));
  if (typed === '') return keys;
  return [...keys, ...WORD_FIELDS.flatMap((name) => fieldValues(name, typed, alerts).slice(0, 3))];
}

/** What could be typed at the caret of a filter of these alerts: keys first, then values that they have. */
export function suggestLabels({ text, caret }: Suggest, alerts: readonly Labels[]): SuggestionsMessage {
  const { from, to, sign, typed } = termAt(text, caret);
  const items = itemsFor(typed, alerts).slice(0, MOST);
  // What is already there is no help.
  const others = items.filter(({ insert }) => insert.trimEnd() !== typed);
  return { text, caret, from, to, items: others.map(({ insert, note }) => ({ insert: `${sign}${insert}`, note })) };
}
