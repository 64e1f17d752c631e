import { readdirSync, statSync, watch, type FSWatcher } from 'node:fs';

/** What the tree's owner makes of a directory it sees for the first time. */
export type DirectoryKind = 'container' | 'parent' | 'excluded';

export interface CgroupTreeParts {
  /** Full path of the directory below which containers are looked for; it need not exist yet. */
  readonly directory: string;
  /** The cgroup path of that directory, `/` or such as `/weft-demo/h1`. */
  readonly cgroupPath: string;
  /** Called once for each new directory, parents first, before its children are looked at. */
  readonly appeared: (cgroupPath: string, inode: number) => DirectoryKind;
  /** Called for each known directory that is no more, children first. */
  readonly vanished: (cgroupPath: string) => void;
  /** inotify is exhausted or forbidden: the owner should rescan more often. Called at most once. */
  readonly unwatchable: (error: unknown) => void;
}

interface Node {
  readonly inode: number;
  readonly kind: DirectoryKind;
  readonly watcher: FSWatcher | undefined;
  readonly children: Map<string, Node>;
}

/** More directories than this are not descended into; a machine with that many cgroups has another problem. */
const MAX_DIRECTORIES = 50_000;
const MAX_DEPTH = 24;

const join = (parent: string, name: string): string => (parent === '/' ? `/${name}` : `${parent}/${name}`);

/**
 * Follows the directories of one cgroup hierarchy by inotify on those that may hold containers, and by {@link rescan}.
 * The kernel tells nothing about a watch whose cgroup is removed, so each watch is removed with its directory, explicitly.
 * Invariants: a watch exists for exactly the live parents; `appeared` and `vanished` alternate for each path.
 */
export class CgroupTree implements Disposable {
  readonly #parts: CgroupTreeParts;
  #root: Node | undefined;
  #directories = 0;
  #watchFailed = false;
  #closed = false;

  constructor(parts: CgroupTreeParts) {
    this.#parts = parts;
  }

  get directories(): number {
    return this.#directories;
  }

  /** Compares the whole tree with what is known; a safety net, and the start. Returns whether the root exists. */
  rescan(): boolean {
    if (this.#closed) return false;
    const inode = this.#inodeOf(this.#parts.directory);
    if (this.#root !== undefined && this.#root.inode !== inode) {
      this.#drop(this.#root, this.#parts.cgroupPath);
      this.#root = undefined;
    }
    if (inode === undefined) return false;
    // The root itself is where one looks, never a container.
    this.#root ??= this.#node(inode, { kind: 'parent', directory: this.#parts.directory, depth: 0 });
    this.#scan(this.#root, { directory: this.#parts.directory, path: this.#parts.cgroupPath, depth: 0 });
    return true;
  }

  /** A directory that was taken for a parent turned out to be a container: it is watched no more, nor is anything below. */
  promote(cgroupPath: string): number | undefined {
    const place = this.#find(cgroupPath);
    if (place?.node.kind !== 'parent') return undefined;
    const { node, siblings, name } = place;
    for (const [child, childNode] of node.children) this.#drop(childNode, join(cgroupPath, child));
    node.watcher?.close();
    siblings.set(name, { inode: node.inode, kind: 'container', watcher: undefined, children: new Map() });
    return node.inode;
  }

  /** Forgets a directory that is known to be gone by other means, such as a read that failed with ENODEV. */
  forget(cgroupPath: string): void {
    const place = this.#find(cgroupPath);
    if (place === undefined) return;
    place.siblings.delete(place.name);
    this.#drop(place.node, cgroupPath);
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    if (this.#root !== undefined) this.#closeWatches(this.#root);
    this.#root = undefined;
  }

  #find(cgroupPath: string): { node: Node; siblings: Map<string, Node>; name: string } | undefined {
    const base = this.#parts.cgroupPath === '/' ? '' : this.#parts.cgroupPath;
    if (this.#root === undefined || !cgroupPath.startsWith(`${base}/`)) return undefined;
    const names = cgroupPath.slice(base.length + 1).split('/');
    let siblings = this.#root.children;
    for (const [index, name] of names.entries()) {
      const node = siblings.get(name);
      if (node === undefined) return undefined;
      if (index === names.length - 1) return { node, siblings, name };
      siblings = node.children;
    }
    return undefined;
  }

  #inodeOf(directory: string): number | undefined {
    const stats = statSync(directory, { throwIfNoEntry: false });
    return stats?.isDirectory() === true ? stats.ino : undefined;
  }

  #node(inode: number, place: { kind: DirectoryKind; directory: string; depth: number }): Node {
    this.#directories += 1;
    const children = new Map<string, Node>();
    return {
      inode,
      kind: place.kind,
      watcher: place.kind === 'parent' ? this.#watch(place.directory) : undefined,
      children,
    };
  }

