import type { AlertView } from '../../wire.ts';
import { endWords } from '../events/event-words.ts';
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

/** Whether an alert is of this host itself, or of this container. */
export function concerns(
  { labels }: Pick<AlertView, 'labels'>,
  line: Pick<PastLine, 'kind' | 'host' | 'name'>,
): boolean {
  if (labels['host'] !== line.host) return false;
  return line.kind === 'host' ? labels['container'] === undefined : labels['container'] === line.name;
}

/** When alerts began and ended to fire. */
export function alertEvents(alerts: readonly AlertView[]): ChartEvent[] {
  return alerts.flatMap((alert) => {
    const { rule, metric, value, firedAtUnixMs, resolvedAtUnixMs, resolvedBecause } = alert;
    if (firedAtUnixMs === undefined) return [];
    const fired: ChartEvent = {
      atUnixMs: firedAtUnixMs,
      kind: 'fired',
      what: `${rule} fired: ${formatMetric(metric, value)}`,
      href: '/alerts',
    };
    if (resolvedAtUnixMs === undefined) return [fired];
    const because = resolvedBecause === undefined ? '' : `: ${resolvedBecause.replaceAll('_', ' ')}`;
    return [
      fired,
      { atUnixMs: resolvedAtUnixMs, kind: 'resolved', what: `${rule} resolved${because}`, href: '/alerts' },
    ];
  });
}

/** Oldest first. */
export function byTime(events: readonly ChartEvent[]): ChartEvent[] {
  return [...events].sort((a, b) => a.atUnixMs - b.atUnixMs);
}
