import { readdirSync, statSync, watch, type FSWatcher, type Stats } from 'node:fs';
import type { FileStats } from '../../native/host/file-stats.ts';
import { InsideLooks } from './inside-looks.ts';

/** What the tree's owner makes of a directory it sees for the first time. */
export type DirectoryRole = 'container' | 'parent' | 'excluded';

export interface CgroupTreeParts {
  /** Full path of the directory below which containers are looked for; it need not exist yet. */
  readonly directory: string;
  /** The cgroup path of that directory, `/` or such as `/weft-demo/h1`. */
  readonly cgroupPath: string;
  /** Called once for each new directory, parents first, before its children are looked at. */
  readonly appeared: (cgroupPath: string, inode: number) => DirectoryRole;
  /** Called for each known directory that is no more, children first. */
  readonly vanished: (cgroupPath: string) => void;
  /** inotify is exhausted or forbidden: the owner should rescan more often, until {@link CgroupTree.unwatchable} is false again. */
  readonly unwatchable: (error: unknown) => void;
  readonly stats: FileStats;
}

interface Node {
  readonly inode: number;
  readonly role: DirectoryRole;
  /** It lies in a container. */
  readonly inside: boolean;
  watcher: FSWatcher | undefined;
  /** It was looked at since the last scan, which need not do so again. */
  seen: boolean;
  readonly children: Map<string, Node>;
}

interface Place {
  readonly directory: string;
  readonly path: string;
  readonly depth: number;
}

/** More directories than this are not descended into; a machine with that many cgroups has another problem. */
const MAX_DIRECTORIES = 50_000;
const MAX_DEPTH = 24;
/** Where runtimes and inits put a container's own processes below its cgroup; nothing to follow while it is a leaf. */
const PAYLOAD: ReadonlySet<string> = new Set(['container', 'payload', 'ns', 'init', 'init.scope', 'supervisor']);

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
const join = (parent: string, name: string): string => (parent === '/' ? `/${name}` : `${parent}/${name}`);

/**
 * Follows the directories of one cgroup hierarchy by inotify on those that may hold containers, and by {@link rescan}.
 * A container's own directory is watched only once other containers may be in it: on v2 such a watch also tells of each
 * change of memory.events, which a container at its limit makes a hundred times a second.
 * The kernel tells nothing about a watch whose cgroup is removed, so each watch is removed with its directory, explicitly.
 * Invariant: `appeared` and `vanished` alternate for each path.
 */
export class CgroupTree implements Disposable {
  readonly #parts: CgroupTreeParts;
  readonly #insides: InsideLooks;
  #root: Node | undefined;
  #directories = 0;
  #unwatchable = false;
  #closed = false;

