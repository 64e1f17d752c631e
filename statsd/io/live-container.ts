import { readFileSync, watch, type FSWatcher } from 'node:fs';
import type { Runtime } from '../model/container.ts';
import { emptyDetails } from '../model/details.ts';
import type { ExitFacts } from '../model/exited.ts';
import { directoryIn, mountOf, type Hierarchy } from '../model/hierarchy.ts';
import type { Identity } from '../model/identity.ts';
import { isBorn, lifeOf, parseFrozen, parseOomKills, parsePopulated, type Life } from '../model/lifecycle.ts';
import { emptySample, FIELD, type Collector, type KernelFile, type Target, type Tick } from '../model/reading.ts';
import type { Tiers } from '../model/schedule.ts';
import { textOf, uintAt } from '../model/cgroup-text.ts';
import type { AncestorFiles } from './ancestor-files.ts';
import { OpenCgroup } from './cgroup-view.ts';
import { ContainerReaders } from './container-readers.ts';
import type { FilePool, PooledFile } from './kernel-file.ts';

/**
 * What a container's cgroup held before: nothing, as it was made under the agent's eyes; nobody knows what, as it was there
 * when the agent came; or another container, so that its `populated` is to be believed.
 */
export type CgroupPast = 'none' | 'unknown' | 'refilled';

export interface LiveContainerParts {
  readonly key: string;
  readonly id: string;
  readonly runtime: Runtime | undefined;
  /** Key of the container that it runs in. */
  readonly parent: string | undefined;
  /** What is known before any file was read. */
  readonly identity: Identity;
  readonly cgroupPath: string;
  /** Of its directory in the tree where it was found. */
  readonly cgroupInode: number;
  readonly hierarchy: Hierarchy;
  readonly pool: FilePool;
  readonly ancestors: AncestorFiles;
  readonly collectors: readonly Collector[];
  readonly past: CgroupPast;
  /** cgroup.events changed: processes came or the last one went. */
  readonly populationChanged: () => void;
}

/** Fields that a dashboard is told in the inventory, not in frames. */
const ANNOUNCED = [
  'memoryLimitBytes',
  'cpuLimitCores',
  'pidsLimit',
  'cpusetCpus',
  'paused',
  'startTimeUnixSeconds',
] as const;

const NO_TICK: Tick = { slow: false, rare: false, unified: false, numbered: false };
const TICKS: readonly Tick[] = Array.from({ length: 16 }, (_, bits) => ({
  slow: (bits & 1) !== 0,
  rare: (bits & 2) !== 0,
  unified: (bits & 4) !== 0,
  numbered: (bits & 8) !== 0,
}));

/** One container's open files, last values and signs of life. Dispose it when its cgroup is gone. */
export class LiveContainer implements Disposable {
  readonly key: string;
  readonly id: string;
  readonly cgroupPath: string;
  readonly cgroupInode: number;
  readonly parent: string | undefined;
  readonly sample = emptySample();
  readonly details = emptyDetails();
  readonly target: Target = { sample: this.sample, details: this.details };
  /** Set once files tell; before that the id stands for the name. */
  identity: Identity;
  runtime: string;
  /** Ticks since birth. */
  age = 0;
  /** Frozen by its freezer; `undefined` when that cannot be read. */
  paused: boolean | undefined;
  readonly readers: ContainerReaders;
  readonly #parts: LiveContainerParts;
  readonly #view: OpenCgroup;
  readonly #events: PooledFile | undefined;
  readonly #lastGood = emptySample();
  /** Something was taken of a cgroup that was no more. */
  #spoilt = false;
  readonly #announced = new Float64Array(ANNOUNCED.length).fill(Number.NaN);
  #announcedNetwork = '';
  #watcher: FSWatcher | undefined;
  #wasPopulated: boolean;
  #oomKillsAtBirth: number | undefined;
  /** As cgroup.events said last. */
  #frozen: boolean | undefined;

