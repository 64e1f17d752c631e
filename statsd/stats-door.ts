import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../native/host/clock.ts';
import type { Logger } from '../native/host/log.ts';
import type { Feed } from './feed.ts';
import { readHardware } from './io/hardware.ts';
import type { StreamCounts } from './io/http-stream.ts';
import { StatsApi } from './io/stats-api.ts';
import { StatsStream } from './io/stats-stream.ts';
import { valueOf } from './model/details.ts';
import type { ContainerCard } from './model/container-card.ts';
import type { HostReading } from './model/host-reading.ts';
import { containerView } from './model/stats-view.ts';
import { HOST_KEY } from './statsd-intake.ts';
import { processesView, type ProcessFacts } from './model/processes-view.ts';
import type { ContainerView, HostView, ProcessesView, StatsdView } from './status-wire.ts';
import type { HostInventory } from './wire.ts';

export interface StatsDoorParts {
  readonly host: HostInventory;
  readonly hostReading: HostReading;
  readonly feed: Feed;
  /** What a container said of itself; `undefined` when it said nothing. */
  readonly said: (key: string) => StatsdView | undefined;
  readonly processes: (key: string) => Promise<ProcessFacts> | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** `weft top` and scripts: few, and each gets everything. */
const MAX_STREAMS = 128;

/** `GET /stats` and `/api/v1`, on whatever door they are asked for. */
export class StatsDoor {
  readonly #parts: StatsDoorParts;
  readonly #stream: StatsStream;
  readonly #api: StatsApi;

  constructor(parts: StatsDoorParts) {
    this.#parts = parts;
    const { feed, clock, host } = parts;
    const source = {
      host: () => this.#hostView(),
      cards: () => feed.cards(),
      view: (card: ContainerCard) => this.#view(card),
      timeUnixMs: () => feed.lastBeat?.timeUnixMs ?? clock.nowMs(),
    };
    this.#stream = new StatsStream({ source, clock, maxStreams: MAX_STREAMS });
    this.#api = new StatsApi({
      source,
      stream: this.#stream,
      processes: (key) => this.#processes(key),
      hardware: readHardware,
      version: host.agentVersion,
    });
  }

  get counts(): StreamCounts {
    return this.#stream.counts;
  }

  /** The living in the numbers of their last reading, made one by one. */
  *containers(): Generator<ContainerView> {
    const { feed, host } = this.#parts;
    for (const entry of feed.entries()) yield containerView(entry.card, entry, host.memoryTotalBytes);
  }

  /** `false`, and nothing touched, for a path that is not its own. */
  answer(request: IncomingMessage, response: ServerResponse): boolean {
    return this.#api.answer(request, response);
  }

  /** Feeds the streams until it is disposed. */
  follow(): Disposable {
    return this.#parts.feed.onBeat(() => {
      this.#stream.beat().catch((err: unknown) => {
        this.#parts.log.error({ err }, 'cannot send stats');
      });
    });
  }

  #view(card: ContainerCard): ContainerView {
    const { feed, host, said } = this.#parts;
    const entry = card.exit === undefined ? feed.entry(card.key) : undefined;
    const view = containerView(card, entry, host.memoryTotalBytes);
    const statsd = entry === undefined ? undefined : said(card.key);
    return statsd === undefined ? view : { ...view, statsd };
  }

  #processes(key: string): Promise<ProcessesView> | undefined {
    const { clock, host, processes } = this.#parts;
    const about = { key, timeUnixMs: clock.nowMs(), bootTimeUnixMs: host.bootTimeUnixMs };
    return processes(key)?.then((facts) => processesView(facts, about));
  }

  #hostView(): HostView {
    const { host, hostReading, feed, said } = this.#parts;
    const { nodeId, hostname, agentVersion, kernel, cpuCores, intervalMs } = host;
    const optional: Partial<HostView> = {
      memoryTotalBytes: host.memoryTotalBytes,
      memoryAvailableBytes: valueOf(hostReading.memory, 'MemAvailable'),
      load1: hostReading.load?.load1,
      cpuBusyCores: feed.hostBusyCores,
    };
    const known = Object.entries(optional).filter(([, value]) => value !== undefined && Number.isFinite(value));
    const statsd = said(HOST_KEY);
    return {
      ...{ nodeId, hostname, agentVersion, kernel, cpuCores, intervalMs, ...Object.fromEntries(known) },
      ...(statsd === undefined ? {} : { statsd }),
    };
  }
}
