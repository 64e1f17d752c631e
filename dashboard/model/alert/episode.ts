import { csvCell } from '../history/answer.ts';
import type { Alert } from './alert.ts';
import type { Labels } from './matcher.ts';
import type { ResolvedReason } from './state.ts';

/** A channel that was told that an alert fires, and when first. */
export interface Told {
  readonly channel: string;
  readonly atUnixMs: number;
}

/** One time that an alert fired: from then until it resolved. */
export interface AlertEpisode {
  readonly fingerprint: string;
  readonly rule: string;
  readonly severity: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly metric: string;
  readonly op: string;
  /** In the metric's unit, as it was when it fired; NaN when no data fired it. */
  readonly value: number;
  readonly threshold: number;
  readonly firedAtUnixMs: number;
  /** `undefined` while it fires. */
  readonly resolvedAtUnixMs: number | undefined;
  readonly resolvedBecause: ResolvedReason | undefined;
}

/** An episode with the channels that heard of it. */
export interface ToldEpisode extends AlertEpisode {
  readonly told: readonly Told[];
}

/** What an alert adds to the history; `undefined` while it is pending. */
export function episodeOf(alert: Alert): AlertEpisode | undefined {
  const { fingerprint, rule, severity, labels, annotations, metric, op, threshold, state } = alert;
  if (state.kind === 'pending') return undefined;
  const isOver = state.kind === 'resolved';
  return {
    fingerprint,
    rule,
    severity,
    labels,
    annotations,
    metric,
    op,
    value: state.value,
    threshold,
    firedAtUnixMs: state.firedAtUnixMs,
    resolvedAtUnixMs: isOver ? state.resolvedAtUnixMs : undefined,
    resolvedBecause: isOver ? state.reason : undefined,
  };
}

const iso = (unixMs: number): string => new Date(unixMs).toISOString();

const isoOrNull = (unixMs: number | undefined): string | null => (unixMs === undefined ? null : iso(unixMs));

/** The lines of history of what an episode is about, where they are known. */
export interface EpisodePlace {
  readonly nodeId?: string;
  readonly series?: string;
}

/** An episode as the API shows it. JSON has no NaN: `null`. */
export interface EpisodeView extends EpisodePlace {
  readonly fingerprint: string;
  readonly rule: string;
  readonly severity: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly metric: string;
  readonly op: string;
  readonly value: number | null;
  readonly threshold: number;
  readonly firedAt: string;
  readonly resolvedAt: string | null;
  readonly resolvedBecause: string | null;
  readonly notified: readonly { readonly channel: string; readonly at: string }[];
}

export function episodeView({ value, told, ...rest }: ToldEpisode): EpisodeView {
  const { firedAtUnixMs, resolvedAtUnixMs, resolvedBecause, ...facts } = rest;
  return {
    ...facts,
    value: Number.isFinite(value) ? value : null,
    firedAt: iso(firedAtUnixMs),
    resolvedAt: isoOrNull(resolvedAtUnixMs),
    resolvedBecause: resolvedBecause ?? null,
    notified: told.map(({ channel, atUnixMs }) => ({ channel, at: iso(atUnixMs) })),
  };
}

const CSV_HEADER = 'rule,severity,host,container,firedAt,resolvedAt,resolvedBecause,metric,value,op,threshold,notified';

/** Episodes as RFC 4180 lines. */
export function episodesCsv(episodes: readonly ToldEpisode[]): string {
  const rows = episodes.map(episodeView).map((episode) => {
    const { rule, severity, labels, firedAt, resolvedAt, resolvedBecause, metric, value, op, threshold } = episode;
    const times = [firedAt, resolvedAt ?? '', resolvedBecause ?? ''];
    const who = [rule, severity, labels['host'] ?? '', labels['container'] ?? ''];
    const notified = episode.notified.map(({ channel, at }) => `${channel} ${at}`).join('; ');
    // Numbers stay numbers: a minus before one starts no formula.
    const numbers = [value === null ? '' : String(value), `"${op}"`, String(threshold)];
    return [...[...who, ...times, metric].map(csvCell), ...numbers, csvCell(notified)].join(',');
  });
  return `${[CSV_HEADER, ...rows].join('\r\n')}\r\n`;
}
