import type { Clock } from '../native/host/clock.ts';
import type { Logger } from '../native/host/log.ts';
import { Waker } from '../native/host/waker.ts';
import type { ContainerEnd, ContainerEvents } from './container-events.ts';
import type { ContainerKeeper } from './container-keeper.ts';
import type { BlockAccounting } from './io/block-accounting.ts';
import type { CpuMeter } from './io/cpu-meter.ts';
import type { LiveContainer } from './io/live-container.ts';
import type { Publisher } from './io/publisher.ts';
import type { Measurement, Round } from './measurement.ts';
import { fullestOf } from './model/fullest.ts';
import type { HostReading } from './model/host-reading.ts';
import { fillHostRow } from './model/host-row.ts';
import { ExitedList, type ExitedContainer, type ExitFacts } from './model/exited.ts';
import { exitedInventoryOf, exitFactsOf, inventoryOf } from './model/inventory.ts';
import type { OwnCounts } from './model/own-metrics.ts';
import { nextTick, phasedStart, phaseOf, type NextTick } from './model/schedule.ts';
import { emptyHostRow, frameOf, type Table } from './model/table.ts';
import { cleanText } from './model/text.ts';
import {
  AGENT_WIRE_VERSION,
  CONTAINER_EXTRA_COLUMNS,
  HOST_EXTRA_COLUMNS,
  MAX_MOUNT,
  type ContainerInventory,
  type HostInventory,
} from './wire.ts';

export interface StatsAgentParts {
  readonly host: HostInventory;
  readonly measurement: Measurement;
  readonly cpuMeter: CpuMeter;
  readonly accounting?: BlockAccounting;
  readonly publisher: Publisher;
  readonly counts: OwnCounts;
  /** Called at the end of each tick, with the time next to which everything was read. */
  readonly ticked: (at: { readonly timeUnixMs: number; readonly monotonicMs: number }) => void;
  /** How long containers that ended are told of. */
  readonly keepExitedMs: number;
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

const MAX_EXITED = 500;
/** Of them, the newest are in each inventory: it is sent whole at every birth and death. */
const MAX_EXITED_TOLD = 100;

/**
 * One tick: read every container next to one clock read, publish one frame, tell the ends, then the new set if it changed.
 * Invariants: a frame's rows follow the table that was sent before it; a container's last values are in a frame before its
 * `exit`; its series leave /metrics at the moment of its death.
 */
export class StatsAgent implements ContainerEvents {
  readonly #parts: StatsAgentParts;
  readonly #live = new Set<LiveContainer>();
  readonly #hostRow = emptyHostRow();
  readonly #inventoryWaker = new Waker();
  #rows: LiveContainer[] = [];
  #table: Table = { version: 0, keys: [] };
  #ends: ContainerEnd[] = [];
  readonly #exited: ExitedList;
  #dirty = true;
  #oomKillsTold = 0;

  constructor(parts: StatsAgentParts) {
    this.#parts = parts;
    this.#exited = new ExitedList({ maxCount: MAX_EXITED, maxAgeMs: parts.keepExitedMs });
  }

  /** The host as it was last read. */
  get hostReading(): HostReading {
    return this.#parts.measurement.host;
  }

  get containers(): number {
    return this.#live.size;
  }

  born(container: LiveContainer): void {
    this.#live.add(container);
    this.#exited.remove(container.key);
    this.#parts.counts.births += 1;
    this.#parts.measurement.begin(container);
    this.#changed();
    this.#parts.log.info({ key: container.key, cgroup: container.cgroupPath }, 'container appeared');
  }

  renamed(): void {
    this.#changed();
  }