  #watch(directory: string): FSWatcher | undefined {
    if (this.#watchFailed) return undefined;
    try {
      const watcher = watch(directory, { persistent: false }, (event, name) => {
        if (event === 'rename') this.#changed(directory, name);
      });
      watcher.on('error', (error) => {
        this.#failed(error);
      });
      return watcher;
    } catch (error) {
      // ENOENT: gone between readdir and here; the parent's event or the next scan tells.
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) this.#failed(error);
      return undefined;
    }
  }

  #failed(error: unknown): void {
    if (this.#watchFailed) return;
    this.#watchFailed = true;
    this.#parts.unwatchable(error);
  }

  #changed(directory: string, name: string | null): void {
    if (this.#closed || this.#root === undefined) return;
    const relative = directory.slice(this.#parts.directory.length);
    const base = this.#parts.cgroupPath === '/' ? '' : this.#parts.cgroupPath;
    const path = `${base}${relative}` === '' ? '/' : `${base}${relative}`;
    const node = relative === '' ? this.#root : this.#find(path)?.node;
    if (node === undefined) return;
    const depth = relative.split('/').length - 1;
    if (name === null) this.#scan(node, { directory, path, depth });
    else this.#check(node, { directory, path, depth, name });
  }

  #scan(node: Node, place: { directory: string; path: string; depth: number }): void {
    if (node.kind !== 'parent' || place.depth >= MAX_DEPTH) return;
    let entries: Set<string>;
    try {
      const listed = readdirSync(place.directory, { withFileTypes: true });
      entries = new Set(listed.filter((entry) => entry.isDirectory()).map((entry) => entry.name));
    } catch {
      return; // removed meanwhile: the parent's scan drops it
    }
    for (const name of [...node.children.keys()]) if (!entries.has(name)) this.#remove(node, place.path, name);
    for (const name of entries) this.#check(node, { ...place, name });
  }

  /** Brings one child up to date: new, gone, replaced by another of the same name, or the same. */
  #check(parent: Node, place: { directory: string; path: string; depth: number; name: string }): void {
    const directory = `${place.directory}/${place.name}`;
    const path = join(place.path, place.name);
    const inode = this.#inodeOf(directory);
    const known = parent.children.get(place.name);
    if (known !== undefined && known.inode !== inode) this.#remove(parent, place.path, place.name);
    if (inode === undefined) return;
    let node = parent.children.get(place.name);
    if (node === undefined) {
      if (this.#directories >= MAX_DIRECTORIES) return;
      const kind = this.#parts.appeared(path, inode);
      // Watch before list, so that what is made in between is seen by one of the two.
      node = this.#node(inode, { kind, directory, depth: place.depth + 1 });
      parent.children.set(place.name, node);
    }
    this.#scan(node, { directory, path, depth: place.depth + 1 });
  }

  #remove(parent: Node, parentPath: string, name: string): void {
    const node = parent.children.get(name);
    if (node === undefined) return;
    parent.children.delete(name);
    this.#drop(node, join(parentPath, name));
  }

  #drop(node: Node, path: string): void {
    for (const [name, child] of node.children) this.#drop(child, join(path, name));
    node.watcher?.close();
    this.#directories -= 1;
    this.#parts.vanished(path);
  }

  #closeWatches(node: Node): void {
    node.watcher?.close();
    for (const child of node.children.values()) this.#closeWatches(child);
  }
}
