import { alertsPage } from '../../model/alert/alert-link.ts';
import type { EventView } from '../../model/events/event.ts';
import type { AlertView } from '../../wire.ts';
import { nowUnixMs } from '../clock.ts';
import { endWords, eventLink } from '../events/event-words.ts';
import { formatMetric } from '../format.ts';
import type { ChartEvent } from './chart-spec.ts';
import type { PastLine, PastMark } from './past.ts';

/** Enough of an id to know it by. */
const ID_CHARACTERS = 12;

function shortId(containerId: string): string {
  return containerId.slice(containerId.indexOf(':') + 1, containerId.indexOf(':') + 1 + ID_CHARACTERS);
}

function markWords(mark: PastMark): string {
  const { kind, containerId } = mark;
  const id = shortId(containerId);
  switch (kind) {
    case 'started':
      return `${id} started`;
    case 'restarted':
      return `${id} restarted`;
    case 'created':
      return `re-created as ${id}`;
    case 'ended':
      return `${id} ended ${endWords(mark)}`.trim();
    case 'oom':
      return `${id} was killed for its memory`;
  }
}

/** What happened on a line; `prefix` names the line where there are several. */
export function lineEvents({ marks }: PastLine, prefix = ''): ChartEvent[] {
  return marks.map((mark) => ({
    atUnixMs: Date.parse(mark.at),
    kind: mark.kind,
    what: `${prefix}${markWords(mark)}`,
  }));
}

/** Whether an alert is of this container, or of this host or anything on it. */
export function concerns(
  { labels }: Pick<AlertView, 'labels'>,
  line: Pick<PastLine, 'kind' | 'host' | 'name'>,
): boolean {
  if (labels['host'] !== line.host) return false;
  return line.kind === 'host' || labels['container'] === line.name;
}

/** When alerts began and ended to fire; `prefix` says of each what it is about, where a page has several. */
export function alertEvents(
  alerts: readonly AlertView[],
  prefix: (about: { readonly host: string | undefined; readonly name: string | undefined }) => string = () => '',
): ChartEvent[] {
  return alerts.flatMap((alert) => {
    const { rule, metric, value, labels, firedAtUnixMs, resolvedAtUnixMs, resolvedBecause } = alert;
    if (firedAtUnixMs === undefined) return [];
    const href = alertsPage(labels);
    const about = prefix({ host: labels['host'], name: labels['container'] });
    const fired: ChartEvent = {
      atUnixMs: firedAtUnixMs,
      kind: 'fired',
      what: `${about}${rule} fired: ${formatMetric(metric, value)}`,
      href,
    };
    if (resolvedAtUnixMs === undefined) return [fired];
    const because = resolvedBecause === undefined ? '' : `: ${resolvedBecause.replaceAll('_', ' ')}`;
    return [fired, { atUnixMs: resolvedAtUnixMs, kind: 'resolved', what: `${about}${rule} resolved${because}`, href }];
  });
}

/** A moment of an alert: the server's record of it has whole milliseconds. */
const momentOf = (atUnixMs: number, { rule, host, name }: Pick<EventView, 'rule' | 'host' | 'name'>): string =>
  JSON.stringify([Math.round(atUnixMs), rule, host, name]);

/** What the server told of a time, but for what live alerts tell better: with their values. */
export function toldEvents(
  told: readonly EventView[],
  live: readonly AlertView[],
  sayOf: (event: EventView) => string,
): ChartEvent[] {
  const known = new Set(
    live.flatMap(({ rule, labels, firedAtUnixMs, resolvedAtUnixMs }) => {
      const about = { rule, host: labels['host'] ?? '', name: labels['container'] ?? '' };
      return [firedAtUnixMs, resolvedAtUnixMs].flatMap((at) => (at === undefined ? [] : [momentOf(at, about)]));
    }),
  );
  return told
    .filter(({ rule, host = '', name = '', at }) =>
      rule === undefined ? true : !known.has(momentOf(Date.parse(at), { rule, host, name })),
    )
    .map((event) => {
      const atUnixMs = Date.parse(event.at);
      return { atUnixMs, kind: event.kind, what: sayOf(event), href: eventLink(event, nowUnixMs.peek()) };
    });
}

/** Oldest first. */
export function byTime(events: readonly ChartEvent[]): ChartEvent[] {
  return [...events].sort((a, b) => a.atUnixMs - b.atUnixMs);
}
