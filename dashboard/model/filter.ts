import type { ViewColumn } from '../view-wire.ts';
import { foundAnywhere, type TextSearch } from './text-search.ts';

/** What a filter is asked about: one container with its last values; NaN where a value is unavailable. */
export interface FilterSubject {
  readonly name: string;
  readonly host: string;
  readonly image: string | undefined;
  readonly runtime: string;
  /** Compose project, swarm stack or namespace, and the service in it; absent for a container that belongs to none. */
  readonly project: string | undefined;
  readonly service: string | undefined;
  readonly state: string;
  /** `state:` finds it too; absent without a health check. */
  readonly health: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  value(column: ViewColumn): number;
}

export const FILTER_FIELDS = ['host', 'name', 'project', 'service', 'image', 'runtime', 'state', 'label'] as const;

export type FilterField = (typeof FILTER_FIELDS)[number];
type Operator = '>' | '>=' | '<' | '<=' | '=';

interface Term {
  /** As it was typed, for messages and for removing it again. */
  readonly source: string;
  readonly negated: boolean;
}

export type FilterTerm =
  | (Term & { readonly kind: 'word'; readonly text: string })
  | (Term & { readonly kind: 'field'; readonly field: FilterField; readonly text: string })
  | (Term & { readonly kind: 'pattern'; readonly field: FilterField; readonly search: TextSearch })
  | (Term & { readonly kind: 'compare'; readonly column: ViewColumn; readonly op: Operator; readonly bound: number });

/** A term that could not be understood and is left out. */
export interface FilterFault {
  /** As it was typed. */
  readonly source: string;
  readonly reason: string;
}

export interface Filter {
  /** All of them must hold. */
  readonly terms: readonly FilterTerm[];
  readonly faults: readonly FilterFault[];
}

interface Metric {
  /** Absent where only a share can be meant. */
  readonly plain?: ViewColumn;
  /** The column meant when the bound ends in `%`. */
  readonly ratio?: ViewColumn;
  readonly bytes: boolean;
  readonly example: string;
}

/** What can be compared. */
export const FILTER_METRICS: Readonly<Record<string, Metric>> = {
  cpu: {
    plain: 'cpuCores',
    ratio: 'cpuOfLimitRatio',
    bytes: false,
    example: 'cpu>50% (of the limit) or cpu>0.5 (cores)',
  },
  mem: {
    plain: 'memoryWorkingSetBytes',
    ratio: 'memoryOfLimitRatio',
    bytes: true,
    example: 'mem>64MiB or mem>80% (of the limit)',
  },
  throttled: { ratio: 'cpuThrottledRatio', bytes: false, example: 'throttled>25%' },
  read: { plain: 'blockReadBytesPerSecond', bytes: true, example: 'read>1MiB' },
  write: { plain: 'blockWriteBytesPerSecond', bytes: true, example: 'write>1MiB' },
  rx: { plain: 'networkReceiveBytesPerSecond', bytes: true, example: 'rx>1MiB' },
  tx: { plain: 'networkTransmitBytesPerSecond', bytes: true, example: 'tx>1MiB' },
  pids: { plain: 'pidsCurrent', bytes: false, example: 'pids>100' },
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

const COMPARISON = new RegExp(`^(${Object.keys(FILTER_METRICS).join('|')})(>=|<=|>|<|=)(.*)$`, 'i');
const NUMBER_AND_UNIT = /^(\d+(?:\.\d+)?|\.\d+)\s*([a-z%]*)$/i;

/** Splits on white space outside of double quotes; a quote that is never closed reaches to the end. */
export function tokens(text: string): string[] {
  return text.match(/(?:"[^"]*"?|[^\s"])+/g) ?? [];
}

function unquoted(text: string): string {
  return text.replaceAll('"', '');
}

interface Misread {
  readonly reason: string;
}

type Bound = { readonly column: ViewColumn; readonly bound: number } | Misread;

function parseBound(name: string, text: string): Bound {
  const metric = FILTER_METRICS[name];
  const [, digits, unit = ''] = NUMBER_AND_UNIT.exec(text) ?? [];
  if (metric === undefined || digits === undefined)
    return { reason: `expected a number after ${name}, such as ${metric?.example ?? 'cpu>50%'}` };
  const scale = unit === '%' ? shareOf(metric) : unitOf(metric, unit);
  return typeof scale === 'string'
    ? { reason: `${scale.replace('NAME', name)}: use ${metric.example}` }
    : { column: scale.column, bound: Number(digits) * scale.factor };
}

