import { Backoff } from '../native/host/backoff.ts';
import type { Clock, RandomSource } from '../native/host/clock.ts';
import type { Logger } from '../native/host/log.ts';
import { Waker } from '../native/host/waker.ts';
import { CgroupTree, type DirectoryKind } from './io/cgroup-tree.ts';
import type { FilePool } from './io/kernel-file.ts';
import { LiveContainer } from './io/live-container.ts';
import { readMetadata, type MetadataPaths } from './io/metadata.ts';
import { RuntimeStates, type RuntimeState } from './io/runtime-state.ts';
import { recognise, type Runtime } from './model/container.ts';
import { cgroupPathOf, directoryIn, type Hierarchy } from './model/hierarchy.ts';
import { identityOf, type RawMetadata } from './model/identity.ts';
import { FIELD, type Collector } from './model/reading.ts';

export interface ContainerEnd {
  readonly container: LiveContainer;
  readonly atUnixMs: number;
  readonly oomKilled: boolean | undefined;
}

export interface ContainerKeeperParts {
  readonly hierarchy: Hierarchy;
  /** Only containers below this cgroup path are kept. */
  readonly cgroupRoot: string;
  readonly stateRoots: readonly string[];
  readonly metadataPaths: MetadataPaths;
  readonly labels: readonly string[];
  readonly collectors: readonly Collector[];
  readonly pool: FilePool;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
  readonly born: (container: LiveContainer) => void;
  readonly ended: (end: ContainerEnd) => void;
  /** Names, image or labels of a living container became known. */
  readonly renamed: (container: LiveContainer) => void;
}

interface Slot {
  readonly inode: number;
  readonly id: string;
  readonly runtime: Runtime | undefined;
  container: LiveContainer;
  state: 'waiting' | 'alive';
  /** Ticks for which it has waited. */
  waited: number;
  stop: AbortController;
}

/** A cgroup that stays empty this long was left behind: it is looked at less often. */
const YOUNG_WAIT_TICKS = 30;
const OLD_WAIT_EVERY = 5;
const STATE_RETRIES = 12;
const STATE_RETRY_FIRST_MS = 20;
const STATE_RETRY_MAX_MS = 160;
const METADATA_RETRY_FIRST_MS = 200;
const METADATA_RETRY_MAX_MS = 60_000;

/**
 * Keeps the set of living containers: finds their cgroups, tells births and deaths, gives them names. A cgroup without
 * processes is a container that waits to be born, or a dead one; a cgroup that fills again is a new container.
 */
export class ContainerKeeper implements Disposable {
  readonly #parts: ContainerKeeperParts;
  readonly #tree: CgroupTree;
  readonly #states: RuntimeStates;
  readonly #stateWaker = new Waker();
  readonly #slots = new Map<string, Slot>();
  #stateByPath = new Map<string, RuntimeState>();
  #unwatchable = false;
  #started = false;
  #closed = false;

