import type { Clock } from '../native/host/clock.ts';
import type { Logger } from '../native/host/log.ts';
import { Waker } from '../native/host/waker.ts';
import { collectHost, type HostFiles } from './collectors/host.ts';
import type { ContainerEnd, ContainerKeeper } from './container-keeper.ts';
import type { LiveContainer } from './io/live-container.ts';
import type { Publisher } from './io/publisher.ts';
import { containerLabels, type Series } from './model/exposition.ts';
import { inventoryOf } from './model/inventory.ts';
import type { OwnCounts } from './model/own-metrics.ts';
import { FIELD, type Collector } from './model/reading.ts';
import { nextTick, tiersOf, type NextTick } from './model/schedule.ts';
import { frameOf, type Table } from './model/table.ts';
import { cleanText, MAX_PATH } from './model/text.ts';
import { AGENT_WIRE_VERSION, HOST_COLUMNS, type HostInventory } from './wire.ts';

export interface StatsAgentParts {
  readonly host: HostInventory;
  readonly hostFiles: HostFiles;
  readonly collectors: readonly Collector[];
  readonly publisher: Publisher;
  readonly counts: OwnCounts;
  /** Labels that go on every series of /metrics. */
  readonly metricLabels: readonly string[];
  readonly clock: Clock;
  readonly log: Logger;
}

/** A safety net under inotify. */
const RESCAN_MS = 15_000;
const RESCAN_UNWATCHABLE_MS = 2000;
/** Each tick: it is one stat(2). */
const RESCAN_NO_ROOT_MS = 0;
/** Births come in groups: one inventory tells them all. */
const INVENTORY_DELAY_MS = 50;

const EVERYTHING = { slow: true, limits: true };

/**
 * One tick: read every container next to one clock read, publish one frame, tell the ends, then the new set if it changed.
 * Invariants: a frame's rows follow the table that was sent before it; a container's last values are in a frame before its
 * `exit`; its series leave /metrics at the moment of its death.
 */
export class StatsAgent {
  readonly #parts: StatsAgentParts;
  readonly #live = new Set<LiveContainer>();
  readonly #hostRow = new Float64Array(HOST_COLUMNS.length);
  readonly #inventoryWaker = new Waker();
  readonly #complaints = new WeakMap<LiveContainer, Set<string>>();
  #rows: LiveContainer[] = [];
  #table: Table = { version: 0, keys: [] };
  #ends: ContainerEnd[] = [];
  #dirty = true;
  #phase = 0;
  readonly #phases = new WeakMap<LiveContainer, number>();

  constructor(parts: StatsAgentParts) {
    this.#parts = parts;
  }

  get containers(): number {
    return this.#live.size;
  }

