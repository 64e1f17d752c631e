import { escapeLabelValue } from './exposition.ts';
import { DistinctCount, QuantileSketch } from './sketch.ts';
import type {
  AlertType,
  StatsdCheck,
  StatsdEvent,
  StatsdKind,
  StatsdLine,
  StatsdMetric,
  StatsdTags,
} from './statsd-text.ts';

/** Quantiles, and the members of a set, are those of the last one to two minutes. */
const WINDOW_MS = 60_000;
/** What no container sent for so long is forgotten. */
const IDLE_MS = 10 * 60_000;
const MAX_CHECKS = 50;
/** Events that are kept of one container, the newest, and of all together. */
const MAX_EVENTS_OF_ONE = 10;
const MAX_EVENTS = 1000;
/** Of quantiles, as /metrics and the API give them. */
export const QUANTILES = [0.5, 0.9, 0.99] as const;
/** A timer or histogram is so many series: the quantiles, a sum and a count. */
const SUMMARY_SERIES = QUANTILES.length + 2;

interface Windowed<T> {
  sinceMs: number;
  now: T;
  last: T | undefined;
}

/** One metric of one container with one set of tags. */
export interface StatsdSeries {
  readonly kind: StatsdKind;
  readonly name: string;
  readonly tags: StatsdTags;
  /** The same as labels, without braces; `tag_` before each name. */
  readonly labels: string;
  /** Sum of a counter, last value of a gauge. */
  value: number;
  /** Of a timer (in seconds) or histogram. */
  sum: number;
  count: number;
  seenMs: number;
  readonly sketch: Windowed<QuantileSketch> | undefined;
  readonly members: Windowed<DistinctCount> | undefined;
}

export interface CheckResult extends StatsdCheck {
  readonly labels: string;
  readonly atUnixMs: number;
  readonly seenMs: number;
}

export interface EventResult extends StatsdEvent {
  readonly atUnixMs: number;
  readonly seenMs: number;
}

/** What of one container is known. */
export interface StatsdAccount {
  readonly series: ReadonlyMap<string, StatsdSeries>;
  readonly checks: ReadonlyMap<string, CheckResult>;
  /** The newest, oldest first. */
  readonly events: readonly EventResult[];
  /** How many came, of each type that did. */
  readonly eventCounts: ReadonlyMap<AlertType, number>;
}

interface Account {
  readonly series: Map<string, StatsdSeries>;
  readonly checks: Map<string, CheckResult>;
  events: EventResult[];
  readonly eventCounts: Map<AlertType, number>;
  /** Of Prometheus, which are more than the map's for timers and histograms. */
  seriesCount: number;
}

export interface StatsdBookLimits {
  readonly maxSeries: number;
  readonly maxSeriesOfOne: number;
}

export interface Moment {
  readonly monotonicMs: number;
  readonly timeUnixMs: number;
}

const labelsOf = (tags: StatsdTags): string =>
  tags.map(([name, value]) => `tag_${name}="${escapeLabelValue(value)}"`).join(',');

const seriesIn = (kind: StatsdKind): number => (kind === 'timer' || kind === 'histogram' ? SUMMARY_SERIES : 1);

/** The window that a moment is in; the one before it stays for comparison. */
function turned<T>(windowed: Windowed<T>, nowMs: number, fresh: () => T): T {
  const ageMs = nowMs - windowed.sinceMs;
  if (ageMs >= WINDOW_MS) {
    windowed.last = ageMs < 2 * WINDOW_MS ? windowed.now : undefined;
    windowed.now = fresh();
    windowed.sinceMs = nowMs;
  }
  return windowed.now;
}

const newSketch = (): QuantileSketch => new QuantileSketch();
const newCount = (): DistinctCount => new DistinctCount();

/** A quantile of the last one to two minutes; NaN when nothing came. */
export function quantileOf(series: StatsdSeries, q: number, nowMs: number): number {
  const { sketch } = series;
  if (sketch === undefined) return Number.NaN;
  turned(sketch, nowMs, newSketch);
  return QuantileSketch.quantile(sketch.last === undefined ? [sketch.now] : [sketch.last, sketch.now], q);
}

/** Different members within the last whole minute; in the first, so far. */
export function distinctOf({ members }: StatsdSeries, nowMs: number): number {
  if (members === undefined) return Number.NaN;
  const now = turned(members, nowMs, newCount);
  return (members.last ?? now).estimate;
}

/**
 * What containers said of themselves by StatsD, added up: bounded in series, for each container and in all, in checks and in
 * time; a container that ended is forgotten at once. Times are monotonic milliseconds.
 */
export class StatsdBook {
  readonly #limits: StatsdBookLimits;
  readonly #accounts = new Map<string, Account>();
  #seriesCount = 0;
  #eventCount = 0;
  /** Lines whose series, check or event did not fit. */
  droppedLines = 0;

