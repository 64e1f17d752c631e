import { readFileSync, watch, type FSWatcher } from 'node:fs';
import type { Runtime } from '../model/container.ts';
import { directoryIn, mountOf, type Hierarchy } from '../model/hierarchy.ts';
import type { Identity } from '../model/identity.ts';
import { isBorn, lifeOf, parseOomKills, parsePopulated, type Life } from '../model/lifecycle.ts';
import { emptySample, FIELD, type Collector, type Reader, type Tick } from '../model/reading.ts';
import { textOf, uintAt } from '../model/cgroup-text.ts';
import { OpenCgroup } from './cgroup-view.ts';
import type { FilePool, PooledFile } from './kernel-file.ts';

export interface LiveContainerParts {
  readonly key: string;
  readonly id: string;
  readonly runtime: Runtime | undefined;
  readonly cgroupPath: string;
  readonly hierarchy: Hierarchy;
  readonly pool: FilePool;
  readonly collectors: readonly Collector[];
  /** The same cgroup had processes before, so its `populated` is to be believed. */
  readonly refilled: boolean;
  /** cgroup.events changed: processes came or the last one went. */
  readonly populationChanged: () => void;
}

/** Fields that a dashboard is told in the inventory, not in frames. */
const ANNOUNCED = ['memoryLimitBytes', 'cpuLimitCores', 'pidsLimit', 'startTimeUnixSeconds'] as const;

/** One container's open files, last values and signs of life. Dispose it when its cgroup is gone. */
export class LiveContainer implements Disposable {
  readonly key: string;
  readonly id: string;
  readonly cgroupPath: string;
  readonly sample = emptySample();
  /** Set once files tell; before that the id stands for the name. */
  identity: Identity;
  runtime: string;
  /** Ticks since birth. */
  age = 0;
  /** Rendered once per identity; see model/exposition.ts. */
  metricLabels = '';
  readonly #parts: LiveContainerParts;
  readonly #view: OpenCgroup;
  readonly #readers: readonly { readonly collector: Collector; readonly reader: Reader }[];
  readonly #events: PooledFile | undefined;
  readonly #lastGood = emptySample();
  readonly #announced = new Float64Array(ANNOUNCED.length).fill(Number.NaN);
  #watcher: FSWatcher | undefined;
  #wasPopulated: boolean;
  #oomKillsAtBirth: number | undefined;

  constructor(parts: LiveContainerParts) {
    this.#parts = parts;
    this.key = parts.key;
    this.id = parts.id;
    this.cgroupPath = parts.cgroupPath;
    this.runtime = parts.runtime ?? 'oci';
    this.identity = { name: parts.id, image: undefined, labels: {}, startedAtUnixMs: undefined };
    this.#wasPopulated = parts.refilled;
    this.#view = new OpenCgroup(parts);
    this.#readers = parts.collectors.map((collector) => ({ collector, reader: collector.attach(this.#view) }));
    const { unified } = parts.hierarchy;
    this.#events =
      unified === undefined ? undefined : parts.pool.kept(`${directoryIn(unified, parts.cgroupPath)}/cgroup.events`);
  }

  /** Full path of cgroup.procs in the tree where the container was found. */
  get procsFile(): string {
    return `${this.#discoveryDirectory}/cgroup.procs`;
  }

  get #discoveryDirectory(): string {
    return directoryIn(this.#parts.hierarchy.discovery, this.cgroupPath);
  }

  /** Reads what one collector reads. On a failure its fields are unknown. @throws {CgroupTextError} */
  collect(index: number, tick: Tick): void {
    const entry = this.#readers[index];
    if (entry === undefined) return;
    try {
      entry.reader.collect(this.sample, tick);
    } catch (error) {
      for (const field of entry.collector.fields) this.sample[FIELD[field]] = Number.NaN;
      throw error;
    }
  }

