import type { Labels } from './matcher.ts';
import { compileFullMatch } from './regex.ts';

/** Names that people use for labels that are called otherwise. */
const ALIASES: Readonly<Record<string, string>> = {
  rule: 'alertname',
  name: 'container',
  project: 'compose_project',
  service: 'compose_service',
};

/** Decides over the labels of an alert. */
export type LabelFilter = (labels: Labels) => boolean;

/** Splits on white space outside of double quotes; a quote that is never closed reaches to the end. */
function termsOf(text: string): string[] {
  return text.match(/(?:"[^"]*"?|[^\s"])+/g) ?? [];
}

function contains(wanted: string): (value: string) => boolean {
  const lower = wanted.toLowerCase();
  return (value) => value.toLowerCase().includes(lower);
}

/** A pattern that may stand anywhere in a text, but for its own ^ and $. */
function anywhere(pattern: string): string {
  const [, start = '', middle = '', end = ''] = /^(\^?)([^]*?)(\$?)$/.exec(pattern) ?? [];
  return `${start === '' ? '.*' : ''}(?:${middle})${end === '' ? '.*' : ''}`;
}

function testOf(term: string): LabelFilter {
  const [, name, regex, rest = ''] = /^([A-Za-z_]\w*):(~?)([^]*)$/.exec(term) ?? [];
  if (name === undefined) {
    const fits = contains(term.replaceAll('"', ''));
    return (labels) => Object.values(labels).some(fits);
  }
  const text = rest.replaceAll('"', '');
  const label = ALIASES[name] ?? name;
  if (regex === '') {
    const fits = contains(text);
    return (labels) => Object.hasOwn(labels, label) && fits(labels[label] ?? '');
  }
  const pattern = compileFullMatch(anywhere(text));
  return (labels) => pattern.matches(labels[label] ?? '');
}

/**
 * Reads `host:h1 severity:critical name:~web-.* -project:test word`, the grammar of the filter of containers over an alert's labels. All
 * terms must hold; a word may be in any label. @throws {RangeError} for a regular expression that cannot be used.
 */
export function parseLabelFilter(text: string): LabelFilter {
  const tests = termsOf(text).map((term): LabelFilter => {
    if (!term.startsWith('-') || term.length === 1) return testOf(term);
    const test = testOf(term.slice(1));
    return (labels) => !test(labels);
  });
  return (labels) => tests.every((test) => test(labels));
}