  /** What /metrics shows: the living only. */
  series(): Series[] {
    return [...this.#live].map(({ metricLabels, sample }) => ({ labels: metricLabels, sample }));
  }

  born(container: LiveContainer): void {
    this.#phase += 1;
    this.#phases.set(container, this.#phase);
    this.#live.add(container);
    this.#parts.counts.births += 1;
    this.#readAll(container);
    this.renamed(container);
    this.#parts.log.info({ key: container.key, cgroup: container.cgroupPath }, 'container appeared');
  }

  renamed(container: LiveContainer): void {
    const { identity } = container;
    const cgroupPath = cleanText(container.cgroupPath, MAX_PATH);
    container.metricLabels = containerLabels({ cgroupPath, ...identity }, this.#parts.metricLabels);
    this.#dirty = true;
    this.#inventoryWaker.wake();
  }

  ended(end: ContainerEnd): void {
    const { container } = end;
    if (!this.#live.delete(container)) return;
    this.#parts.counts.deaths += 1;
    this.#readAll(container);
    this.#ends.push(end);
    this.#dirty = true;
    this.#parts.log.info({ key: container.key, oomKilled: end.oomKilled }, 'container ended');
  }

  /** Ticks at exact periods until the signal aborts. */
  async run(keeper: ContainerKeeper, signal: AbortSignal): Promise<never> {
    const { clock, host, counts } = this.#parts;
    const schedule = { startMs: clock.monotonicMs(), intervalMs: host.intervalMs };
    let rescanAtMs = -Infinity;
    let next: NextTick = { index: 0, dueAtMs: schedule.startMs, missed: 0 };
    for (;;) {
      counts.missedTicks += next.missed;
      // By the tick's due time, which does not jitter: a scan that is due with this tick is not put off to the next.
      if (next.dueAtMs >= rescanAtMs) rescanAtMs = next.dueAtMs + this.#rescan(keeper);
      this.#tick(next, keeper);
      next = nextTick(schedule, next.index, clock.monotonicMs());
      await clock.sleep(next.dueAtMs - clock.monotonicMs(), signal);
    }
  }

  /** Tells dashboards of births and new names shortly after they happen, not only with the next tick. */
  async announce(signal: AbortSignal): Promise<never> {
    for (;;) {
      await this.#inventoryWaker.next(signal);
      await this.#parts.clock.sleep(INVENTORY_DELAY_MS, signal);
      const ending = new Set(this.#ends.map((end) => end.container.key));
      // An end is told before the same key lives again; the next tick does both in order.
      if (this.#dirty && ![...this.#live].some(({ key }) => ending.has(key))) this.#publishInventory();
    }
  }

  #rescan(keeper: ContainerKeeper): number {
    const { counts, log } = this.#parts;
    let exists = false;
    try {
      exists = keeper.rescan();
    } catch (err) {
      log.warn({ err }, 'cannot look for containers');
    }
    counts.rescans += 1;
    counts.lastRescanFailed = !exists;
    if (!exists) counts.rescanErrors += 1;
    if (!exists) return RESCAN_NO_ROOT_MS;
    return keeper.unwatchable ? RESCAN_UNWATCHABLE_MS : RESCAN_MS;
  }

  #tick(due: NextTick, keeper: ContainerKeeper): void {
    const { clock, counts, publisher } = this.#parts;
    const monotonicMs = clock.monotonicMs();
    const timeUnixMs = clock.nowMs();
    counts.lastTickLateSeconds = Math.max(0, monotonicMs - due.dueAtMs) / 1000;
    counts.maxTickLateSeconds = Math.max(counts.lastTickLateSeconds, counts.maxTickLateSeconds || 0);
    this.#readContainers(due.index, timeUnixMs);
    this.#readHost();
    this.#checkLives(due.index, keeper);
    keeper.lookAtWaiting();
    const facts = { seq: due.index, timeUnixMs, monotonicMs, tableVersion: this.#table.version };
    const samples = this.#rows.map((container) => container.sample);
    if (this.#table.version > 0) publisher.frame({ frame: frameOf(facts, samples, this.#hostRow), table: this.#table });
    this.#tellEnds();
    if (this.#dirty) this.#publishInventory();
    counts.ticks += 1;
    counts.lastTickSeconds = (clock.monotonicMs() - monotonicMs) / 1000;
    counts.tickSeconds += counts.lastTickSeconds;
  }

  #readContainers(index: number, nowMs: number): void {
    const { collectors, clock, counts } = this.#parts;
    const tiers = [...this.#live].map((container) => ({
      container,
      tier: tiersOf(index, { phase: this.#phases.get(container) ?? 0, age: container.age }),
    }));
    for (const [which, { name }] of collectors.entries()) {
      const startMs = clock.monotonicMs();
      let failures = 0;
      for (const { container, tier } of tiers) {
        try {
          container.collect(which, tier);
        } catch (err) {
          failures += 1;
          this.#complain(container, name, err);
        }
      }
      const count = counts.collectors.get(name);
      if (count === undefined) continue;
      count.seconds += (clock.monotonicMs() - startMs) / 1000;
      count.failures += failures;
      count.lastSuccess = failures === 0 ? 1 : 0;
    }
    for (const { container } of tiers) {
      container.settle(nowMs);
      container.age += 1;
    }
  }

  #readHost(): void {
    try {
      collectHost(this.#parts.hostFiles, this.#hostRow);
    } catch (err) {
      this.#parts.log.debug({ err }, 'cannot read the host');
    }
  }

  #checkLives(index: number, keeper: ContainerKeeper): void {
    for (const container of [...this.#live]) {
      const { slow } = tiersOf(index, { phase: this.#phases.get(container) ?? 0, age: container.age });
      if (slow && container.takeAnnouncedChange()) this.#dirty = true;
      if (slow || container.gone || container.sample[FIELD.pidsCurrent] === 0) keeper.checkLife(container);
    }
  }

  #readAll(container: LiveContainer): void {
    for (const [which, { name }] of this.#parts.collectors.entries()) {
      try {
        container.collect(which, EVERYTHING);
      } catch (err) {
        this.#complain(container, name, err);
      }
    }
    container.settle(this.#parts.clock.nowMs());
  }

  /** Once per container and collector: a file that cannot be understood stays so. */
  #complain(container: LiveContainer, collector: string, err: unknown): void {
    const told = this.#complaints.get(container) ?? new Set();
    if (told.has(collector)) return;
    this.#complaints.set(container, told.add(collector));
    this.#parts.log.warn({ err, key: container.key, collector }, 'cannot read container');
  }

  #tellEnds(): void {
    for (const { container, atUnixMs, oomKilled } of this.#ends) {
      const optional = oomKilled === undefined ? {} : { oomKilled };
      this.#parts.publisher.exit({ v: AGENT_WIRE_VERSION, key: container.key, atUnixMs, ...optional });
    }
    this.#ends = [];
  }

  #publishInventory(): void {
    const { publisher, host } = this.#parts;
    this.#rows = [...this.#live, ...this.#ends.map((end) => end.container)];
    this.#table = { version: this.#table.version + 1, keys: this.#rows.map((container) => container.key) };
    this.#dirty = false;
    publisher.inventory(
      {
        v: AGENT_WIRE_VERSION,
        tableVersion: this.#table.version,
        host,
        containers: this.#rows.map((container) =>
          inventoryOf({
            key: container.key,
            id: container.id,
            runtime: container.runtime,
            cgroupPath: container.cgroupPath,
            identity: container.identity,
            sample: container.sample,
            memoryTotalBytes: host.memoryTotalBytes,
          }),
        ),
      },
      this.#table,
    );
  }
}
