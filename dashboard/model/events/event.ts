import type { AlertEpisode } from '../alert/episode.ts';
import type { Mark, MarkedExit, MarkKind, SeriesFacts } from '../history/series.ts';

/** `fired` and `resolved` are of alerts, all others of containers. */
export type EventKind = MarkKind | 'fired' | 'resolved';

/** Something that happened in the cluster. */
export interface ClusterEvent {
  readonly atUnixMs: number;
  readonly kind: EventKind;
  /** Line of history of the container; `undefined` for alerts. */
  readonly series?: string;
  readonly nodeId?: string;
  readonly host: string | undefined;
  /** Of the container; `undefined` for an alert that is of none. */
  readonly name: string | undefined;
  readonly containerId?: string;
  readonly exit?: MarkedExit | undefined;
  readonly rule?: string;
  readonly severity?: string;
  /** Why an alert resolved. */
  readonly because?: string | undefined;
}

/** A line as far as its events go. */
export interface MarkedLine {
  readonly key: string;
  readonly facts: SeriesFacts;
  readonly marks: readonly Mark[];
}

export interface EventSpan {
  readonly fromUnixMs: number;
  readonly toUnixMs: number;
}

const isIn = (atUnixMs: number, { fromUnixMs, toUnixMs }: EventSpan): boolean =>
  atUnixMs >= fromUnixMs && atUnixMs <= toUnixMs;

/** What happened to containers. */
export function containerEvents(lines: Iterable<MarkedLine>, span: EventSpan): ClusterEvent[] {
  const events: ClusterEvent[] = [];
  for (const { key, facts, marks } of lines) {
    const { nodeId, host, name } = facts;
    for (const { timeUnixMs, kind, containerId, exit } of marks)
      if (isIn(timeUnixMs, span))
        events.push({ atUnixMs: timeUnixMs, kind, series: key, nodeId, host, name, containerId, exit });
  }
  return events;
}

/** When alerts began and ended to fire. */
export function episodeEvents(episodes: Iterable<AlertEpisode>, span: EventSpan): ClusterEvent[] {
  const events: ClusterEvent[] = [];
  for (const { rule, severity, labels, firedAtUnixMs, resolvedAtUnixMs, resolvedBecause } of episodes) {
    const what = { host: labels['host'], name: labels['container'], rule, severity };
    if (isIn(firedAtUnixMs, span)) events.push({ ...what, atUnixMs: firedAtUnixMs, kind: 'fired' });
    if (resolvedAtUnixMs !== undefined && isIn(resolvedAtUnixMs, span))
      events.push({ ...what, atUnixMs: resolvedAtUnixMs, kind: 'resolved', because: resolvedBecause });
  }
  return events;
}

/** The line of this key and those of the other replicas of its service, on all hosts. */
export function linesOfService<Line extends { readonly key: string; readonly facts: SeriesFacts }>(
  lines: Iterable<Line>,
  { key, facts }: { readonly key: string; readonly facts: SeriesFacts | undefined },
): Line[] {
  const { project, service } = facts ?? {};
  return [...lines].filter(
    (line) =>
      line.key === key || (service !== undefined && line.facts.service === service && line.facts.project === project),
  );
}

/** Whether an alert is of this container, or of this host or anything on it. */
export function isOfLine({ labels }: Pick<AlertEpisode, 'labels'>, { kind, host, name }: SeriesFacts): boolean {
  return labels['host'] === host && (kind === 'host' || labels['container'] === name);
}

/** The newest first; what happened in one moment as it was found. */
export function newestFirst(events: readonly ClusterEvent[]): ClusterEvent[] {
  return events.toSorted((a, b) => b.atUnixMs - a.atUnixMs);
}

/** An event as the API shows it; what is not known is left out. */
export interface EventView extends Partial<MarkedExit> {
  readonly at: string;
  readonly kind: EventKind;
  readonly series?: string;
  readonly nodeId?: string;
  readonly host?: string;
  readonly name?: string;
  readonly containerId?: string;
  readonly rule?: string;
  readonly severity?: string;
  readonly because?: string;
}

export function eventView({ atUnixMs, exit, host, name, because, ...rest }: ClusterEvent): EventView {
  const known = Object.entries({ host, name, because, ...exit }).filter(([, value]) => value !== undefined);
  return { at: new Date(atUnixMs).toISOString(), ...rest, ...Object.fromEntries(known) };
}
