import { readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { parseFilesystems, type Mount } from '../model/filesystems.ts';
import type { FilesystemReading, FilesystemSpace } from '../model/host-reading.ts';

export interface FilesystemsParts {
  readonly procfs: string;
  /** Where the host's root is mounted, `/` for an agent that is not in a container. */
  readonly hostRoot: string;
}

/** File systems whose server may be away; a question to them may never come back, and holds a thread until then. */
const REMOTE = /^(?:nfs4?|cifs|smb3?|ceph|glusterfs|lustre|9p|afs|fuse(?:\..+)?)$/;

/**
 * Sizes of the host's file systems. One that does not answer is asked no more until it does; of the remote ones only one is
 * asked at a time, so that an absent server costs one thread and no reading.
 */
export class Filesystems {
  readonly #parts: FilesystemsParts;
  readonly #asked = new Set<string>();
  readonly #spaces = new Map<string, FilesystemSpace>();
  #remoteAsked = false;
  #mounts: readonly Mount[] | undefined;

  constructor(parts: FilesystemsParts) {
    this.#parts = parts;
  }

  /** As of the last {@link refresh}; `undefined` where the mounts cannot be read. */
  get readings(): readonly FilesystemReading[] | undefined {
    return this.#mounts?.map(({ device, mountPoint, type, readOnly }) => ({
      device,
      mountPoint,
      type,
      readOnly,
      space: this.#spaces.get(mountPoint),
    }));
  }

  /** Asks every file system that does not still owe an answer; answers come in when they come. */
  refresh(): void {
    const path = `${this.#parts.procfs}/1/mountinfo`;
    const bytes = readFileSync(path);
    this.#mounts = parseFilesystems({ bytes, start: 0, end: bytes.length, path });
    const present = new Set(this.#mounts.map(({ mountPoint }) => mountPoint));
    for (const mountPoint of this.#spaces.keys()) if (!present.has(mountPoint)) this.#spaces.delete(mountPoint);
    for (const mount of this.#mounts) void this.#ask(mount);
  }

  async #ask({ mountPoint, type }: Mount): Promise<void> {
    const remote = REMOTE.test(type);
    if (this.#asked.has(mountPoint) || (remote && this.#remoteAsked)) return;
    this.#asked.add(mountPoint);
    if (remote) this.#remoteAsked = true;
    try {
      const { hostRoot } = this.#parts;
      const found = await statfs(hostRoot === '/' ? mountPoint : `${hostRoot}${mountPoint}`);
      this.#spaces.set(mountPoint, {
        sizeBytes: found.blocks * found.bsize,
        freeBytes: found.bfree * found.bsize,
        availableBytes: found.bavail * found.bsize,
        files: found.files,
        filesFree: found.ffree,
      });
    } catch {
      this.#spaces.delete(mountPoint); // not allowed, or gone meanwhile
    } finally {
      this.#asked.delete(mountPoint);
      if (remote) this.#remoteAsked = false;
    }
  }
}