  constructor(parts: LiveContainerParts) {
    this.#parts = parts;
    this.key = parts.key;
    this.id = parts.id;
    this.cgroupPath = parts.cgroupPath;
    this.cgroupInode = parts.cgroupInode;
    this.runtime = parts.runtime ?? 'oci';
    this.parent = parts.parent;
    this.identity = parts.identity;
    this.#wasPopulated = parts.past === 'refilled';
    this.#view = new OpenCgroup(parts);
    this.readers = new ContainerReaders(parts.collectors, this.#view);
    const { unified } = parts.hierarchy;
    this.#events =
      unified === undefined ? undefined : parts.pool.kept(`${directoryIn(unified, parts.cgroupPath)}/cgroup.events`);
  }

  /** Full path of cgroup.procs in the tree where the container was found. */
  get procsFile(): string {
    return `${this.directory}/cgroup.procs`;
  }

  /** Its directory in the tree where it was found. */
  get directory(): string {
    return directoryIn(this.#parts.hierarchy.discovery, this.cgroupPath);
  }

  /** What is due of it at a tick; `numbered`: its numbers were stored already. */
  tick({ slow, rare }: Tiers, numbered = false): Tick {
    return TICKS[(slow ? 1 : 0) + (rare ? 2 : 0) + (this.#wasPopulated ? 4 : 0) + (numbered ? 8 : 0)] ?? NO_TICK;
  }

  /** Names what {@link life} reads. */
  requestLife(add: (file: KernelFile | undefined) => void): void {
    add(this.#events);
  }

  /** Begins a round of {@link collect}. */
  begin(): void {
    if (!this.#spoilt) this.#lastGood.set(this.sample);
  }

  /** Reads what one collector reads. On a failure its fields are unknown. @throws {CgroupTextError} */
  collect(index: number, tick: Tick): void {
    try {
      this.readers.collect(index, this.target, tick);
    } finally {
      this.#spoilt ||= this.#view.gone;
    }
  }

  /** Ends a round of {@link collect}: what was read of a cgroup that vanished meanwhile gives way to the round before. */
  settle(nowMs: number): void {
    if (this.#spoilt) this.sample.set(this.#lastGood);
    if (this.#view.gone) return;
    this.sample[FIELD.lastSeenUnixSeconds] = nowMs / 1000;
  }

  /** Whether a limit, the state or the network namespace differs from what it was when this was last asked. */
  takeAnnouncedChange(): boolean {
    const { network } = this.details;
    const place = network.kind === 'own' ? `${network.netnsInode} ${network.sharedBy > 1}` : network.kind;
    let changed = place !== this.#announcedNetwork;
    this.#announcedNetwork = place;
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
    const populated = this.#populated();
    this.paused = this.#isFrozen();
    return lifeOf({
      gone: this.#view.gone,
      populated,
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
    // What a new cgroup counted is this container's, also if it was killed before its birth was noticed.
    this.#oomKillsAtBirth = this.#parts.past === 'none' ? 0 : this.#oomKills();
  }

  /** How it ended, as far as the kernel tells. */
  exitAt(nowMs: number): ExitFacts {
    const started = this.sample[FIELD.startTimeUnixSeconds] ?? Number.NaN;
    return {
      atUnixMs: nowMs,
      exitCode: undefined,
      oomKilled: this.#oomKilled(),
      startedAtUnixMs: Number.isNaN(started) ? undefined : Math.round(started * 1000),
      finishedAtUnixMs: undefined,
    };
  }

  /** Whether the kernel killed one of its processes for memory; `undefined` when the cgroup went before it could be asked. */
  #oomKilled(): boolean | undefined {
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
    const content = this.#events.read();
    const text = content === undefined ? '' : textOf(content);
    const populated = parsePopulated(text);
    this.#frozen = parseFrozen(text);
    if (populated === true) this.#wasPopulated = true;
    return populated;
  }

  /** v1 freezes in a hierarchy of its own; a hybrid host's v2 tree says that nothing is frozen. */
  #isFrozen(): boolean | undefined {
    const { v1 } = this.#parts.hierarchy;
    if (!v1.some((mount) => mount.controllers.includes('freezer'))) return this.#frozen;
    const paused = this.sample[FIELD.paused] ?? Number.NaN;
    return Number.isNaN(paused) ? undefined : paused === 1;
  }

  /** The number that a file begins with, without keeping it open; `undefined` when there is none. */
  #numberIn(controller: string, name: string): number | undefined {
    const directory = controller === '' ? this.directory : this.#directory(controller);
    const content = this.#parts.pool.openedPerRead(`${directory}/${name}`).read();
    const value = content === undefined ? Number.NaN : uintAt(content.bytes, content.start, content.end);
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
