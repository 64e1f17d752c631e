import { metricInfo } from './metric.ts';
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

/** One query over all its targets. */
class Windows {
  readonly #query: Query;
  readonly #byTarget = new Map<string, SampleWindow>();
  /** As of the last evaluation, in the order of the targets. */
  #values = new Float64Array(0);

  constructor(query: Query) {
    this.#query = query;
  }

  advance(targets: readonly AlertTarget[], nowMonotonicMs: number): void {
    const { metric, agg, windowMs } = this.#query;
    if (agg === 'last') return;
    const { read, subject } = metricInfo(metric);
    // A life is counted from its birth; of a container's counter it is not known what it had before it was first read.
    const before = subject === 'life' ? 0 : Number.NaN;
    if (this.#values.length !== targets.length) this.#values = new Float64Array(targets.length);
    for (const target of targets) {
      let window = this.#byTarget.get(target.key);
      if (window === undefined) {
        window = new SampleWindow(agg, windowMs, before);
        this.#byTarget.set(target.key, window);
      }
      if (freshness(target) === 'live') window.push(read(target), nowMonotonicMs);
      this.#values[target.index] = window.value;
    }
    if (this.#byTarget.size > targets.length) this.#prune(targets);
  }

  value({ index }: AlertTarget): number {
    return this.#values[index] ?? Number.NaN;
  }

  #prune(targets: readonly AlertTarget[]): void {
    const present = new Set(targets.map(({ key }) => key));
    for (const key of this.#byTarget.keys()) if (!present.has(key)) this.#byTarget.delete(key);
  }
}

/** The windows of all rules: equal queries share one. */
export class QueryReader {
  #windows = new Map<string, Windows>();
  #queries: readonly Query[] = [];

  /** Keeps what is asked for already. */
  use(queries: readonly Query[]): void {
    const kept = new Map<string, Windows>();
    const distinct = new Map<string, Query>();
    for (const query of queries) {
      if (query.agg === 'last') continue;
      const key = keyOf(query);
      distinct.set(key, query);
      kept.set(key, this.#windows.get(key) ?? new Windows(query));
    }
    this.#windows = kept;
    this.#queries = [...distinct.values()];
  }

  advance(targets: Targets, nowMonotonicMs: number): void {
    for (const query of this.#queries)
      this.#windows.get(keyOf(query))?.advance(targets.of(metricInfo(query.metric).subject), nowMonotonicMs);
  }

  reader(query: Query): Reader {
    if (query.agg === 'last') return metricInfo(query.metric).read;
    const windows = this.#windows.get(keyOf(query));
    return windows === undefined ? () => Number.NaN : (target) => windows.value(target);
  }
}