  constructor(limits: StatsdBookLimits) {
    this.#limits = limits;
  }

  /** Series as Prometheus counts them. */
  get seriesCount(): number {
    return this.#seriesCount;
  }

  account(key: string): StatsdAccount | undefined {
    return this.#accounts.get(key);
  }

  accounts(): Iterable<readonly [key: string, account: StatsdAccount]> {
    return this.#accounts;
  }

  take(key: string, lines: readonly StatsdLine[], at: Moment): void {
    let account = this.#accounts.get(key);
    if (account === undefined) {
      account = { series: new Map(), checks: new Map(), events: [], eventCounts: new Map(), seriesCount: 0 };
      this.#accounts.set(key, account);
    }
    for (const line of lines)
      if (line.what === 'check') this.#takeCheck(account, line, at);
      else if (line.what === 'event') this.#takeEvent(account, line, at);
      else this.#takeMetric(account, line, at.monotonicMs);
  }

  forget(key: string): void {
    const account = this.#accounts.get(key);
    this.#seriesCount -= account?.seriesCount ?? 0;
    this.#eventCount -= account?.events.length ?? 0;
    this.#accounts.delete(key);
  }

  /** Forgets what no container sent lately. */
  prune(nowMs: number): void {
    for (const [key, account] of this.#accounts) {
      for (const [which, series] of account.series) {
        if (nowMs - series.seenMs < IDLE_MS) continue;
        account.series.delete(which);
        account.seriesCount -= seriesIn(series.kind);
        this.#seriesCount -= seriesIn(series.kind);
      }
      for (const [which, { seenMs }] of account.checks) if (nowMs - seenMs >= IDLE_MS) account.checks.delete(which);
      const fresh = account.events.filter(({ seenMs }) => nowMs - seenMs < IDLE_MS);
      this.#eventCount -= account.events.length - fresh.length;
      account.events = fresh;
      if (account.series.size + account.checks.size + fresh.length === 0) this.#accounts.delete(key);
    }
  }

  #takeCheck({ checks }: Account, check: StatsdCheck, { monotonicMs, timeUnixMs }: Moment): void {
    const labels = labelsOf(check.tags);
    const which = `${check.name}\n${labels}`;
    if (!checks.has(which) && checks.size >= MAX_CHECKS) this.droppedLines += 1;
    else checks.set(which, { ...check, labels, atUnixMs: timeUnixMs, seenMs: monotonicMs });
  }

  #takeEvent(account: Account, event: StatsdEvent, { monotonicMs, timeUnixMs }: Moment): void {
    account.eventCounts.set(event.alert, (account.eventCounts.get(event.alert) ?? 0) + 1);
    const { events } = account;
    if (events.length >= MAX_EVENTS_OF_ONE) events.shift();
    else if (this.#eventCount < MAX_EVENTS) this.#eventCount += 1;
    else {
      this.droppedLines += 1;
      return;
    }
    events.push({ ...event, atUnixMs: timeUnixMs, seenMs: monotonicMs });
  }

  #takeMetric(account: Account, metric: StatsdMetric, nowMs: number): void {
    const labels = labelsOf(metric.tags);
    const which = `${metric.kind} ${metric.name} ${labels}`;
    const series = account.series.get(which) ?? this.#open(account, { ...metric, labels }, nowMs);
    if (series === undefined) {
      this.droppedLines += 1;
      return;
    }
    account.series.set(which, series);
    series.seenMs = nowMs;
    if (series.members !== undefined) turned(series.members, nowMs, newCount).add(metric.member);
    for (const value of metric.values) {
      const { kind, weight } = metric;
      if (kind === 'counter') series.value += value * weight;
      else if (kind === 'gauge') series.value = metric.isChange ? series.value + value : value;
      else {
        const amount = kind === 'timer' ? value / 1000 : value;
        series.sum += amount * weight;
        series.count += weight;
        if (series.sketch !== undefined) turned(series.sketch, nowMs, newSketch).add(amount, weight);
      }
    }
  }

  #open(
    account: Account,
    { kind, name, tags, labels }: Pick<StatsdSeries, 'kind' | 'name' | 'tags' | 'labels'>,
    nowMs: number,
  ): StatsdSeries | undefined {
    const size = seriesIn(kind);
    if (account.seriesCount + size > this.#limits.maxSeriesOfOne) return undefined;
    if (this.#seriesCount + size > this.#limits.maxSeries) return undefined;
    account.seriesCount += size;
    this.#seriesCount += size;
    const isSummary = size > 1;
    return {
      ...{ kind, name, tags, labels, value: 0, sum: 0, count: 0, seenMs: nowMs },
      sketch: isSummary ? { sinceMs: nowMs, now: newSketch(), last: undefined } : undefined,
      members: kind === 'set' ? { sinceMs: nowMs, now: newCount(), last: undefined } : undefined,
    };
  }
}
