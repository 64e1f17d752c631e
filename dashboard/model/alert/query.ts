import { metricInfo, type AlertMetric } from './metric.ts';
import type { Query } from './rule.ts';
import type { AlertTarget, Targets } from './target.ts';
import { SampleWindow } from './window.ts';

/** Reads a query of a target; NaN where it is not known. */
export type Reader = (target: AlertTarget) => number;

/** Whether new values can be expected of a target: a host may be late for a moment, or silent. */
export function freshness({ host }: AlertTarget): 'live' | 'late' | 'silent' {
  if (host === undefined || host.state === 'live') return 'live';
  return host.state === 'late' ? 'late' : 'silent';
}

function keyOf({ metric, agg, windowMs }: Query): string {
  return `${agg}/${windowMs}/${metric}`;
}

/** A query over all targets of its subject. */
export interface Column {
  /** As of the last evaluation, by {@link AlertTarget.index}. */
  values(): Float64Array;
}

const UNKNOWN: Column = { values: () => new Float64Array(0) };

/** The last values of one metric, read once an evaluation and only if a rule asks. */
class LastValues implements Column {
  readonly #metric: AlertMetric;
  #targets: readonly AlertTarget[] = [];
  #values = new Float64Array(0);
  #isRead = true;

  constructor({ metric }: Query) {
    this.#metric = metric;
  }

  advance(targets: readonly AlertTarget[]): void {
    this.#targets = targets;
    this.#isRead = false;
  }

  values(): Float64Array {
    if (this.#isRead) return this.#values;
    const { read } = metricInfo(this.#metric);
    if (this.#values.length !== this.#targets.length) this.#values = new Float64Array(this.#targets.length);
    for (const target of this.#targets) this.#values[target.index] = read(target);
    this.#isRead = true;
    return this.#values;
  }
}

/** One query over windows of all its targets. */
class Windows implements Column {
  readonly #query: Query;
  #targets: readonly AlertTarget[] = [];
  /** One for each target, in their order. */
  #windows: readonly SampleWindow[] = [];
  #values = new Float64Array(0);

  constructor(query: Query) {
    this.#query = query;
  }

  advance(targets: readonly AlertTarget[], nowMonotonicMs: number): void {
    const { read } = metricInfo(this.#query.metric);
    if (targets !== this.#targets) this.#follow(targets);
    for (const target of targets) {
      const window = this.#windows[target.index];
      if (window === undefined) continue;
      if (freshness(target) === 'live') window.push(read(target), nowMonotonicMs);
      this.#values[target.index] = window.value;
    }
  }

  values(): Float64Array {
    return this.#values;
  }

  /** Other targets than before: those that stay keep their window. */
  #follow(targets: readonly AlertTarget[]): void {
    const { metric, agg, windowMs } = this.#query;
    if (agg === 'last') return;
    // A life is counted from its birth; of a container's counter it is not known what it had before it was first read.
    const before = metricInfo(metric).subject === 'life' ? 0 : Number.NaN;
    const known = new Map(this.#targets.map(({ key, index }) => [key, this.#windows[index]]));
    this.#windows = targets.map(({ key }) => known.get(key) ?? new SampleWindow(agg, windowMs, before));
    this.#values = new Float64Array(targets.length);
    this.#targets = targets;
  }
}

/** What all rules ask for: equal queries share one column. */
export class QueryReader {
  #columns = new Map<string, { readonly query: Query; readonly column: LastValues | Windows }>();

  /** Keeps what is asked for already. */
  use(queries: readonly Query[]): void {
    const before = this.#columns;
    this.#columns = new Map();
    for (const query of queries) {
      const key = keyOf(query);
      const column = query.agg === 'last' ? new LastValues(query) : new Windows(query);
      this.#columns.set(key, before.get(key) ?? { query, column });
    }
  }

  advance(targets: Targets, nowMonotonicMs: number): void {
    for (const { query, column } of this.#columns.values())
      column.advance(targets.of(metricInfo(query.metric).subject), nowMonotonicMs);
  }

  column(query: Query): Column {
    return this.#columns.get(keyOf(query))?.column ?? UNKNOWN;
  }

  reader(query: Query): Reader {
    if (query.agg === 'last') return metricInfo(query.metric).read;
    const column = this.column(query);
    return ({ index }) => column.values()[index] ?? Number.NaN;
  }
}
