import type { Context, Hono } from 'hono';
import type { Clock } from '../../native/host/clock.ts';
import type { AlertEpisode } from '../model/alert/episode.ts';
import type { RowOrder } from '../model/cluster-view.ts';
import {
  containerEvents,
  episodeEvents,
  eventView,
  isOfLine,
  linesOfService,
  newestFirst,
  type ClusterEvent,
  type MarkedLine,
} from '../model/events/event.ts';
import { parseEventQuery, type EventQuery } from '../model/events/query.ts';
import { alertsInScope, seesSeries, type Scope } from '../model/scope.ts';
import { principalOf } from './access/gate.ts';
import type { EpisodeStore } from './episode-store.ts';
import type { HistoryReader } from './history/history-reader.ts';
import type { Env } from './http.ts';
import { problem } from './problem.ts';

export interface EventsApiParts {
  readonly reader: Pick<HistoryReader, 'lines' | 'linesOfHost' | 'markedLine'>;
  readonly episodes: Pick<EpisodeStore, 'read'>;
  /** The rows of now, for who may see only some of them. */
  readonly order: () => RowOrder;
  readonly clock: Clock;
}

interface Found {
  readonly events: readonly ClusterEvent[];
  readonly partial: string | undefined;
}

/** Of one service: what memory has of its lines, and what the file has of the one that is named. */
async function ofService(
  { reader }: EventsApiParts,
  key: string,
  query: EventQuery,
): Promise<Found & { lines: MarkedLine[] }> {
  const { line, partial } = await reader.markedLine(key, query);
  const others = linesOfService(reader.lines(), { key, facts: line?.facts }).filter((each) => each.key !== key);
  return { lines: [...(line === undefined ? [] : [line]), ...others], events: [], partial };
}

function seen<Line extends MarkedLine>(
  lines: Iterable<Line>,
  scope: Scope | undefined,
  order: () => RowOrder,
): Iterable<Line> {
  return scope === undefined ? lines : [...lines].filter((line) => seesSeries(order(), scope, line));
}

/** Of the lines that are named: their marks, those of a host's containers, and the alerts of all of them. */
async function ofLines(parts: EventsApiParts, query: EventQuery, scope: Scope | undefined): Promise<Found> {
  const { reader, order } = parts;
  const named = await Promise.all(query.series.map((key) => reader.markedLine(key, query)));
  const about = [
    ...seen(
      named.flatMap(({ line }) => line ?? []),
      scope,
      order,
    ),
  ];
  const hosts = about.filter(({ facts }) => facts.kind === 'host');
  const onHosts = await Promise.all(hosts.map(({ key }) => reader.linesOfHost(key, query)));
  const below = [
    ...seen(
      onHosts.flatMap(({ lines }) => lines),
      scope,
      order,
    ),
  ];
  const lines = new Map([...below, ...about].map((line) => [line.key, line]));
  const fired = firedIn(parts, query, scope).filter((episode) => about.some(({ facts }) => isOfLine(episode, facts)));
  return {
    events: [...containerEvents(lines.values(), query), ...episodeEvents(fired, query)],
    partial: [...named, ...onHosts].find(({ partial }) => partial !== undefined)?.partial,
  };
}

function firedIn({ episodes, order }: EventsApiParts, query: EventQuery, scope: Scope | undefined): AlertEpisode[] {
  const isSeen = scope === undefined ? () => true : alertsInScope(order(), scope);
  return [...episodes.read(query)].filter(isSeen);
}

async function find(parts: EventsApiParts, query: EventQuery, scope: Scope | undefined): Promise<Found> {
  const { reader, order } = parts;
  if (query.series.length > 0) return await ofLines(parts, query, scope);
  if (query.service !== undefined) {
    const { lines, partial } = await ofService(parts, query.service, query);
    return { events: containerEvents(seen(lines, scope, order), query), partial };
  }
  const lines = [...reader.lines()].filter(({ marks }) => (marks.at(-1)?.timeUnixMs ?? 0) >= query.fromUnixMs);
  const fired = firedIn(parts, query, scope);
  return {
    events: [...containerEvents(seen(lines, scope, order), query), ...episodeEvents(fired, query)],
    partial: undefined,
  };
}

async function answer(context: Context<Env>, parts: EventsApiParts): Promise<Response> {
  const series = context.req.queries('series') ?? [];
  const query = parseEventQuery(context.req.query(), parts.clock.nowMs(), series);
  if ('fault' in query) return problem(context, 400, query.fault);
  const { events, partial } = await find(parts, query, principalOf(context).scope);
  const wanted = newestFirst(events.filter(({ kind }) => query.kinds.has(kind)));
  return context.json({
    events: wanted.slice(0, query.limit).map(eventView),
    more: wanted.length > query.limit,
    partial: partial ?? null,
  });
}

/** `GET /events`: what happened to containers and alerts, the newest first. */
export function addEvents(api: Hono<Env>, parts: EventsApiParts): void {
  api.get('/events', (context) => answer(context, parts));
}
