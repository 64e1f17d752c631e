import { CONTAINER_HISTORY_COLUMNS, HOST_HISTORY_COLUMNS } from '../history/columns.ts';
import type { BinAxis, BinnedColumn } from '../history/bins.ts';
import type { Series } from '../history/series.ts';
import type { SampleSource } from './backtest.ts';
import type { AlertMetric } from './metric.ts';
import type { AlertRule, Query } from './rule.ts';
import type { AlertTarget } from './target.ts';

/** What the store knows of one line, by the minute. */
export interface StoredPast {
  readonly axis: BinAxis;
  readonly columns: ReadonlyMap<string, BinnedColumn>;
}

interface Place {
  readonly column: string;
  /** What the column is divided by; NaN when there is no such limit. */
  readonly per: number;
}

/** Shares, the column that they are made of, and what it is divided by: the limit of now, NaN without one. */
const SHARES: ReadonlyMap<
  AlertMetric,
  { readonly column: string; readonly per: (target: AlertTarget) => number | undefined }
> = new Map([
  [
    'cpuOfLimitRatio',
    { column: 'cpuCores', per: ({ row, host }) => row?.inventory.cpuLimitCores ?? host?.feed.host?.cpuCores },
  ],
  ['memoryOfLimitRatio', { column: 'memoryWorkingSetBytes', per: ({ row }) => row?.inventory.memoryLimitBytes }],
  ['pidsOfLimitRatio', { column: 'pidsCurrent', per: ({ row }) => row?.inventory.pidsLimit }],
  ['hostCpuRatio', { column: 'cpuCores', per: ({ host }) => host?.feed.host?.cpuCores }],
  ['hostMemoryRatio', { column: 'memoryUsedBytes', per: ({ host }) => host?.feed.host?.memoryTotalBytes }],
]);

/** Where a metric's past is, and what makes it of it. */
function placeOf(metric: AlertMetric, target: AlertTarget): Place | undefined {
  const share = SHARES.get(metric);
  if (share !== undefined) return { column: share.column, per: share.per(target) ?? Number.NaN };
  const known: readonly string[] = target.row === undefined ? [] : CONTAINER_HISTORY_COLUMNS;
  return known.includes(metric) ? { column: metric, per: 1 } : undefined;
}

/** Which of three an aggregation is made of: an average for averages; else the extreme that a comparison of that kind would see. */
function laneOf({ agg }: Query): 'min' | 'avg' | 'max' {
  if (agg === 'avg' || agg === 'last') return 'avg';
  return agg === 'min' ? 'min' : 'max';
}

/** Lanes of a slot of ten seconds, for each column. */
const LANES = ['min', 'avg', 'max'] as const;

function lineOf({ row, host }: AlertTarget): Series | undefined {
  return row === undefined ? host?.feed.line : row.line;
}

/** What the store has to be asked of a target, so that a rule can be tested on it. */
export interface PastRequest {
  /** Of its line of history. */
  readonly key: string;
  readonly columns: readonly string[];
  /** From when on memory has it by ten seconds; Infinity when it has not. */
  readonly heldFromUnixMs: number;
}

/** `undefined` for what has no line of history, or no metric with a past. */
export function pastRequest(rule: Pick<AlertRule, 'query' | 'and'>, target: AlertTarget): PastRequest | undefined {
  const queries = [rule.query, ...rule.and.map(({ query }) => query)];
  const columns = queries.flatMap(({ metric }) => placeOf(metric, target)?.column ?? []);
  const line = lineOf(target);
  if (line === undefined || columns.length === 0) return undefined;
  const { tens } = line;
  const held = tens !== undefined && !Number.isNaN(tens.newest);
  const heldFromUnixMs = held ? tens.oldest * tens.shape.stepMs : Infinity;
  return { key: line.key, columns: [...new Set(columns)], heldFromUnixMs };
}

/** A stretch of the past by one step. */
interface Stretch {
  readonly fromUnixMs: number;
  readonly stepMs: number;
  readonly steps: number;
  readonly read: (place: { readonly column: string; readonly lane: 'min' | 'avg' | 'max' }, step: number) => number;
}

/** The stored minutes until memory takes over. */
function storedStretch({ axis, columns }: StoredPast, untilUnixMs: number): Stretch {
  const known = [...columns.values()].map(({ avg }) => avg.findIndex((value) => !Number.isNaN(value)));
  const first = Math.min(...known.map((at) => (at < 0 ? axis.count : at)), axis.count);
  const end = Math.min(axis.count, Math.floor((untilUnixMs - axis.fromUnixMs) / axis.stepMs));
  return {
    fromUnixMs: axis.fromUnixMs + first * axis.stepMs,
    stepMs: axis.stepMs,
    steps: Math.max(0, end - first),
    read: ({ column, lane }, step) => columns.get(column)?.[lane][first + step] ?? Number.NaN,
  };
}

/** The six hours that are held of a target, by ten seconds. */
function heldStretch(target: AlertTarget, nowUnixMs: number): Stretch | undefined {
  const tens = lineOf(target)?.tens;
  if (tens === undefined || Number.isNaN(tens.newest)) return undefined;
  const names: readonly string[] = target.row === undefined ? HOST_HISTORY_COLUMNS : CONTAINER_HISTORY_COLUMNS;
  const { stepMs, slots } = tens.shape;
  const end = Math.floor(nowUnixMs / stepMs);
  const first = Math.max(tens.oldest, end - slots + 1);
  return {
    fromUnixMs: first * stepMs,
    stepMs,
    steps: Math.max(0, end - first),
    read: ({ column, lane }, step) =>
      tens.valueAt(first + step, LANES.length * names.indexOf(column) + LANES.indexOf(lane)),
  };
}

/** The past of a target as a rule may look at it: what is stored by the minute, then what is held by ten seconds; `undefined` without any. */
export function seriesSource(target: AlertTarget, nowUnixMs: number, stored?: StoredPast): SampleSource | undefined {
  const held = heldStretch(target, nowUnixMs);
  const older = stored && storedStretch(stored, held?.fromUnixMs ?? nowUnixMs);
  const stretches = [older, held].filter((one) => one !== undefined && one.steps > 0) as readonly Stretch[];
  const last = stretches.at(-1);
  if (last === undefined) return undefined;
  const turn = stretches.length > 1 ? (stretches[0]?.steps ?? 0) : 0;
  const placeIn = (step: number): readonly [Stretch, number] => {
    const earlier = step < turn ? stretches[0] : undefined;
    return earlier === undefined ? [last, step - turn] : [earlier, step];
  };
  return {
    stepMs: Math.max(...stretches.map(({ stepMs }) => stepMs)),
    steps: turn + last.steps,
    timeOf: (step) => {
      const [{ fromUnixMs, stepMs }, at] = placeIn(step);
      return fromUnixMs + at * stepMs;
    },
    series: (query) => {
      const place = placeOf(query.metric, target);
      if (place === undefined) return undefined;
      const lane = laneOf(query);
      return (step) => {
        const [stretch, at] = placeIn(step);
        return stretch.read({ column: place.column, lane }, at) / place.per;
      };
    },
  };
}