  constructor(parts: ContainerKeeperParts) {
    this.#parts = parts;
    const { hierarchy, cgroupRoot } = parts;
    this.#states = new RuntimeStates({
      roots: parts.stateRoots,
      controllers: hierarchy.discovery.controllers,
      changed: () => {
        this.#stateWaker.wake();
      },
    });
    this.#tree = new CgroupTree({
      directory: directoryIn(hierarchy.discovery, cgroupRoot),
      cgroupPath: cgroupRoot,
      appeared: (path, inode) => this.#appeared(path, inode),
      vanished: (path) => {
        this.#vanished(path);
      },
      unwatchable: (err) => {
        this.#unwatchable = true;
        parts.log.warn({ err }, 'cannot watch cgroups; looking for containers every two seconds instead');
      },
    });
  }

  /** Whether containers are found by rescans only. */
  get unwatchable(): boolean {
    return this.#unwatchable;
  }

  get directories(): number {
    return this.#tree.directories;
  }

  /** Compares everything known with the file system. Returns whether the cgroup root exists. */
  rescan(): boolean {
    this.#refreshStates();
    const exists = this.#tree.rescan();
    this.#started = true;
    return exists;
  }

  /** Follows the runtimes' state folders until the signal aborts. */
  async followStates(signal: AbortSignal): Promise<never> {
    const { clock, random } = this.#parts;
    for (;;) {
      await this.#stateWaker.next(signal);
      const backoff = new Backoff({ firstMs: STATE_RETRY_FIRST_MS, maxMs: STATE_RETRY_MAX_MS, random });
      // The state file is written some tens of milliseconds after the cgroup and its own folder are made.
      for (let attempt = 0; attempt < STATE_RETRIES; attempt += 1) {
        this.#refreshStates();
        await clock.sleep(backoff.nextMs(), signal);
      }
    }
  }

  /** Looks at the life of a container after it was read; ends it when it is over. */
  checkLife(container: LiveContainer): void {
    this.#look(container.cgroupPath);
  }

  /**
   * Looks, once a tick, whether the first process came. cgroup.events tells it sooner where the runtime fills the v2 tree;
   * on a v1 host, and for crun on a hybrid one, only pids.current does.
   */
  lookAtWaiting(): void {
    for (const [path, slot] of this.#slots) {
      if (slot.state !== 'waiting') continue;
      slot.waited += 1;
      if (slot.waited <= YOUNG_WAIT_TICKS || slot.waited % OLD_WAIT_EVERY === 0) this.#look(path);
    }
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.#tree[Symbol.dispose]();
    this.#states[Symbol.dispose]();
    for (const slot of this.#slots.values()) {
      slot.stop.abort();
      slot.container[Symbol.dispose]();
    }
    this.#slots.clear();
  }

  #appeared(path: string, inode: number): DirectoryKind {
    const recognised = recognise(path);
    const state = this.#stateByPath.get(path);
    if (recognised.kind === 'container') {
      this.#open(path, { inode, id: recognised.id, runtime: recognised.runtime ?? state?.runtime });
      return 'container';
    }
    if (state !== undefined) {
      this.#open(path, { inode, id: state.id, runtime: state.runtime });
      return 'container';
    }
    if (recognised.kind === 'parent' && this.#started) this.#stateWaker.wake();
    return recognised.kind;
  }

  #open(path: string, facts: { inode: number; id: string; runtime: Runtime | undefined }): void {
    const container = this.#container(path, { ...facts, refilled: false });
    this.#slots.set(path, { ...facts, container, state: 'waiting', waited: 0, stop: new AbortController() });
    this.#look(path);
  }

  #container(path: string, facts: Pick<Slot, 'inode' | 'id' | 'runtime'> & { refilled: boolean }): LiveContainer {
    const { hierarchy, pool, collectors } = this.#parts;
    const plain = `${facts.runtime ?? 'oci'}:${facts.id}`;
    const taken = [...this.#slots].some(([other, slot]) => other !== path && slot.container.key === plain);
    return new LiveContainer({
      key: taken ? `${plain}#${facts.inode}` : plain,
      id: facts.id,
      runtime: facts.runtime,
      cgroupPath: path,
      hierarchy,
      pool,
      collectors,
      refilled: facts.refilled,
      populationChanged: () => {
        if (!this.#closed) this.#look(path);
      },
    });
  }

  #look(path: string): void {
    const slot = this.#slots.get(path);
    if (slot === undefined) return;
    if (slot.state === 'waiting') {
      if (slot.container.hasCome()) this.#bear(slot);
      return;
    }
    const life = slot.container.life();
    if (life === 'alive') return;
    if (life === 'empty') {
      this.#finish(path, slot);
      return;
    }
    this.#tree.forget(path);
  }

  #bear(slot: Slot): void {
    slot.state = 'alive';
    const { container } = slot;
    container.markBorn();
    this.#identify(slot, this.#stateMetadata(container.cgroupPath));
    // Only what begins under our eyes has a known beginning; files may know better.
    if (this.#started && Number.isNaN(container.sample[FIELD.startTimeUnixSeconds]))
      container.sample[FIELD.startTimeUnixSeconds] = this.#parts.clock.nowMs() / 1000;
    this.#parts.born(container);
    void this.#resolve(slot).catch((err: unknown) => {
      if (!slot.stop.signal.aborted) this.#parts.log.error({ err, key: container.key }, 'cannot look up names');
    });
  }

  /** The last process went; the cgroup may stay, and may fill again. */
  #finish(path: string, slot: Slot): void {
    this.#end(slot);
    this.#slots.set(path, {
      ...slot,
      container: this.#container(path, { ...slot, refilled: true }),
      state: 'waiting',
      waited: 0,
      stop: new AbortController(),
    });
    this.#look(path); // from here its cgroup.events is watched again
  }

  #vanished(path: string): void {
    const slot = this.#slots.get(path);
    if (slot === undefined) return;
    this.#slots.delete(path);
    if (slot.state === 'alive') this.#end(slot);
    else slot.container[Symbol.dispose]();
  }

  #end(slot: Slot): void {
    slot.stop.abort();
    const { container } = slot;
    this.#parts.ended({ container, atUnixMs: this.#parts.clock.nowMs(), oomKilled: container.oomKilled() });
    container[Symbol.dispose]();
  }

  #refreshStates(): void {
    const { states } = this.#states.refresh();
    this.#stateByPath = new Map(
      states.flatMap((state) => {
        const { kind, value } = state.cgroup;
        const path = kind === 'path' ? value : cgroupPathOf(this.#parts.hierarchy, value);
        return path === undefined ? [] : [[path, state] as const];
      }),
    );
    for (const [path, state] of this.#stateByPath) {
      const inode = this.#tree.promote(path);
      if (inode !== undefined) this.#open(path, { inode, id: state.id, runtime: state.runtime });
    }
  }

  #stateMetadata(path: string): RawMetadata[] {
    const state = this.#stateByPath.get(path);
    if (state === undefined) return [];
    const { annotations, runtime, createdAtUnixMs } = state;
    return [{ runtime, annotations, labels: {}, startedAtUnixMs: createdAtUnixMs }];
  }

  #identify(slot: Slot, sources: readonly RawMetadata[]): void {
    const { container } = slot;
    container.identity = identityOf(sources, { id: slot.id, labels: this.#parts.labels });
    container.runtime = slot.runtime ?? sources.find((source) => source.runtime !== undefined)?.runtime ?? 'oci';
    const { startedAtUnixMs } = container.identity;
    if (startedAtUnixMs !== undefined) container.sample[FIELD.startTimeUnixSeconds] = startedAtUnixMs / 1000;
  }

  /** Looks for names until files tell them; a daemon may write its own file well after the cgroup. */
  async #resolve(slot: Slot): Promise<void> {
    const { clock, random, metadataPaths, renamed } = this.#parts;
    const { container, stop } = slot;
    const backoff = new Backoff({ firstMs: METADATA_RETRY_FIRST_MS, maxMs: METADATA_RETRY_MAX_MS, random });
    for (;;) {
      const bundle = this.#stateByPath.get(container.cgroupPath)?.bundle;
      const { id, procsFile } = container;
      const found = await readMetadata(metadataPaths, { id, runtime: slot.runtime, bundle, procsFile });
      if (stop.signal.aborted) return;
      const sources = [...found, ...this.#stateMetadata(container.cgroupPath)];
      if (sources.length > 0) {
        this.#identify(slot, sources);
        renamed(container);
      }
      if (found.length > 0) return;
      await clock.sleep(backoff.nextMs(), stop.signal);
    }
  }
}
