import { startStatusServer, type StatusServer } from '../native/host/status-server.ts';
import { packageVersion } from '../native/host/package-root.ts';
import type { StatsAgent } from './agent.ts';
import type { StatsdConfig } from './config.ts';
import type { ContainerKeeper } from './container-keeper.ts';
import type { DockerDoor } from './docker-door.ts';
import type { Feed } from './feed.ts';
import type { LifeKeeper } from './life-keeper.ts';
import type { StatsDoor } from './stats-door.ts';
import type { StatsdIntake } from './statsd-intake.ts';
import type { StatsdPush } from './statsd-push.ts';
import { deviceNames } from './io/device-names.ts';
import { readMachineFacts } from './io/machine-facts.ts';
import type { HostFacts } from './io/host-facts.ts';
import type { FilePool } from './io/kernel-file.ts';
import { openDescriptors } from './io/open-descriptors.ts';
import type { Publisher } from './io/publisher.ts';
import { cadvisorFamilies, seriesBound, SMALL_FAMILIES } from './model/container-families.ts';
import type { Family } from './model/family.ts';
import { layerFamilies, PROCESS_FAMILIES } from './model/survey-families.ts';
import { boundSeries } from './model/exposition.ts';
import { hostMetrics, type HostNames } from './model/host-families.ts';
import { hostSeries } from './model/host-series.ts';
import { valueOf } from './model/details.ts';
import { machineMetrics, type MachineFacts } from './model/machine.ts';
import { ownMetrics, type OwnCounts } from './model/own-metrics.ts';
import { renderChunks, renderContainers, renderOwn } from './model/rendering.ts';
import { TextPages } from './model/text-pages.ts';

/** The parts that /metrics looks at. */
export interface Shown {
  readonly agent: StatsAgent;
  readonly feed: Feed;
  readonly docker: DockerDoor;
  readonly stats: StatsDoor;
  /** `undefined` when no StatsD daemon is told. */
  readonly push: StatsdPush | undefined;
  /** `undefined` when containers may not send StatsD. */
  readonly intake: StatsdIntake | undefined;
  readonly keeper: ContainerKeeper;
  readonly lives: LifeKeeper;
  readonly pool: FilePool;
  readonly publisher: Publisher;
}

export interface StatusParts {
  readonly config: StatsdConfig;
  readonly facts: HostFacts;
  readonly nodeId: string;
  readonly counts: OwnCounts;
  readonly names: HostNames;
  readonly nowMs: () => number;
}

/** What the agent tells of itself over HTTP; ready once the first tick was held. */
export class Status {
  readonly #parts: StatusParts;
  readonly #version = packageVersion();
  readonly #machine: MachineFacts;
  readonly #families: readonly Family[];
  #droppedSeries = 0;
  #shown: Shown | undefined;

  constructor(parts: StatusParts) {
    this.#parts = parts;
    const { metricsProfile, sysfs, processMetrics, layerSize } = parts.config;
    this.#machine = readMachineFacts(parts.config);
    const nameOf = deviceNames(sysfs);
    const surveyed = [...(processMetrics ? PROCESS_FAMILIES : []), ...(layerSize ? layerFamilies(nameOf) : [])];
    const families = metricsProfile === 'cadvisor' ? cadvisorFamilies(nameOf) : SMALL_FAMILIES;
    this.#families = surveyed.length === 0 ? families : [...families, ...surveyed];
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
        further: (request, response) => this.#shown?.stats.answer(request, response) ?? false,
      },
      { ...listen, setting: '--listen' },
    );
  }

  /** The Prometheus text in pages of {@link TextPages}: the containers, then the host, then the agent itself. */
  async metrics(): Promise<Iterable<Uint8Array>> {
    if (this.#shown === undefined) return [];
    return this.#pages(this.#shown, await openDescriptors(this.#parts.config.procRoot));
  }

  *#pages(all: Shown, descriptors: number): Generator<Uint8Array> {
    const { agent, feed, keeper, lives, pool, publisher, docker, stats, push, intake } = all;
    const { config, facts, counts, names } = this.#parts;
    const nowSeconds = this.#parts.nowMs() / 1000;
    const families = this.#families;
    const root = config.metricsProfile === 'cadvisor' ? [hostSeries(agent.hostReading, nowSeconds)] : [];
    const { shown, dropped } = boundSeries([...root, ...feed.series()], config.metricsMaxSeries, ({ details }) =>
      seriesBound(families, details),
    );
    this.#droppedSeries += dropped;
    const pages = new TextPages();
    yield* renderContainers(pages, shown, families);
    yield* renderOwn(pages, lives.metrics());
    if (intake !== undefined)
      yield* renderChunks(
        pages,
        intake.render((key) => feed.labelsOf(key)),
      );
    yield* renderOwn(pages, hostMetrics(agent.hostReading, names, nowSeconds));
    yield* renderOwn(pages, machineMetrics(this.#machine, valueOf(agent.hostReading.memory, 'SwapTotal')));
    const usage = process.cpuUsage();
    yield* renderOwn(
      pages,
      ownMetrics(counts, {
        version: this.#version,
        hostname: config.hostname,
        nodeId: this.#parts.nodeId,
        kernel: facts.kernel,
        cpuCores: facts.cpuCores,
        memoryTotalBytes: facts.memoryTotalBytes,
        containers: agent.containers,
        directories: keeper.directories,
        keptDescriptors: pool.openDescriptors,
        intervalSeconds: config.interval / 1000,
        links: publisher.counts,
        droppedSeries: this.#droppedSeries,
        push: push?.counts,
        intake: intake?.counts,
        streams: { docker_stats: docker.counts.stats, docker_events: docker.counts.events, stats: stats.counts },
        process: {
          cpuSeconds: (usage.user + usage.system) / 1e6,
          residentBytes: process.memoryUsage.rss(),
          openDescriptors: descriptors,
          startUnixSeconds: performance.timeOrigin / 1000,
        },
      }),
    );
    if (!pages.isEmpty) yield pages.take();
  }
}
