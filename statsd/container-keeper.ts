import { fileStats } from '../native/host/file-stats.ts';
import { Waker } from '../native/host/waker.ts';
import { learn, type ContainerKeeperParts, type Slot } from './container-slot.ts';
import { CgroupTree, type DirectoryRole } from './io/cgroup-tree.ts';
import { LiveContainer, type CgroupPast } from './io/live-container.ts';
import { RuntimeStates, type RuntimeState } from './io/runtime-state.ts';
import { recognise, recognisedByState, type Recognised } from './model/container.ts';
import { cgroupPathOf, directoryIn } from './model/hierarchy.ts';
import { FIELD } from './model/reading.ts';
import { YOUNG_TICKS } from './model/schedule.ts';
import { eachWakeRetries } from './wake-retries.ts';

/** A cgroup that stays empty this long was left behind: it is looked at less often. */
const YOUNG_WAIT_TICKS = 30;
const OLD_WAIT_EVERY = 5;

/**
 * Keeps the set of living containers: finds their cgroups, tells births and deaths. A cgroup without processes is a
 * container that waits to be born, or a dead one; a cgroup that fills again is a new container.
 */
export class ContainerKeeper implements Disposable {
  readonly #parts: ContainerKeeperParts;
  readonly #tree: CgroupTree;
  readonly #states: RuntimeStates;
  readonly #stateWaker = new Waker();
  readonly #birthWaker = new Waker();
  readonly #slots = new Map<string, Slot>();
  /** Keys in use, each with its cgroup path. */
  readonly #keys = new Map<string, string>();
  readonly #closing = new AbortController();
  #stateByPath = new Map<string, RuntimeState>();
  #started = false;

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
    let toldUnwatchable = false;
    this.#tree = new CgroupTree({
      directory: directoryIn(hierarchy.discovery, cgroupRoot),
      cgroupPath: cgroupRoot,
      appeared: (path, inode) => this.#appeared(path, inode),
      vanished: (path) => {
        this.#vanished(path);
      },
      unwatchable: (err) => {
        if (!toldUnwatchable)
          parts.log.warn({ err }, 'cannot watch cgroups; looking for containers every two seconds instead');
        toldUnwatchable = true;
      },
      stats: fileStats(),
    });
  }

  /** Whether some containers are found by rescans only. */
  get unwatchable(): boolean {
    return this.#tree.unwatchable;
  }

  get directories(): number {
    return this.#tree.directories;
  }

  /** Compares everything known with the file system. Returns whether the cgroup root exists. */
  rescan(): boolean {
    this.#parts.exitFolders.refresh();
    this.#refreshStates();
    const exists = this.#tree.rescan();
    this.#started = true;
    return exists;
  }

  /** Follows what is being made, until the signal aborts. */
  async followBirths(signal: AbortSignal): Promise<void> {
    const again = eachWakeRetries(this.#parts);
    await Promise.all([
      // A runtime writes its state some tens of milliseconds after the cgroup and its own folder.
      again(this.#stateWaker, signal, () => {
        this.#refreshStates();
        return true;
      }),
      // And moves the first process in after that.
      again(this.#birthWaker, signal, () => this.#lookAtYoung()),
    ]);
  }

  /** Looks at the life of a container after it was read; ends it when it is over. */
  checkLife(container: LiveContainer): void {
    this.#look(container.cgroupPath);
    if (container.age <= YOUNG_TICKS) this.#tree.lookInside(container.cgroupPath);
  }

  /**
   * Looks, once a tick, at what the owner does not read: whether others were made in containers, whether the first process came, and
   * whether what a filter holds back still lives. cgroup.events tells either sooner where the runtime fills the v2 tree; on a v1 host, and for crun on
   * a hybrid one, only pids.current does.
   */
  lookAtUnread(): void {
    this.#tree.lookAround();
    for (const [path, slot] of this.#slots) {
      if (slot.state === 'alive' && slot.shown) continue;
      slot.waited += 1;
      const young = slot.state === 'waiting' && slot.waited <= YOUNG_WAIT_TICKS;
      if (young || slot.waited % OLD_WAIT_EVERY === 0) this.#look(path);
    }
  }

  [Symbol.dispose](): void {
    this.#closing.abort();
    this.#tree[Symbol.dispose]();
    this.#states[Symbol.dispose]();
    for (const slot of this.#slots.values()) this.#dispose(slot);
    this.#slots.clear();
  }

  /** Returns whether some container has waited for less than two ticks. */
  #lookAtYoung(): boolean {
    let any = false;
    for (const [path, slot] of this.#slots) {
      if (slot.state !== 'waiting' || slot.waited > 2) continue;
      any = true;
      this.#look(path);
    }
    return any;
  }

  #appeared(path: string, inode: number): DirectoryRole {
    const inside = this.#outerOf(path) !== undefined;
    const recognised = recognise(path, { inside, services: this.#parts.services });
    const state = this.#stateByPath.get(path);
    if (recognised.role === 'container') {
      const runtime = recognised.runtime ?? state?.runtime;
      this.#open(path, inode, { ...recognised, runtime });
      return 'container';
    }
    // A container by its state file alone, whose file is not written yet?
    if (recognised.role === 'parent' && state === undefined && this.#started) this.#stateWaker.wake();
    if (state === undefined) return recognised.role;
    this.#open(path, inode, recognisedByState(state));
    return 'container';
  }

  /** The container that a path lies in. */
  #outerOf(path: string): Slot | undefined {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const slot = this.#slots.get(path.slice(0, end));
      if (slot !== undefined) return slot;
    }
    return undefined;
  }

  #open(path: string, inode: number, recognised: Recognised): void {
    const slot = this.#slot(path, { inode, recognised, past: this.#started ? 'none' : 'unknown' });
    this.#slots.set(path, slot);
    this.#look(path);
    if (slot.state === 'waiting') this.#birthWaker.wake();
  }

  #slot(path: string, facts: Pick<Slot, 'inode' | 'recognised'> & { readonly past: CgroupPast }): Slot {
    const { hierarchy, pool, collectors, ancestors } = this.#parts;
    const { inode, recognised, past } = facts;
    const plain = `${recognised.runtime ?? 'oci'}:${recognised.id}`;
    const outer = this.#outerOf(path);
    const key = (this.#keys.get(plain) ?? path) === path ? plain : `${plain}#${inode}`;
    this.#keys.set(key, path);
    const container = new LiveContainer({
      key,
      id: recognised.id,
      runtime: recognised.runtime,
      parent: outer?.container.key,
      identity: this.#parts.identities.initial(recognised),
      cgroupPath: path,
      cgroupInode: inode,
      hierarchy,
      pool,
      ancestors,
      collectors,
      past,
      populationChanged: () => {
        if (!this.#closing.signal.aborted) this.#look(path);
      },
    });
    const target = {
      recognised,
      cgroupPath: path,
      procsFile: container.procsFile,
      outer: outer?.target,
      state: () => this.#stateByPath.get(path),
    };
    const stop = new AbortController();
    return { inode, recognised, container, target, state: 'waiting', shown: false, waited: 0, stop };
  }

  #look(path: string): void {
    const slot = this.#slots.get(path);
    if (slot === undefined) return;
    const { container } = slot;
    if (slot.state === 'waiting') {
      if (container.hasCome()) this.#bear(slot);
      return;
    }
    const { paused } = container;
    switch (container.life()) {
      case 'alive':
        if (slot.shown && container.paused !== paused) this.#parts.events.renamed(container);
        return;
      case 'empty':
        this.#finish(path, slot);
        return;
      case 'gone':
        this.#tree.forget(path);
    }
  }

  #bear(slot: Slot): void {
    slot.state = 'alive';
    const { container } = slot;
    const { events } = this.#parts;
    container.markBorn();
    // Only what begins under our eyes has a known beginning; files may know better.
    if (this.#started) container.sample[FIELD.startTimeUnixSeconds] = this.#parts.clock.nowMs() / 1000;
    learn(slot, this.#parts.identities.known(slot.target), events);
    void this.#parts.identities
      .follow(slot.target, {
        signal: slot.stop.signal,
        beganUnseen: !this.#started,
        learned: (learned) => {
          learn(slot, learned, events);
        },
      })
      .catch((err: unknown) => {
        if (!slot.stop.signal.aborted) this.#parts.log.error({ err, key: container.key }, 'cannot look up names');
      });
  }

  /** The last process went; the cgroup may stay, and may fill again. */
  #finish(path: string, slot: Slot): void {
    this.#end(slot);
    this.#slots.set(path, this.#slot(path, { ...slot, past: 'refilled' }));
    this.#look(path); // from here its cgroup.events is watched again
  }

  #vanished(path: string): void {
    const slot = this.#slots.get(path);
    if (slot === undefined) return;
    this.#slots.delete(path);
    if (slot.state === 'alive') this.#end(slot);
    else this.#dispose(slot);
    // After its last numbers, which its parents' limits belong to.
    if (this.#slots.size === 0) this.#parts.ancestors.closeAll();
  }

  #dispose(slot: Slot): void {
    slot.stop.abort();
    this.#keys.delete(slot.container.key);
    slot.container[Symbol.dispose]();
  }

  #end(slot: Slot): void {
    const { container } = slot;
    const { clock, events, identities, log } = this.#parts;
    const exit = container.exitAt(clock.nowMs());
    if (slot.shown) {
      events.ended({ container, exit });
      void identities
        .autopsy(slot.target, exit, this.#closing.signal)
        .then((known) => {
          if (known !== undefined) events.exitKnown(container.key, known);
        })
        .catch((err: unknown) => {
          if (!this.#closing.signal.aborted) log.error({ err, key: container.key }, 'cannot look up how it ended');
        });
    }
    this.#dispose(slot);
  }

  #refreshStates(): void {
    const { hierarchy } = this.#parts;
    this.#stateByPath = this.#states.refreshByPath((directory) => cgroupPathOf(hierarchy, directory));
    for (const [path, state] of this.#stateByPath) {
      const inode = this.#tree.promote(path);
      if (inode !== undefined) this.#open(path, inode, recognisedByState(state));
    }
  }
}
