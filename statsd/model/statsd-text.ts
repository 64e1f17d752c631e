import { cleanText } from './text.ts';

/** `counter` c, `gauge` g, `timer` ms, `histogram` h and d, `set` s. */
export type StatsdKind = 'counter' | 'gauge' | 'timer' | 'histogram' | 'set';

/** Names are what Prometheus allows in a label, so that two spellings of one name are one series. */
export type StatsdTags = readonly (readonly [name: string, value: string])[];

export interface StatsdMetric {
  readonly what: 'metric';
  readonly kind: StatsdKind;
  /** Letters, digits and `_`, at most 128. */
  readonly name: string;
  /** Of everything but a set; milliseconds for a timer. */
  readonly values: readonly number[];
  /** Of a set. */
  readonly member: string;
  /** A sampled value stands for so many. */
  readonly weight: number;
  /** A gauge that is changed by the value instead of set to it. */
  readonly isChange: boolean;
  readonly tags: StatsdTags;
}

/** In the order of the protocol's numbers, 0 to 3. */
export const CHECK_STATES = ['ok', 'warning', 'critical', 'unknown'] as const;
export type CheckState = (typeof CHECK_STATES)[number];

export interface StatsdCheck {
  readonly what: 'check';
  readonly name: string;
  readonly state: CheckState;
  readonly message: string | undefined;
  readonly tags: StatsdTags;
}

/** The first stands where an event does not say. */
export const ALERT_TYPES = ['info', 'success', 'warning', 'error'] as const;
export type AlertType = (typeof ALERT_TYPES)[number];

export interface StatsdEvent {
  readonly what: 'event';
  /** One line, not empty, at most 128 characters. */
  readonly title: string;
  /** One line, at most 512 characters; may be empty. */
  readonly text: string;
  readonly alert: AlertType;
  readonly isLowPriority: boolean;
  readonly tags: StatsdTags;
}

export type StatsdLine = StatsdMetric | StatsdCheck | StatsdEvent;

/** Who sent it, in the words of the field `c:`. */
export type StatsdOrigin =
  | { readonly kind: 'id'; readonly id: string }
  /** Inode of a cgroup directory. */
  | { readonly kind: 'inode'; readonly inode: number };

export interface StatsdDatagram {
  readonly lines: readonly StatsdLine[];
  /** As the first line that names one says. */
  readonly origin: StatsdOrigin | undefined;
  /** Lines that are none. */
  readonly malformed: number;
}

const KINDS: Readonly<Record<string, StatsdKind>> = {
  c: 'counter',
  g: 'gauge',
  ms: 'timer',
  h: 'histogram',
  d: 'histogram',
  s: 'set',
};

const MAX_NAME = 128;
const MAX_TAG_VALUE = 128;
const MAX_TAGS = 16;
const MAX_VALUES = 256;
const MAX_MEMBER = 256;
const MAX_TITLE = 128;
const MAX_EVENT_TEXT = 512;
/** One in a million; and nothing that a sum of doubles could not hold. */
const MIN_SAMPLE_RATE = 1e-6;
const MAX_VALUE = 1e30;
const BAR = 0x7c;

const NUMBER = /^[+-]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE][+-]?\d{1,3})?$/;

function numberIn(text: string): number | undefined {
  const value = NUMBER.test(text) ? Number(text) : Number.NaN;
  return Math.abs(value) <= MAX_VALUE ? value : undefined;
}

/** A name as Prometheus allows it; `undefined` for one that is empty or too long. */
function nameIn(text: string): string | undefined {
  return text === '' || text.length > MAX_NAME ? undefined : text.replace(/[^A-Za-z0-9_]/g, '_');
}

/**
 * `#a:b,c`, sorted by name; of two with one name the first stands, and one without a value is `true`. Names are in small letters,
 * as Datadog keeps them and Prometheus wants its labels.
 */
