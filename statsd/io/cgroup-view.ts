import { directoryIn, mountOf, type CgroupMount, type Hierarchy } from '../model/hierarchy.ts';
import type { CgroupView, KernelFile } from '../model/reading.ts';
import type { AncestorFiles } from './ancestor-files.ts';
import type { FileOwner, FilePlace } from './file-place.ts';
import { PooledFile, type FilePool } from './kernel-file.ts';

/** Deeper nesting than any runtime makes; bounds the walk over ancestors. */
const MAX_ANCESTORS = 32;

export interface OpenCgroupParts {
  readonly pool: FilePool;
  readonly hierarchy: Hierarchy;
  readonly cgroupPath: string;
  readonly ancestors: AncestorFiles;
}

/** One container's directories in all hierarchies, and its open files. */
export class OpenCgroup implements CgroupView<PooledFile>, FileOwner, Disposable {
  /** A read said that the kernel removed the cgroup; exact, and true for good. */
  gone = false;
  readonly #parts: OpenCgroupParts;
  readonly #directories = new Map<CgroupMount, string>();
  readonly #files: PooledFile[] = [];

  constructor(parts: OpenCgroupParts) {
    this.#parts = parts;
  }

  version(controller: string): 1 | 2 | undefined {
    return mountOf(this.#parts.hierarchy, controller)?.version;
  }

  file(controller: string, name: string): PooledFile | undefined {
    const mount = mountOf(this.#parts.hierarchy, controller);
    return mount === undefined ? undefined : this.#open(mount, { name, keep: true, owner: this });
  }

  rareFile(controller: string, name: string): PooledFile | undefined {
    const mount = mountOf(this.#parts.hierarchy, controller);
    return mount === undefined ? undefined : this.#open(mount, { name, keep: false, owner: this });
  }

  limitFile(controller: string, name: string): PooledFile | undefined {
    const mount = mountOf(this.#parts.hierarchy, controller);
    return mount === undefined ? undefined : this.#open(mount, { name, keep: true, insistent: true, owner: this });
  }

  unifiedFile(name: string): PooledFile | undefined {
    const { unified } = this.#parts.hierarchy;
    // No owner: on a hybrid host a directory there may go while the container lives on in the others.
    return unified === undefined ? undefined : this.#open(unified, { name, keep: true });
  }

  ancestry(controller: string, name: string): readonly KernelFile[] {
    const { hierarchy, ancestors, cgroupPath } = this.#parts;
    const mount = mountOf(hierarchy, controller);
    if (mount === undefined) return [];
    const files: KernelFile[] = [];
    let path = cgroupPath.slice(0, cgroupPath.lastIndexOf('/'));
    for (let depth = 0; depth < MAX_ANCESTORS && path !== ''; depth += 1) {
      files.push(ancestors.file(`${directoryIn(mount, path)}/${name}`));
      path = path.slice(0, path.lastIndexOf('/'));
    }
    return files;
  }

  [Symbol.dispose](): void {
    for (const file of this.#files) file.close();
    this.#files.length = 0;
  }

  #open(mount: CgroupMount, place: Omit<FilePlace, 'directory'>): PooledFile {
    const directory = this.#directories.get(mount) ?? directoryIn(mount, this.#parts.cgroupPath);
    this.#directories.set(mount, directory);
    const file = new PooledFile(this.#parts.pool, { directory, ...place });
    this.#files.push(file);
    return file;
  }
}
