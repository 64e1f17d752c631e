import { expect, test } from 'vitest';
import { AncestorFiles } from '../../../../statsd/io/ancestor-files.ts';
import { FilePool } from '../../../../statsd/io/kernel-file.ts';
import { LiveContainer, type CgroupPast } from '../../../../statsd/io/live-container.ts';
import type { Hierarchy } from '../../../../statsd/model/hierarchy.ts';
import { cardOf } from '../builders.ts';
import { useHostTree } from './host-tree.ts';

const host = useHostTree();

function containerWith(past: CgroupPast): LiveContainer {
  const mount = { version: 2, mountPoint: `${host.root}/cgroup`, controllers: ['memory'], root: '/' } as const;
  const hierarchy: Hierarchy = { mode: 'v2', discovery: mount, unified: mount, v1: [] };
  const pool = new FilePool(8);
  return new LiveContainer({
    key: 'docker:web',
    id: 'web',
    runtime: 'docker',
    parent: undefined,
    identity: cardOf({ name: 'web' }),
    cgroupPath: '/docker/web',
    cgroupInode: 1,
    hierarchy,
    pool,
    ancestors: new AncestorFiles(pool, { nowMs: () => 0, maxAgeMs: 1000 }),
    collectors: [],
    past,
    populationChanged: () => undefined,
  });
}

const kernelCounts = (kills: number): void => {
  host.write('cgroup/docker/web/memory.events', `low 0\nhigh 0\nmax 9\noom 1\noom_kill ${kills}\n`);
};

// A container that takes too much in its first milliseconds may be killed before its birth was noticed.
test.each([
  { past: 'none', atBirth: 1, atEnd: 1, oomKilled: true },
  { past: 'none', atBirth: 0, atEnd: 0, oomKilled: false },
  { past: 'unknown', atBirth: 1, atEnd: 1, oomKilled: false },
  { past: 'refilled', atBirth: 1, atEnd: 1, oomKilled: false },
  { past: 'refilled', atBirth: 1, atEnd: 2, oomKilled: true },
] as const)('past $past, $atBirth kills at birth and $atEnd at its end', ({ past, atBirth, atEnd, oomKilled }) => {
  using container = containerWith(past);
  kernelCounts(atBirth);
  container.markBorn();
  kernelCounts(atEnd);
  expect(container.exitAt(0).oomKilled).toBe(oomKilled);
});

test('a cgroup that went before it could be asked tells nothing', () => {
  using container = containerWith('none');
  container.markBorn();
  expect(container.exitAt(0).oomKilled).toBeUndefined();
});