function tagsIn(text: string): StatsdTags | undefined {
  const parts = text.split(',', MAX_TAGS + 1).filter((part) => part !== '');
  if (parts.length > MAX_TAGS) return undefined;
  const tags = new Map<string, string>();
  for (const part of parts) {
    const colon = part.indexOf(':');
    const name = nameIn(colon < 0 ? part : part.slice(0, colon))?.toLowerCase();
    if (name === undefined) return undefined;
    const value = colon < 0 ? 'true' : cleanText(part.slice(colon + 1), MAX_TAG_VALUE);
    if (!tags.has(name) && value !== '') tags.set(name, value);
  }
  return [...tags].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function originIn(text: string): StatsdOrigin | undefined {
  const [, inode] = /^in-(\d{1,15})$/.exec(text) ?? [];
  if (inode !== undefined) return { kind: 'inode', inode: Number(inode) };
  const id = text.replace(/^ci-/, '').slice(0, MAX_NAME);
  return id === '' ? undefined : { kind: 'id', id };
}

interface Fields {
  readonly weight: number;
  readonly tags: StatsdTags;
  readonly origin: StatsdOrigin | undefined;
  readonly message: string | undefined;
  /** It has fields that only DogStatsD has. */
  readonly isDog: boolean;
}

/** What follows a value: `@rate`, `#tags`, `c:origin`, `m:message`; others, which later versions may bring, are passed over. */
function fieldsIn(parts: readonly string[]): Fields | undefined {
  let [weight, tags, isDog]: [number, StatsdTags | undefined, boolean] = [1, [], false];
  let origin: StatsdOrigin | undefined;
  let message: string | undefined;
  for (const part of parts) {
    if (part.startsWith('@')) {
      const rate = numberIn(part.slice(1)) ?? 0;
      if (rate < MIN_SAMPLE_RATE || rate > 1) return undefined;
      weight = 1 / rate;
    } else if (part.startsWith('#')) {
      isDog = true;
      tags = tagsIn(part.slice(1));
      if (tags === undefined) return undefined;
    } else if (part.startsWith('c:')) {
      isDog = true;
      origin = originIn(part.slice(2));
    } else if (part.startsWith('m:')) message = cleanText(part.slice(2));
  }
  return { weight, tags, origin, message, isDog };
}

type Line = { readonly line: StatsdLine; readonly origin: StatsdOrigin | undefined } | undefined;

/** `_sc|NAME|STATE|…` */
function checkIn(text: string): Line {
  const [, rawName = '', number = '', ...rest] = text.split('|');
  const name = rawName.length > MAX_NAME ? '' : cleanText(rawName);
  const state = /^[0-3]$/.test(number) ? CHECK_STATES[Number(number)] : undefined;
  const fields = fieldsIn(rest);
  if (name === '' || state === undefined || fields === undefined) return undefined;
  const { message, tags, origin } = fields;
  return { line: { what: 'check', name, state, message, tags }, origin };
}

/** Lengths of an event are in bytes of UTF-8. */
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Line ends in an event are written as two characters. */
const oneLine = (text: string, maxLength: number): string => cleanText(text.replaceAll('\\n', ' '), maxLength).trim();

function alertIn(parts: readonly string[]): AlertType | undefined {
  const part = parts.find((each) => each.startsWith('t:'));
  return part === undefined ? ALERT_TYPES[0] : ALERT_TYPES.find((type) => part === `t:${type}`);
}

/** `_e{TITLE LENGTH,TEXT LENGTH}:TITLE|TEXT|…`; title and text may hold a `|`. */
function eventIn(line: string): Line {
  const [head = '', titleLength, textLength] = /^_e\{(\d{1,5}),(\d{1,5})\}:/.exec(line) ?? [];
  const bytes = encoder.encode(line.slice(head.length));
  const titleEnd = Number(titleLength);
  const textEnd = titleEnd + 1 + Number(textLength);
  if (head === '' || bytes.length < textEnd || bytes[titleEnd] !== BAR) return undefined;
  if (bytes.length > textEnd && bytes[textEnd] !== BAR) return undefined;
  const title = oneLine(decoder.decode(bytes.subarray(0, titleEnd)), MAX_TITLE);
  const text = oneLine(decoder.decode(bytes.subarray(titleEnd + 1, textEnd)), MAX_EVENT_TEXT);
  const parts = decoder.decode(bytes.subarray(textEnd + 1)).split('|');
  const [alert, fields] = [alertIn(parts), fieldsIn(parts)];
  if (title === '' || alert === undefined || fields === undefined) return undefined;
  const { tags, origin } = fields;
  return { line: { what: 'event', title, text, alert, isLowPriority: parts.includes('p:low'), tags }, origin };
}

/** All the values of a line, or `undefined` when one of them is none. */
function valuesIn(text: string): number[] | undefined {
  const texts = text.split(':', MAX_VALUES + 1);
  const numbers = texts.flatMap((each) => numberIn(each) ?? []);
  return numbers.length === texts.length && texts.length <= MAX_VALUES ? numbers : undefined;
}

function worthIn(
  text: string,
  kind: StatsdKind,
  isDog: boolean,
): Pick<StatsdMetric, 'values' | 'member' | 'isChange'> | undefined {
  if (kind === 'set') {
    const isMember = text !== '' && text.length <= MAX_MEMBER;
    return isMember ? { values: [], member: text, isChange: false } : undefined;
  }
  const values = valuesIn(text);
  // A counter of Prometheus cannot go back.
  if (values === undefined || (kind === 'counter' && values.some((value) => value < 0))) return undefined;
  // A sign changes a gauge of StatsD; DogStatsD knows negative gauges instead.
  return { values, member: '', isChange: kind === 'gauge' && !isDog && /^[+-]/.test(text) };
}

/** `NAME:VALUE|TYPE|…`, or several values with a colon between them. */
function metricIn(text: string): Line {
  const colon = text.indexOf(':');
  const [values = '', type = '', ...rest] = text.slice(colon + 1).split('|');
  const name = colon < 0 ? undefined : nameIn(text.slice(0, colon));
  const kind = Object.hasOwn(KINDS, type) ? KINDS[type] : undefined;
  const fields = fieldsIn(rest);
  if (name === undefined || kind === undefined || fields === undefined) return undefined;
  const { weight, tags, origin, isDog } = fields;
  const worth = worthIn(values, kind, isDog);
  return worth === undefined ? undefined : { line: { what: 'metric', kind, name, weight, tags, ...worth }, origin };
}

function lineIn(text: string): Line {
  if (text.startsWith('_e{')) return eventIn(text);
  return text.startsWith('_sc|') ? checkIn(text) : metricIn(text);
}

/**
 * The lines of one datagram of StatsD or DogStatsD (up to 1.4). The sender is not trusted: what does not look as the protocol
 * says is counted and left out, and every name and value is bounded.
 */
export function parseStatsd(datagram: string): StatsdDatagram {
  const lines: StatsdLine[] = [];
  let [origin, malformed]: [StatsdOrigin | undefined, number] = [undefined, 0];
  for (const raw of datagram.split('\n')) {
    const text = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    if (text === '') continue;
    const found = lineIn(text);
    if (found === undefined) malformed += 1;
    else {
      lines.push(found.line);
      origin ??= found.origin;
    }
  }
  return { lines, origin, malformed };
}
