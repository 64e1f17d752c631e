import { tokens, type FilterFault } from '../filter.ts';
import { textMatches } from '../filter-match.ts';
import { foundAnywhere } from '../text-search.ts';
import type { Labels } from './matcher.ts';

/** What the fields of the filter of containers are called among an alert's labels. */
export const LABEL_OF: Readonly<Record<string, string>> = {
  rule: 'alertname',
  severity: 'severity',
  host: 'host',
  name: 'container',
  project: 'compose_project',
  service: 'compose_service',
  image: 'image',
  runtime: 'runtime',
};

/** Found anywhere, as the filter of containers does; all other labels are compared whole, so that `host:h1` is not also h10. */
const FREE_TEXT: ReadonlySet<string> = new Set(['alertname', 'container', 'image']);

const KNOWN: ReadonlySet<string> = new Set(Object.values(LABEL_OF));

/** Decides over the labels of an alert. */
export type LabelFilter = (labels: Labels) => boolean;

/** A filter as it was understood: what it takes, and what of it was left out. */
export interface LabelTerms {
  readonly terms: readonly { readonly source: string }[];
  readonly faults: readonly FilterFault[];
  readonly takes: LabelFilter;
}

type Read = LabelFilter | { readonly reason: string };

const unquoted = (text: string): string => text.replaceAll('"', '');

const whereOf = (label: string): 'anywhere' | 'whole' => (FREE_TEXT.has(label) ? 'anywhere' : 'whole');

function word(text: string): LabelFilter {
  const wanted = text.toLowerCase();
  return (labels) => Object.values(labels).some((value) => textMatches(value, wanted, 'anywhere'));
}

/** `label:team` asks whether there is one, `label:team=a` what it is. */
function anyLabel(text: string): LabelFilter {
  const [name = '', ...rest] = text.split('=');
  const value = rest.join('=').toLowerCase();
  return (labels) =>
    Object.hasOwn(labels, name) && (rest.length === 0 || textMatches(labels[name] ?? '', value, 'whole'));
}

function named(name: string, rest: string, term: string): Read | undefined {
  const label = Object.hasOwn(LABEL_OF, name) ? (LABEL_OF[name] ?? name) : name;
  if (rest.startsWith('~')) {
    const pattern = unquoted(rest.slice(1));
    if (pattern === '') return undefined;
    const search = foundAnywhere(pattern);
    return typeof search === 'string' ? { reason: search } : (labels) => search.finds(labels[label] ?? '');
  }
  const text = unquoted(rest);
  // Half typed: nothing to hold against anybody yet.
  if (text === '') return undefined;
  if (name === 'label') return anyLabel(text);
  // What no alert has as a label is a word: `redis:7` is an image.
  const asWord = word(unquoted(term));
  return (labels) =>
    Object.hasOwn(labels, label) || KNOWN.has(label)
      ? textMatches(labels[label] ?? '', text.toLowerCase(), whereOf(label))
      : asWord(labels);
}

function readTerm(term: string): Read | undefined {
  const [, name, rest = ''] = /^([A-Za-z_]\w*):([^]*)$/.exec(term) ?? [];
  if (name !== undefined) return named(name, rest, term);
  if (/^[a-z]+[<>]=?/i.test(term))
    return { reason: 'an alert has labels and no values to compare: use host:h1 or severity:critical' };
  const text = unquoted(term);
  return text === '' ? undefined : word(text);
}

/**
 * Reads `host:h1 severity:critical name:~^web -project:test word`, the grammar of the filter of containers over an alert's labels. All terms must hold; a word
 * may be in any label. Never throws: what cannot be understood is told in `faults` and left out.
 */
export function readLabelFilter(text: string): LabelTerms {
  const terms: { readonly source: string; readonly takes: LabelFilter }[] = [];
  const faults: FilterFault[] = [];
  for (const source of tokens(text)) {
    const isNegated = source.startsWith('-') && source.length > 1;
    const read = readTerm(isNegated ? source.slice(1) : source);
    if (read === undefined) continue;
    if (typeof read === 'function') terms.push({ source, takes: isNegated ? (labels) => !read(labels) : read });
    else faults.push({ source, reason: read.reason });
  }
  return { terms, faults, takes: (labels) => terms.every(({ takes }) => takes(labels)) };
}

/** The same for who can be told what is wrong with it. @throws {RangeError} naming the term and why it cannot be used. */
export function parseLabelFilter(text: string): LabelFilter {
  const { faults, takes } = readLabelFilter(text);
  const [fault] = faults;
  if (fault !== undefined) throw new RangeError(`${fault.source}: ${fault.reason}`);
  return takes;
}