  ended({ container, exit }: ContainerEnd): void {
    if (!this.#live.delete(container)) return;
    this.#parts.counts.deaths += 1;
    this.#parts.measurement.end(container);
    this.#ends.push({ container, exit });
    const { key, id, runtime, cgroupPath, parent, identity } = container;
    this.#exited.add({ key, id, runtime, cgroupPath, parent, identity, exit }, this.#parts.clock.monotonicMs());
    this.#dirty = true;
    this.#parts.log.info({ key, oomKilled: exit.oomKilled }, 'container ended');
  }

  exitKnown(key: string, exit: ExitFacts): void {
    this.#ends = this.#ends.map((end) => (end.container.key === key ? { ...end, exit } : end));
    if (!this.#exited.amend(key, exit)) return;
    this.#changed();
    this.#parts.log.info(
      { key, exitCode: exit.exitCode, oomKilled: exit.oomKilled },
      'it is known how a container ended',
    );
  }

  /** It lives on, but is not to be shown. */
  withdrawn(container: LiveContainer): void {
    if (!this.#live.delete(container)) return;
    this.#parts.measurement.leave(container);
    this.#changed();
  }

  /** Containers that ended lately, oldest first. */
  exited(): ExitedContainer[] {
    return this.#exited.list();
  }

  /** The living, as dashboards are told of them. */
  containerInventories(): ContainerInventory[] {
    return [...this.#live].map((container) => this.#inventoryOf(container));
  }

  /** Ticks at exact periods until the signal aborts. */
  async run(keeper: ContainerKeeper, signal: AbortSignal): Promise<never> {
    const { clock, host, counts, cpuMeter } = this.#parts;
    const { intervalMs } = host;
    const now = { nowMonotonicMs: clock.monotonicMs(), nowUnixMs: clock.nowMs() };
    const schedule = { intervalMs, startMs: phasedStart({ ...now, intervalMs, phase: phaseOf(host.nodeId) }) };
    let rescanAtMs = -Infinity;
    // The first one is held at once, before its turn.
    let next: NextTick = { index: 0, dueAtMs: now.nowMonotonicMs, missed: 0 };
    for (;;) {
      counts.missedTicks += next.missed;
      // By the tick's due time, which does not jitter: a scan that is due with this tick is not put off to the next.
      if (next.dueAtMs >= rescanAtMs) rescanAtMs = next.dueAtMs + this.#rescan(keeper);
      await this.#tick(next, keeper, signal);
      this.#keepToBudget(cpuMeter.stretch(clock.monotonicMs()));
      next = nextTick(schedule, next.index, { ms: clock.monotonicMs(), stretch: counts.stretch });
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

  #changed(): void {
    this.#dirty = true;
    this.#inventoryWaker.wake();
  }

  #rescan(keeper: ContainerKeeper): number {
    const { counts, log, accounting } = this.#parts;
    accounting?.enable();
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

  #keepToBudget(stretch: number): void {
    const { counts, host, log } = this.#parts;
    if (stretch === counts.stretch) return;
    counts.stretch = stretch;
    this.#dirty = true;
    const intervalMs = host.intervalMs * stretch;
    if (stretch > 1) log.warn({ intervalMs, stretch }, 'over the CPU budget: measuring less often');
    else log.info({ intervalMs }, 'within the CPU budget again: measuring as configured');
  }

  async #tick(due: NextTick, keeper: ContainerKeeper, signal: AbortSignal): Promise<void> {
    const { clock, counts, measurement } = this.#parts;
    const startMs = clock.monotonicMs();
    counts.lastTickLateSeconds = Math.max(0, startMs - due.dueAtMs) / 1000;
    counts.maxTickLateSeconds = Math.max(counts.lastTickLateSeconds, counts.maxTickLateSeconds || 0);
    const at = await measurement.read(this.#live, signal);
    const readMs = clock.monotonicMs();
    this.#checkLives(at, keeper);
    measurement.done();
    keeper.lookAtUnread();
    if (this.#exited.prune(at.monotonicMs)) this.#dirty = true;
    this.#publishFrame({ seq: due.index, timeUnixMs: at.timeUnixMs, monotonicMs: at.monotonicMs });
    this.#tellEnds();
    if (this.#dirty) this.#publishInventory();
    this.#parts.ticked({ timeUnixMs: at.timeUnixMs, monotonicMs: at.monotonicMs });
    const endMs = clock.monotonicMs();
    counts.ticks += 1;
    counts.lastTickSeconds = (endMs - startMs) / 1000;
    counts.lastHeldSeconds = counts.lastTakeSeconds + (endMs - readMs) / 1000;
    counts.tickSeconds += counts.lastTickSeconds;
  }

  #publishFrame(at: { readonly seq: number; readonly timeUnixMs: number; readonly monotonicMs: number }): void {
    const { measurement, publisher } = this.#parts;
    if (this.#table.version === 0 || !publisher.hasDashboards) return;
    const fullest = fullestOf(measurement.host.filesystems);
    fillHostRow(this.#hostRow, measurement.host, fullest);
    const samples = this.#rows.map((container) => container.sample);
    const { seq, timeUnixMs, monotonicMs } = at;
    const facts = {
      ...{ seq, timeUnixMs, monotonicMs, tableVersion: this.#table.version },
      ...(fullest === undefined ? {} : { fullestMount: cleanText(fullest.mountPoint, MAX_MOUNT) }),
    };
    const { oomKills } = this.#parts.counts;
    const hasNews = this.#ends.length > 0 || oomKills > this.#oomKillsTold;
    this.#oomKillsTold = oomKills;
    publisher.frame({ frame: frameOf(facts, samples, this.#hostRow), table: this.#table, hasNews });
  }

  #checkLives({ slow, ending }: Round, keeper: ContainerKeeper): void {
    for (const container of slow) if (container.takeAnnouncedChange()) this.#dirty = true;
    for (const container of new Set([...slow, ...ending])) keeper.checkLife(container);
  }

  #tellEnds(): void {
    // An inventory that was published since still has their rows.
    if (this.#ends.length > 0) this.#dirty = true;
    for (const { container, exit } of this.#ends)
      this.#parts.publisher.exit({ v: AGENT_WIRE_VERSION, key: container.key, ...exitFactsOf(exit) });
    this.#ends = [];
  }

  #publishInventory(): void {
    const { publisher, host, counts } = this.#parts;
    this.#rows = [...this.#live, ...this.#ends.map((end) => end.container)];
    this.#table = { version: this.#table.version + 1, keys: this.#rows.map((container) => container.key) };
    this.#dirty = false;
    // A thousand containers take milliseconds to write down.
    if (!publisher.hasDashboards) return;
    publisher.inventory(
      {
        v: AGENT_WIRE_VERSION,
        tableVersion: this.#table.version,
        extraColumns: [...CONTAINER_EXTRA_COLUMNS],
        hostExtraColumns: [...HOST_EXTRA_COLUMNS],
        host: { ...host, intervalMs: host.intervalMs * counts.stretch },
        containers: this.#rows.map((container) => this.#inventoryOf(container)),
        exited: this.#exited.list().slice(-MAX_EXITED_TOLD).map(exitedInventoryOf),
      },
      this.#table,
    );
  }

  #inventoryOf(container: LiveContainer): ContainerInventory {
    const { key, id, runtime, cgroupPath, parent, identity, paused, sample } = container;
    const { memoryTotalBytes, cpuCores } = this.#parts.host;
    const named = { key, id, runtime, cgroupPath, parent, identity };
    const { network } = container.details;
    return inventoryOf({ ...named, paused, sample, network, memoryTotalBytes, hostCpuCores: cpuCores });
  }
}