/** The column that a bound is of, and what its number is multiplied with; a sentence when there is none. */
type Scale = { readonly column: ViewColumn; readonly factor: number } | string;

function shareOf({ ratio }: Metric): Scale {
  return ratio === undefined ? 'NAME has no limit to be a share of' : { column: ratio, factor: 0.01 };
}

function unitOf({ plain, bytes }: Metric, unit: string): Scale {
  const factor = bytes ? BYTE_FACTORS[unit.toLowerCase()] : unit === '' ? 1 : undefined;
  if (plain === undefined) return 'NAME is a share';
  return factor === undefined ? `unknown unit ${unit}` : { column: plain, factor };
}

function isField(text: string): text is FilterField {
  return (FILTER_FIELDS as readonly string[]).includes(text);
}

function parseTerm(source: string): FilterTerm | FilterFault | undefined {
  const negated = source.startsWith('-') && source.length > 1;
  const body = negated ? source.slice(1) : source;
  return COMPARISON.test(body) ? parseComparison(body, { source, negated }) : parseText(body, { source, negated });
}

function parseComparison(body: string, term: Term): FilterTerm | FilterFault | undefined {
  const [, metric = '', op, amount = ''] = COMPARISON.exec(body) ?? [];
  // Half-typed: nothing to hold against anybody yet.
  if (amount === '') return undefined;
  const bound = parseBound(metric.toLowerCase(), amount);
  if ('reason' in bound) return { source: term.source, reason: bound.reason };
  return { kind: 'compare', ...term, op: op as Operator, ...bound };
}

function parseText(body: string, term: Term): FilterTerm | FilterFault | undefined {
  const colon = body.indexOf(':');
  const field = body.slice(0, Math.max(colon, 0)).toLowerCase();
  // An unknown field is a word: `redis:7` is an image and no fault.
  if (!isField(field)) {
    const word = unquoted(body).toLowerCase();
    return word === '' ? undefined : { kind: 'word', ...term, text: word };
  }
  const value = body.slice(colon + 1);
  if (value.startsWith('~')) return parsePattern(field, unquoted(value.slice(1)), term);
  const text = unquoted(value).toLowerCase();
  return text === '' ? undefined : { kind: 'field', ...term, field, text };
}

function parsePattern(field: FilterField, pattern: string, term: Term): FilterTerm | FilterFault | undefined {
  if (pattern === '') return undefined;
  const search = foundAnywhere(pattern);
  return typeof search === 'string'
    ? { source: term.source, reason: search }
    : { kind: 'pattern', ...term, field, search };
}

/**
 * Reads `web -tmp host:h1 project:shop image:redis* name:~^api-[0-9] label:team=a state:stale cpu>50% mem>64MiB`. After `~`
 * stands a regular expression that is looked for anywhere. Never throws: what cannot be understood is told in `faults` and left out.
 */
export function parseFilter(text: string): Filter {
  const parsed = tokens(text)
    .map(parseTerm)
    .filter((term) => term !== undefined);
  return {
    terms: parsed.filter((term) => 'kind' in term),
    faults: parsed.filter((term) => 'reason' in term),
  };
}

/**
 * The terms of a filter that values do not change, which the server applies: who is in a room must not change each second. The browser applies the whole filter to
 * what it is sent. In one order, so that two spellings make one room.
 */
export function lastingFilter(text: string): string {
  const sources = parseFilter(text).terms.flatMap((term) => (term.kind === 'compare' ? [] : [term.source]));
  return [...new Set(sources)].sort().join(' ');
}

/** The filter text without one of its terms. */
export function withoutTerm(text: string, term: { readonly source: string }): string {
  return tokens(text)
    .filter((token) => token !== term.source)
    .join(' ');
}

/** A value as one token, such as `host:"my host"`; quotes cannot be typed in a value and are left out. */
export function fieldTerm(field: string, value: string): string {
  const plain = unquoted(value);
  // A tilde would make it a pattern.
  return /\s|^~/.test(plain) ? `${field}:"${plain}"` : `${field}:${plain}`;
}
