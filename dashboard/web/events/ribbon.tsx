import type { JSX } from 'preact';
import { Link } from 'wouter-preact';
import type { EventKind, EventView } from '../../model/events/event.ts';
import { usePolled } from '../api.ts';
import { nowUnixMs } from '../clock.ts';
import { Fault } from '../facts.tsx';
import { formatAge, plural } from '../format.ts';
import { hostPage } from '../links.ts';
import { formatStamp } from '../stamp.ts';
import { hosts } from '../store.ts';
import { timeZone } from '../time-zone.ts';
import { countWords, eventLink, eventWords, KIND_WORDS, type EventsAnswer } from './event-words.ts';

const SHOWN = 8;
/** All that the track has room for. */
const ASKED = 200;
const HOUR_MS = 3_600_000;
const WIDTH = 1000;

/** What an end means is said by the words; only a kill and an alert are more than news. */
const TONE: Readonly<Record<EventKind, string>> = {
  started: 'calm',
  restarted: 'late',
  created: 'calm',
  ended: 'calm',
  oom: 'critical',
  fired: 'late',
  resolved: 'calm',
};

/** Each event as a stroke on an hour that ends now. */
function Track({ events }: { readonly events: readonly EventView[] }): JSX.Element {
  const from = nowUnixMs.value - HOUR_MS;
  return (
    <div class="ribbon-track">
      <svg
        viewBox={`0 0 ${WIDTH} 20`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`The last hour: ${countWords(events)}`}
      >
        {events.map((event) => {
          const x = Math.min(WIDTH - 2, Math.max(0, (WIDTH * (Date.parse(event.at) - from)) / HOUR_MS));
          const tone = TONE[event.kind];
          return (
            <rect
              key={`${event.at} ${event.kind} ${event.series ?? event.rule ?? ''} ${event.host ?? ''}`}
              class={`ribbon-${tone}`}
              x={x}
              y={tone === 'calm' ? 7 : 1}
              width="3"
              height={tone === 'calm' ? 6 : 18}
            />
          );
        })}
      </svg>
      <span class="ribbon-ends muted" aria-hidden="true">
        <span>1 h ago</span>
        <span>now</span>
      </span>
    </div>
  );
}

function HostName({ event: { host, nodeId } }: { readonly event: EventView }): JSX.Element | null {
  if (host === undefined) return null;
  const node = nodeId ?? hosts.value.find(({ name }) => name === host)?.nodeId;
  return node === undefined ? (
    <span class="muted">{host}</span>
  ) : (
    <Link class="muted" href={hostPage(node)}>
      {host}
    </Link>
  );
}

function Line({ event }: { readonly event: EventView }): JSX.Element {
  const { letter, name } = KIND_WORDS[event.kind];
  const atUnixMs = Date.parse(event.at);
  return (
    <li>
      <span class="ribbon-mark">
        <kbd title={name}>{letter}</kbd>
      </span>
      <span class="ribbon-what">
        <Link href={eventLink(event, nowUnixMs.value)}>
          {event.name === undefined ? '' : <strong>{event.name}</strong>} {eventWords(event)}
        </Link>
      </span>
      <span class="ribbon-host">
        <HostName event={event} />
      </span>
      <time class="ribbon-ago" dateTime={event.at} title={formatStamp(atUnixMs, timeZone.value)}>
        {formatAge(nowUnixMs.value - atUnixMs)}
      </time>
    </li>
  );
}

function noteOf(answer: EventsAnswer | undefined): string {
  if (answer === undefined) return '';
  const { events, more } = answer;
  if (events.length <= SHOWN && !more) return 'of the last hour';
  return `the last ${SHOWN} of ${more ? `more than ${ASKED}` : plural(events.length, 'event')} in the last hour`;
}

/** What happened in the cluster in the last hour, the newest first. */
export function EventRibbon(): JSX.Element {
  const { value, reason } = usePolled<EventsAnswer>(`/events?limit=${ASKED}`);
  return (
    <section aria-labelledby="events-title" class="ribbon">
      <div class="section-head">
        <h2 id="events-title">Events</h2>
        <span class="muted">{noteOf(value)}</span>
      </div>
      <Fault reason={reason === undefined ? undefined : `Events could not be loaded: ${reason}.`} />
      {value === undefined ? null : <Events events={value.events} />}
    </section>
  );
}

function Events({ events }: { readonly events: readonly EventView[] }): JSX.Element {
  if (events.length === 0)
    return (
      <p class="quiet-line">
        Nothing started, ended or fired in the last hour, as far as the agents told. Older events are on the pages of
        hosts and containers.
      </p>
    );
  return (
    <div class="ribbon-body">
      <Track events={events} />
      <ul>
        {events.slice(0, SHOWN).map((event) => (
          <Line
            key={`${event.at} ${event.kind} ${event.series ?? event.rule ?? ''} ${event.host ?? ''}`}
            event={event}
          />
        ))}
      </ul>
    </div>
  );
}