  /** Ends a round of {@link collect}: what was read of a cgroup that vanished meanwhile gives way to the round before. */
  settle(nowMs: number): void {
    if (this.#view.gone) {
      this.sample.set(this.#lastGood);
      return;
    }
    this.sample[FIELD.lastSeenUnixSeconds] = nowMs / 1000;
    this.#lastGood.set(this.sample);
  }

  /** Whether a limit differs from what it was when this was last asked. */
  takeAnnouncedChange(): boolean {
    let changed = false;
    for (const [index, field] of ANNOUNCED.entries()) {
      const value = this.sample[FIELD[field]] ?? Number.NaN;
      if (Object.is(value, this.#announced[index])) continue;
      this.#announced[index] = value;
      changed = true;
    }
    return changed;
  }

  get gone(): boolean {
    return this.#view.gone;
  }

  /** Looks at cgroup.events and at what was read of pids. */
  life(): Life {
    this.#watchEvents();
    const pids = this.sample[FIELD.pidsCurrent] ?? Number.NaN;
    return lifeOf({
      gone: this.#view.gone,
      populated: this.#populated(),
      pids: Number.isNaN(pids) ? undefined : pids,
      wasPopulated: this.#wasPopulated,
    });
  }

  /** Whether processes came into a cgroup that had none; asked until it is so. */
  hasCome(): boolean {
    this.#watchEvents();
    const wasPopulated = this.#wasPopulated;
    const signs = { populated: this.#populated(), pids: this.#numberIn('pids', 'pids.current'), wasPopulated };
    return isBorn(signs, () => this.#numberIn('', 'cgroup.procs') !== undefined);
  }

  markBorn(): void {
    this.#oomKillsAtBirth = this.#oomKills();
  }

  /** Whether the kernel killed one of its processes for memory; `undefined` when the cgroup went before it could be asked. */
  oomKilled(): boolean | undefined {
    const kills = this.#oomKills();
    return kills === undefined || this.#oomKillsAtBirth === undefined ? undefined : kills > this.#oomKillsAtBirth;
  }

  [Symbol.dispose](): void {
    // The kernel never tells that a watched cgroup file is gone: the watch would leak.
    this.#watcher?.close();
    this.#watcher = undefined;
    this.#events?.close();
    this.#view[Symbol.dispose]();
  }

  #directory(controller: string): string {
    const { hierarchy } = this.#parts;
    return directoryIn(mountOf(hierarchy, controller) ?? hierarchy.discovery, this.cgroupPath);
  }

  #populated(): boolean | undefined {
    if (this.#events === undefined) return undefined;
    const length = this.#events.read();
    const populated = length < 0 ? undefined : parsePopulated(textOf(this.#events.bytes, length));
    if (populated === true) this.#wasPopulated = true;
    return populated;
  }

  /** The number that a file begins with, without keeping it open; `undefined` when there is none. */
  #numberIn(controller: string, name: string): number | undefined {
    const directory = controller === '' ? this.#discoveryDirectory : this.#directory(controller);
    const file = this.#parts.pool.openedPerRead(`${directory}/${name}`);
    const length = file.read();
    const value = length < 0 ? Number.NaN : uintAt(file.bytes, 0, length);
    return Number.isNaN(value) ? undefined : value;
  }

  #watchEvents(): void {
    if (this.#events === undefined || this.#watcher !== undefined) return;
    try {
      this.#watcher = watch(this.#events.path, { persistent: false }, () => {
        this.#parts.populationChanged();
      });
      this.#watcher.on('error', () => undefined); // the slow tier looks at the file anyway
    } catch {
      // Not made yet, or inotify is exhausted: tried again at the next look.
    }
  }

  #oomKills(): number | undefined {
    const name = this.#view.version('memory') === 1 ? 'memory.oom_control' : 'memory.events';
    try {
      return parseOomKills(readFileSync(`${this.#directory('memory')}/${name}`, 'utf8'));
    } catch {
      return undefined;
    }
  }
}
