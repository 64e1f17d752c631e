import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { StorageLists } from '../../../../statsd/io/containers-storage.ts';
import { MetadataFiles } from '../../../../statsd/io/metadata.ts';

export interface HostTree {
  /** An empty folder for each test. */
  readonly root: string;
  /** What is no text is written as JSON. */
  readonly write: (path: string, content: string | object) => void;
}

/** A folder that stands for the root of a host, with the files that a test of this file puts there. */
export function useHostTree(): HostTree {
  let root = '';
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'weft-test-tree-'));
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
  });
  return {
    get root() {
      return root;
    },
    write: (path, content) => {
      const full = join(root, path);
      mkdirSync(join(full, '..'), { recursive: true });
      writeFileSync(full, typeof content === 'string' ? content : JSON.stringify(content));
    },
  };
}

/** Who reads the runtimes' files of a tree: docker's in `docker`, podman's in `storage` and `run`, containerd's in `tasks`. */
export function metadataFilesOf(root: string, lists = new StorageLists()): MetadataFiles {
  const paths = { hostRoot: root, procRoot: join(root, 'proc'), dockerRoot: '/docker' };
  return new MetadataFiles(
    { ...paths, containersStorage: '/storage', containersRun: '/run', containerdTasks: '/tasks' },
    lists,
  );
}
