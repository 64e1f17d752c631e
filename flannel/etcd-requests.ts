import type { EtcdRequest } from '../native/etcd/observer.ts';
import { Histogram, type HistogramView } from './histogram.ts';

export interface EtcdRequestSeries extends HistogramView {
  /** `list`, `keep_alive`, `log_in`. */
  readonly method: string;
  /** `ok`, or etcd's or gRPC's code: `deadline_exceeded`, `no_leader`. */
  readonly outcome: string;
}

interface Series {
  readonly method: string;
  readonly outcome: string;
  readonly histogram: Histogram;
}

/** How long etcd took for each request, by what was asked and what came of it. A call that fails over is several requests. */
export class EtcdRequests {
  readonly #series = new Map<string, Series>();

  observe({ operation, error, seconds }: Pick<EtcdRequest, 'operation' | 'error' | 'seconds'>): void {
    const method = operation.replaceAll(' ', '_');
    const outcome = error?.toLowerCase() ?? 'ok';
    const key = `${method} ${outcome}`;
    let series = this.#series.get(key);
    if (series === undefined) {
      series = { method, outcome, histogram: new Histogram() };
      this.#series.set(key, series);
    }
    series.histogram.observe(seconds);
  }

  views(): EtcdRequestSeries[] {
    return Array.from(this.#series.values(), ({ histogram, ...labels }) => ({ ...labels, ...histogram.view() }));
  }
}
