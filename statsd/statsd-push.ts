import type { Clock } from '../native/host/clock.ts';
import type { Logger } from '../native/host/log.ts';
import { StatsdSender, type PushCounts } from './io/statsd-sender.ts';
import { statsdLines, type StatsdFormat } from './model/statsd-lines.ts';
import type { ContainerView } from './status-wire.ts';

export interface StatsdPushParts {
  readonly place: { readonly host: string; readonly port: number };
  readonly format: StatsdFormat;
  readonly intervalMs: number;
  readonly hostname: string;
  /** The living. */
  readonly containers: () => Iterable<ContainerView>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Gauges of all containers to a StatsD daemon, at an interval of their own. */
export class StatsdPush {
  readonly #parts: StatsdPushParts;
  readonly #sender: StatsdSender;

  constructor(parts: StatsdPushParts) {
    this.#parts = parts;
    this.#sender = new StatsdSender(parts.place);
  }

  get counts(): PushCounts {
    return this.#sender.counts;
  }

  /** Sends until the signal aborts. */
  async run(signal: AbortSignal): Promise<never> {
    const { clock, intervalMs, log } = this.#parts;
    using _socket = this.#sender;
    for (;;) {
      await clock.sleep(intervalMs, signal);
      try {
        await this.#sender.send(this.#lines());
      } catch (err) {
        log.warn({ err }, 'cannot send to the StatsD daemon');
      }
    }
  }

  *#lines(): Generator<string> {
    const { containers, hostname, format } = this.#parts;
    for (const container of containers()) yield* statsdLines(container, hostname, format);
  }
}
