import { directoryIn, mountOf, type Hierarchy } from '../model/hierarchy.ts';
import { GONE, type CgroupView, type KernelFile } from '../model/reading.ts';
import type { FilePool, PooledFile } from './kernel-file.ts';

/** Deeper nesting than any runtime makes; bounds the walk over ancestors. */
const MAX_ANCESTORS = 32;

/** One container's directories in all hierarchies, and its open files. */
export class OpenCgroup implements CgroupView, Disposable {
  readonly #pool: FilePool;
  readonly #hierarchy: Hierarchy;
  readonly #cgroupPath: string;
  readonly #files: PooledFile[] = [];
  #gone = false;

  constructor(parts: { readonly pool: FilePool; readonly hierarchy: Hierarchy; readonly cgroupPath: string }) {
    this.#pool = parts.pool;
    this.#hierarchy = parts.hierarchy;
    this.#cgroupPath = parts.cgroupPath;
  }

  /** A read said that the kernel removed the cgroup; exact, and true for good. */
  get gone(): boolean {
    return this.#gone;
  }

  version(controller: string): 1 | 2 | undefined {
    return mountOf(this.#hierarchy, controller)?.version;
  }

  file(controller: string, name: string): KernelFile | undefined {
    const mount = mountOf(this.#hierarchy, controller);
    if (mount === undefined) return undefined;
    const file = this.#pool.kept(`${directoryIn(mount, this.#cgroupPath)}/${name}`);
    this.#files.push(file);
    return {
      path: file.path,
      get bytes() {
        return file.bytes;
      },
      read: () => {
        const length = file.read();
        if (length === GONE) this.#gone = true;
        return length;
      },
    };
  }

  ancestry(controller: string, name: string): readonly KernelFile[] {
    const mount = mountOf(this.#hierarchy, controller);
    if (mount === undefined) return [];
    const files: PooledFile[] = [];
    let path = this.#cgroupPath;
    for (let depth = 0; depth < MAX_ANCESTORS && path !== ''; depth += 1) {
      files.push(this.#pool.openedPerRead(`${directoryIn(mount, path)}/${name}`));
      path = path.slice(0, path.lastIndexOf('/'));
    }
    this.#files.push(...files);
    return files;
  }

  [Symbol.dispose](): void {
    for (const file of this.#files) file.close();
    this.#files.length = 0;
  }
}
