import { startStatusServer, type StatusServer } from '../native/host/status-server.ts';
import { packageVersion } from '../native/host/package-root.ts';
import type { StatsAgent } from './agent.ts';
import type { StatsdConfig } from './config.ts';
import type { ContainerKeeper } from './container-keeper.ts';
import { openDescriptors, type HostFacts } from './io/host-facts.ts';
import type { FilePool } from './io/kernel-file.ts';
import type { Publisher } from './io/publisher.ts';
import { renderContainers, renderOwn } from './model/exposition.ts';
import { ownMetrics, type OwnCounts } from './model/own-metrics.ts';

/** The parts that /metrics looks at. */
export interface Shown {
  readonly agent: StatsAgent;
  readonly keeper: ContainerKeeper;
  readonly pool: FilePool;
  readonly publisher: Publisher;
}

export interface StatusParts {
  readonly config: StatsdConfig;
  readonly facts: HostFacts;
  readonly counts: OwnCounts;
}

/** What the agent tells of itself over HTTP; ready once the first tick was held. */
export class Status {
  readonly #parts: StatusParts;
  readonly #version = packageVersion();
  #shown: Shown | undefined;

  constructor(parts: StatusParts) {
    this.#parts = parts;
  }

  show(shown: Shown): void {
    this.#shown = shown;
  }

  /** Listens; `undefined` when it is switched off. @throws {FatalError} when the port is in use. */
  async serve(): Promise<StatusServer | undefined> {
    const { listen } = this.#parts.config;
    if (listen === null) return undefined;
    return await startStatusServer(
      {
        unhealthy: () => undefined,
        unready: () => (this.#parts.counts.ticks > 0 ? undefined : 'the first search for containers is not done'),
        metrics: () => this.metrics(),
      },
      { ...listen, setting: '--listen' },
    );
  }

  /** The Prometheus text, a chunk for each family of the containers and one for the rest. */
  *metrics(): Generator<string> {
    if (this.#shown === undefined) return;
    const { agent, keeper, pool, publisher } = this.#shown;
    const { config, facts, counts } = this.#parts;
    yield* renderContainers(agent.series());
    const usage = process.cpuUsage();
    yield renderOwn(
      ownMetrics(counts, {
        version: this.#version,
        kernel: facts.kernel,
        cpuCores: facts.cpuCores,
        memoryTotalBytes: facts.memoryTotalBytes,
        containers: agent.containers,
        directories: keeper.directories,
        keptDescriptors: pool.openDescriptors,
        intervalSeconds: config.interval / 1000,
        links: publisher.counts,
        process: {
          cpuSeconds: (usage.user + usage.system) / 1e6,
          residentBytes: process.memoryUsage.rss(),
          openDescriptors: openDescriptors(config.procfs),
          startUnixSeconds: performance.timeOrigin / 1000,
        },
      }),
    );
  }
}
