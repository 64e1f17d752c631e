import { useEffect } from 'preact/hooks';
import type { EventView } from '../../model/events/event.ts';
import { usePolled } from '../api.ts';
import type { EventsAnswer } from '../events/event-words.ts';
import { historyParams, type Range } from './range.ts';

/** What fires now comes with the page; this is for what fired before, and for what happened to others. */
const EVERY_MS = 15_000;
const LIMIT = 1000;

interface EventsRequest {
  readonly series: readonly string[];
  readonly range: Range;
  /** Such as `fired,resolved`; everything when it is left out. */
  readonly kinds?: string;
  /** Changes when something is likely to have happened. */
  readonly news?: unknown;
}

/** What the server tells of a page's time. */
export interface LoadedEvents {
  readonly events: readonly EventView[];
  /** Why some may be missing. */
  readonly note: string | undefined;
}

function eventsPath({ series, range, kinds }: EventsRequest): string {
  const { from = '', to } = historyParams(range);
  const params = new URLSearchParams({ from, ...(to === undefined ? {} : { to }), limit: String(LIMIT) });
  if (kinds !== undefined) params.set('kinds', kinds);
  for (const key of series) params.append('series', key);
  return `/events?${params.toString()}`;
}

/** What happened on some lines, and on the containers of a host, in the time that is shown. */
export function useEvents(request: EventsRequest): LoadedEvents {
  const { value, reason, reload } = usePolled<EventsAnswer>(eventsPath(request), EVERY_MS);
  useEffect(reload, [request.news]);
  const note =
    reason ?? value?.partial ?? (value?.more === true ? `only the last ${LIMIT} events are told` : undefined);
  return { events: value?.events ?? [], note };
}
