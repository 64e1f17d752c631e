import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../native/host/package-root.ts';
import type { Content } from '../../statsd/model/cgroup-text.ts';
import type { CgroupView, KernelFile } from '../../statsd/model/reading.ts';

export const CGROUP_FIXTURES = join(packageRoot(), 'test/fixtures/cgroup');

export function fixtureText(path: string): string {
  return readFileSync(join(CGROUP_FIXTURES, path), 'utf8');
}

/**
 * A kernel file that holds what `text` gives at each read; `undefined` is absent. As in a batch, the content stands in the
 * middle of a buffer whose other bytes are somebody else's.
 */
export function textFile(path: string, text: () => string | undefined): KernelFile & { readonly reads: () => number } {
  let reads = 0;
  return {
    path,
    reads: () => reads,
    read: () => {
      reads += 1;
      const found = text();
      return found === undefined ? undefined : contentOf(found, path);
    },
  };
}

export function contentOf(text: string, path = 'file'): Content {
  const before = Buffer.from('77 total=9\n');
  const own = Buffer.from(text);
  const bytes = Buffer.concat([before, own, Buffer.from('88 99\n')]);
  return { bytes, start: before.length, end: before.length + own.length, path };
}

/** One cgroup (and its ancestors, nearest first) made of recorded files: file name → text. The v2 tree's begin with `unified/`. */
export function viewOf(
  version: 1 | 2,
  levels: readonly Readonly<Record<string, string>>[],
): CgroupView & { readonly files: Record<string, string> } {
  const files = { ...levels[0] };
  const file = (_controller: string, name: string): KernelFile => textFile(name, () => files[name]);
  return {
    files,
    file,
    rareFile: file,
    limitFile: file,
    version: () => version,
    unifiedFile: (name) => textFile(name, () => files[version === 2 ? name : `unified/${name}`]),
    ancestry: (_controller, name) => levels.slice(1).map((level) => textFile(name, () => level[name])),
  };
}
