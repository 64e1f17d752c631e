import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../native/host/package-root.ts';
import { ABSENT, type CgroupView, type KernelFile } from '../../statsd/model/reading.ts';

export const CGROUP_FIXTURES = join(packageRoot(), 'test/fixtures/cgroup');

export function fixtureText(path: string): string {
  return readFileSync(join(CGROUP_FIXTURES, path), 'utf8');
}

/** A kernel file that holds what `text` gives at each read; `undefined` is absent. */
export function textFile(path: string, text: () => string | undefined): KernelFile & { readonly reads: () => number } {
  let bytes: Uint8Array = Buffer.alloc(0);
  let reads = 0;
  return {
    path,
    get bytes() {
      return bytes;
    },
    reads: () => reads,
    read: () => {
      reads += 1;
      const content = text();
      if (content === undefined) return ABSENT;
      bytes = Buffer.from(content);
      return bytes.length;
    },
  };
}

/** One cgroup (and its ancestors, nearest first) made of recorded files: file name → text. */
export function viewOf(
  version: 1 | 2,
  levels: readonly Readonly<Record<string, string>>[],
): CgroupView & { readonly files: Record<string, string> } {
  const files = { ...levels[0] };
  return {
    files,
    version: () => version,
    file: (_controller, name) => textFile(name, () => files[name]),
    ancestry: (_controller, name) =>
      levels.map((level, index) => textFile(name, () => (index === 0 ? files : level)[name])),
  };
}
