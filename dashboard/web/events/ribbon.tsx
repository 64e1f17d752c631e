import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { Link } from 'wouter-preact';
import type { EventView } from '../../model/events/event.ts';
import { usePolled } from '../api.ts';
import { historyParams, LIVE_RANGE, parseRange, withRange, type Range } from '../chart/range.ts';
import { nowUnixMs } from '../clock.ts';
import { Fault } from '../facts.tsx';
import { formatAge, plural } from '../format.ts';
import { hostPage } from '../links.ts';
import { useQuery } from '../page.ts';
import { onPageKeys } from '../shortcuts.ts';
import { formatClock, formatStamp } from '../stamp.ts';
import { hosts } from '../store.ts';
import { timeZone } from '../time-zone.ts';
import type { Span } from './brush.ts';
import { eventLink, eventWords, inSpan, KIND_WORDS, type EventsAnswer } from './event-words.ts';
import { Track } from './track.tsx';

const SHOWN = 8;
/** In a stretch that somebody picked, for which this page was opened. */
const SHOWN_OF_SPAN = 24;
/** All that the track has room for. */
const ASKED = 200;
const HOUR_MS = 3_600_000;

interface EventProps {
  readonly event: EventView;
  /** The stretch that is shown; `undefined` for the last hour. */
  readonly span: Span | undefined;
}

function HostName({ event: { host, nodeId }, span }: EventProps): JSX.Element | null {
  if (host === undefined) return null;
  const node = nodeId ?? hosts.value.find(({ name }) => name === host)?.nodeId;
  return node === undefined ? (
    <span class="muted">{host}</span>
  ) : (
    <Link class="muted" href={inSpan(hostPage(node), span)}>
      {host}
    </Link>
  );
}

function Line({ event, span }: EventProps): JSX.Element {
  const { letter, name } = KIND_WORDS[event.kind];
  const atUnixMs = Date.parse(event.at);
  return (
    <li>
      <span class="ribbon-mark">
        <kbd title={name}>{letter}</kbd>
      </span>
      <span class="ribbon-what">
        <Link href={eventLink(event, nowUnixMs.value, span)}>
          {event.name === undefined ? '' : <strong>{event.name}</strong>} {eventWords(event)}
        </Link>
      </span>
      <span class="ribbon-host">
        <HostName event={event} span={span} />
      </span>
      <time class="ribbon-ago" dateTime={event.at} title={formatStamp(atUnixMs, timeZone.value)}>
        {formatAge(nowUnixMs.value - atUnixMs)}
      </time>
    </li>
  );
}

function noteOf(answer: EventsAnswer | undefined, span: Span | undefined): string {
  if (answer === undefined) return '';
  const { events, more } = answer;
  const time = span === undefined ? 'in the last hour' : 'in this time';
  const most = span === undefined ? SHOWN : SHOWN_OF_SPAN;
  if (events.length <= most && !more) return span === undefined ? 'of the last hour' : plural(events.length, 'event');
  return `the last ${most} of ${more ? `more than ${ASKED}` : plural(events.length, 'event')} ${time}`;
}

const eventsPath = (span: Span | undefined): string =>
  `/events?${new URLSearchParams({ ...(span === undefined ? {} : historyParams({ kind: 'span', ...span })), limit: String(ASKED) }).toString()}`;

const isWithin =
  ({ fromUnixMs, toUnixMs }: Span) =>
  ({ at }: EventView): boolean =>
    Date.parse(at) >= fromUnixMs && Date.parse(at) <= toUnixMs;

/** What happened in the cluster in the last hour, or in the stretch of time that the address has, the newest first. */
export function EventRibbon(): JSX.Element {
  const { params, setParams } = useQuery();
  const range = parseRange(params);
  const span = range.kind === 'span' ? range : undefined;
  const { value, reason } = usePolled<EventsAnswer>(eventsPath(span));
  const onRange = (wanted: Range): void => {
    setParams(withRange(params, wanted));
  };
  const onReset = (): void => {
    onRange(LIVE_RANGE);
  };
  useEffect(() => onPageKeys({ l: onReset }), [params]);
  // What was told of another stretch stays until the answer is here.
  const shown = value && span !== undefined ? { ...value, events: value.events.filter(isWithin(span)) } : value;
  return (
    <section aria-labelledby="events-title" class="ribbon">
      <div class="section-head">
        <h2 id="events-title">Events</h2>
        {span === undefined ? null : (
          <>
            <span>
              {formatStamp(span.fromUnixMs, timeZone.value)} to {formatStamp(span.toUnixMs, timeZone.value)}
            </span>
            <button type="button" class="button" title="The last hour (l)" onClick={onReset}>
              Back to the last hour
            </button>
          </>
        )}
        <span class="muted">{noteOf(shown, span)}</span>
      </div>
      <Fault reason={reason === undefined ? undefined : `Events could not be loaded: ${reason}.`} />
      {shown === undefined ? null : <Events events={shown.events} {...{ span, onRange, onReset }} />}
    </section>
  );
}

interface EventsProps {
  readonly events: readonly EventView[];
  readonly span: Span | undefined;
  readonly onRange: (range: Range) => void;
  readonly onReset: () => void;
}

function Events({ events, span, onRange, onReset }: EventsProps): JSX.Element {
  if (events.length === 0 && span === undefined)
    return (
      <p class="quiet-line">
        Nothing started, ended or fired in the last hour, as far as the agents told. Older events are on the pages of
        hosts and containers.
      </p>
    );
  const now = nowUnixMs.value;
  const clock = (unixMs: number): string => formatClock(unixMs, timeZone.value);
  return (
    <div class="ribbon-body">
      <Track
        events={events}
        span={span ?? { fromUnixMs: now - HOUR_MS, toUnixMs: now }}
        title={span === undefined ? 'The last hour' : 'This time'}
        ends={span === undefined ? ['1 h ago', 'now'] : [clock(span.fromUnixMs), clock(span.toUnixMs)]}
        onRange={onRange}
        onReset={onReset}
      />
      {events.length === 0 ? <p class="ribbon-nothing muted">Nothing started, ended or fired in this time.</p> : null}
      <ul>
        {events.slice(0, span === undefined ? SHOWN : SHOWN_OF_SPAN).map((event) => (
          <Line
            key={`${event.at} ${event.kind} ${event.series ?? event.rule ?? ''} ${event.host ?? ''}`}
            event={event}
            span={span}
          />
        ))}
      </ul>
    </div>
  );
}
