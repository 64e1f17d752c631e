import type { EventKind, EventView } from '../../model/events/event.ts';
import { alertsPage } from '../../model/alert/alert-link.ts';
import { containerPage } from '../links.ts';
import { formatDuration } from '../format.ts';
import { LIVE_RANGE, withRange } from '../chart/range.ts';
import type { Span } from './brush.ts';

/** What `GET /api/v1/events` answers with. */
export interface EventsAnswer {
  readonly events: readonly EventView[];
  readonly more: boolean;
  /** Why something may be missing. */
  readonly partial: string | null;
}

/** Letter and words of each kind: the letters are those on the charts. */
export const KIND_WORDS: Readonly<Record<EventKind, { readonly letter: string; readonly name: string }>> = {
  started: { letter: 'S', name: 'started' },
  restarted: { letter: 'r', name: 'restarted' },
  created: { letter: 'R', name: 're-created' },
  ended: { letter: 'E', name: 'ended' },
  oom: { letter: 'O', name: 'killed for its memory' },
  fired: { letter: 'A', name: 'alert fired' },
  resolved: { letter: 'a', name: 'alert resolved' },
};

/** As `kill -l` calls them; a runtime writes 128 and the number. */
const SIGNALS: Readonly<Record<number, string>> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  3: 'SIGQUIT',
  4: 'SIGILL',
  6: 'SIGABRT',
  7: 'SIGBUS',
  8: 'SIGFPE',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  13: 'SIGPIPE',
  15: 'SIGTERM',
};

/** `3`, `137 (SIGKILL)`; `undefined` while nobody told. */
export function exitCodeWords(exitCode: number | undefined): string | undefined {
  if (exitCode === undefined) return undefined;
  const signal = SIGNALS[exitCode - 128];
  return signal === undefined ? String(exitCode) : `${exitCode} (${signal})`;
}

/** How a container ended, after the word that it did: `with 3, for its memory, after 5 min`. Empty where nothing is told. */
export function endWords({
  exitCode,
  oomKilled,
  ranForMs,
}: Pick<EventView, 'exitCode' | 'oomKilled' | 'ranForMs'>): string {
  const code = exitCodeWords(exitCode);
  return [
    ...(code === undefined ? [] : [`with ${code}`]),
    ...(oomKilled === true ? ['for its memory'] : []),
    ...(ranForMs === undefined ? [] : [`after ${formatDuration(ranForMs)}`]),
  ].join(', ');
}

/** What happened to what is named beside it. */
export function eventWords(event: EventView): string {
  const { kind, rule, because } = event;
  switch (kind) {
    case 'fired':
      return `${rule ?? 'an alert'} fired`;
    case 'resolved':
      return `${rule ?? 'an alert'} resolved${because === undefined ? '' : `: ${because.replaceAll('_', ' ')}`}`;
    case 'ended':
      return `ended ${endWords(event)}`.trim();
    case 'started':
    case 'restarted':
    case 'created':
    case 'oom':
      return KIND_WORDS[kind].name;
  }
}

const DAY_MS = 86_400_000;
const BEFORE_MS = 10 * 60_000;
const AFTER_MS = 5 * 60_000;

/** A page of charts, with the stretch of time that is shown here. */
export function inSpan(page: string, span: Span | undefined): string {
  return span === undefined
    ? page
    : `${page}?${withRange(new URLSearchParams(), { kind: 'span', ...span }).toString()}`;
}

/** Ranges of the history of alerts, the usual one first. */
const EPISODE_RANGES = [
  { last: '', days: 7 },
  { last: '&last=30d', days: 30 },
  { last: '&last=365d', days: 365 },
] as const;

/** The history of just this alert, over a range that still has the event. */
function episodesPage({ rule, host, name, at }: EventView, nowUnixMs: number): string {
  const labels = Object.entries({ alertname: rule, host, container: name }).flatMap(([label, value]) =>
    value === undefined ? [] : [[label, value] as const],
  );
  const days = (nowUnixMs - Date.parse(at)) / DAY_MS;
  const { last } = EPISODE_RANGES.find((range) => days < range.days) ?? EPISODE_RANGES[2];
  return `${alertsPage(Object.fromEntries(labels), '/alerts/history')}${last}`;
}

/** The page that tells more: the container with the minutes around the event, or those of the span, or the alerts. */
export function eventLink(event: EventView, nowUnixMs: number, span?: Span): string {
  const { kind, series, at } = event;
  // Whether it still fires or not, the history has it.
  if (kind === 'fired' || kind === 'resolved') return episodesPage(event, nowUnixMs);
  if (series === undefined) return '/containers';
  const page = containerPage({ series, key: series });
  if (span !== undefined) return inSpan(page, span);
  const atUnixMs = Date.parse(at);
  if (LIVE_RANGE.kind === 'last' && nowUnixMs - atUnixMs < LIVE_RANGE.ms) return page;
  return inSpan(page, { fromUnixMs: atUnixMs - BEFORE_MS, toUnixMs: atUnixMs + AFTER_MS });
}

/** What happened, counted: `12 events: 5 started, 3 ended`. */
export function countWords(events: readonly EventView[]): string {
  const counts = Object.entries(KIND_WORDS)
    .map(([kind, { name }]) => ({ name, count: events.filter((event) => event.kind === kind).length }))
    .filter(({ count }) => count > 0);
  return counts.map(({ name, count }) => `${count} ${name}`).join(', ');
}