  constructor(parts: CgroupTreeParts) {
    this.#parts = parts;
    this.#insides = new InsideLooks({
      stats: parts.stats,
      differs: (path) => {
        this.lookInside(path);
      },
    });
  }

  get directories(): number {
    return this.#directories;
  }

  /** Whether some directory is found by rescans only. */
  get unwatchable(): boolean {
    return this.#unwatchable;
  }

  /** Compares the whole tree with what is known; a safety net, and the start. Returns whether the root exists. */
  rescan(): boolean {
    if (this.#closed) return false;
    // What was exhausted may have been freed: each scan tries again.
    this.#unwatchable = false;
    const { directory, cgroupPath } = this.#parts;
    const inode = this.#stat(directory)?.ino;
    if (this.#root !== undefined && this.#root.inode !== inode) {
      this.#drop(this.#root, cgroupPath);
      this.#root = undefined;
    }
    if (inode === undefined) return false;
    // The root itself is where one looks, never a container.
    this.#root ??= this.#node({ inode, role: 'parent', inside: false });
    this.#follow(this.#root, { directory, path: cgroupPath, depth: 0 }, undefined);
    return true;
  }

  /** Does what {@link lookInside} does for a fifth of the containers, and for all in five calls. */
  lookAround(): void {
    this.#insides.look();
  }

  /** Looks whether anything was made in a container, what its directory is not watched for, and whether it is still the same. */
  lookInside(cgroupPath: string): void {
    const found = this.#find(cgroupPath);
    if (found?.node.role !== 'container' || found.node.watcher !== undefined) return;
    const { node, parent, name } = found;
    const place = this.#placeOf(cgroupPath);
    const stats = this.#stat(place.directory);
    if (stats?.ino === node.inode) this.#follow(node, place, stats);
    else this.#meet(parent, { ...place, name }, stats);
    node.seen = true;
  }

  /** A directory that was taken for a parent turned out to be a container: what is below it is met anew, as inside. */
  promote(cgroupPath: string): number | undefined {
    const found = this.#find(cgroupPath);
    if (found?.node.role !== 'parent') return undefined;
    const { node, parent, name } = found;
    for (const [child, childNode] of node.children) this.#drop(childNode, join(cgroupPath, child));
    node.watcher?.close();
    const { inode, inside } = node;
    const promoted: Node = { inode, inside, role: 'container', watcher: undefined, seen: false, children: new Map() };
    parent.children.set(name, promoted);
    this.#insides.add(cgroupPath, this.#placeOf(cgroupPath).directory, promoted);
    return inode;
  }

  /** Forgets a directory that is known to be gone by other means, such as a read that failed with ENODEV. */
  forget(cgroupPath: string): void {
    const found = this.#find(cgroupPath);
    if (found === undefined) return;
    found.parent.children.delete(found.name);
    this.#drop(found.node, cgroupPath);
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    if (this.#root !== undefined) this.#closeWatches(this.#root);
    this.#root = undefined;
  }

  #find(cgroupPath: string): { node: Node; parent: Node; name: string } | undefined {
    const base = this.#parts.cgroupPath === '/' ? '' : this.#parts.cgroupPath;
    if (this.#root === undefined || !cgroupPath.startsWith(`${base}/`)) return undefined;
    const names = cgroupPath.slice(base.length + 1).split('/');
    let parent = this.#root;
    for (const [index, name] of names.entries()) {
      const node = parent.children.get(name);
      if (node === undefined) return undefined;
      if (index === names.length - 1) return { node, parent, name };
      parent = node;
    }
    return undefined;
  }

  /** Of a path at or below the root. */
  #placeOf(path: string): Place {
    const { directory, cgroupPath } = this.#parts;
    const relative = cgroupPath === '/' ? path : path.slice(cgroupPath.length);
    if (relative === '' || relative === '/') return { directory, path: cgroupPath, depth: 0 };
    return { directory: `${directory}${relative}`, path, depth: relative.split('/').length - 1 };
  }

  #stat(directory: string): Stats | undefined {
    const stats = statSync(directory, { throwIfNoEntry: false });
    return stats?.isDirectory() === true ? stats : undefined;
  }

  #node(facts: Pick<Node, 'inode' | 'role' | 'inside'>): Node {
    this.#directories += 1;
    return { ...facts, watcher: undefined, seen: false, children: new Map() };
  }

  /** Returns whether the directory is watched from now on. */
  #watch(node: Node, place: Place): boolean {
    if (node.watcher !== undefined || this.#unwatchable) return false;
    try {
      node.watcher = watch(place.directory, { persistent: false }, (event, name) => {
        if (event === 'rename') this.#changed(node, place, name);
      });
      node.watcher.on('error', (error) => {
        this.#failed(error);
      });
      return true;
    } catch (error) {
      // ENOENT: gone between readdir and here; the parent's event or the next scan tells.
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) this.#failed(error);
      return false;
    }
  }

  #failed(error: unknown): void {
    if (this.#unwatchable) return;
    this.#unwatchable = true;
    this.#parts.unwatchable(error);
  }

  #changed(node: Node, place: Place, name: string | null): void {
    // The last events of a watch may come after its directory was dropped or replaced.
    const current = place.depth === 0 ? this.#root : this.#find(place.path)?.node;
    if (this.#closed || current !== node) return;
    if (name === null) this.#scan(node, place);
    else this.#check(node, { ...place, name });
    this.#settleWatch(node, place);
  }

  /** Looks below a directory and watches it, as far as its role asks for either. */
  #follow(node: Node, place: Place, stats: Stats | undefined): void {
    if (node.role === 'excluded' || place.depth >= MAX_DEPTH) return;
    const lazy = node.role === 'container' || (node.inside && PAYLOAD.has(nameOf(place.path)));
    // Watch before list, so that what is made in between is seen by one of the two.
    if (!lazy) this.#watch(node, place);
    // cgroup file systems count sub-directories in the links: 2 is a leaf.
    else if (stats?.nlink === 2 && node.children.size === 0) return;
    this.#scan(node, place);
    this.#settleWatch(node, place);
  }

  #settleWatch(node: Node, place: Place): void {
    if (this.#mayNest(node) && this.#watch(node, place)) this.#scan(node, place);
  }

  #mayNest(node: Node): boolean {
    return [...node.children].some(([name, child]) => !PAYLOAD.has(name) || child.children.size > 0);
  }

  #scan(node: Node, place: Place): void {
    let entries: Set<string>;
    try {
      const listed = readdirSync(place.directory, { withFileTypes: true });
      entries = new Set(listed.filter((entry) => entry.isDirectory()).map((entry) => entry.name));
    } catch {
      return; // removed meanwhile: the parent's scan drops it
    }
    for (const name of [...node.children.keys()])
      if (!entries.has(name)) this.#remove(node, { path: join(place.path, name), name });
    for (const name of entries) if (!this.#wasSeen(node.children.get(name))) this.#check(node, { ...place, name });
  }

  /** Whether it was looked at by itself: a thousand containers are not looked at once more in one go. */
  #wasSeen(child: Node | undefined): boolean {
    if (child?.seen !== true) return false;
    child.seen = false;
    return true;
  }

  #check(parent: Node, { directory, path, depth, name }: Place & { readonly name: string }): void {
    const place = { directory: `${directory}/${name}`, path: join(path, name), depth: depth + 1 };
    this.#meet(parent, { ...place, name }, this.#stat(place.directory));
  }

  /** Brings one child up to date: new, gone, replaced by another of the same name, or the same. */
  #meet(parent: Node, place: Place & { readonly name: string }, stats: Stats | undefined): void {
    const { path, name } = place;
    const known = parent.children.get(name);
    if (known !== undefined && known.inode !== stats?.ino) this.#remove(parent, { path, name });
    if (stats === undefined) return;
    let node = parent.children.get(name);
    if (node === undefined) {
      if (this.#directories >= MAX_DIRECTORIES) return;
      const role = this.#parts.appeared(place.path, stats.ino);
      node = this.#node({ inode: stats.ino, role, inside: parent.inside || parent.role === 'container' });
      parent.children.set(name, node);
      if (role === 'container') this.#insides.add(path, place.directory, node);
    }
    this.#follow(node, place, stats);
  }

  #remove(parent: Node, { path, name }: Pick<Place, 'path'> & { readonly name: string }): void {
    const node = parent.children.get(name);
    if (node === undefined) return;
    parent.children.delete(name);
    this.#drop(node, path);
  }

  #drop(node: Node, path: string): void {
    for (const [name, child] of node.children) this.#drop(child, join(path, name));
    node.children.clear();
    node.watcher?.close();
    node.watcher = undefined;
    this.#directories -= 1;
    this.#insides.remove(path);
    this.#parts.vanished(path);
  }

  #closeWatches(node: Node): void {
    node.watcher?.close();
    for (const child of node.children.values()) this.#closeWatches(child);
  }
}
