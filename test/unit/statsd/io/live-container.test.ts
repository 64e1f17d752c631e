import { constants } from 'node:os';
import { expect, test } from 'vitest';
import { memory } from '../../../../statsd/collectors/memory.ts';
import { AncestorFiles } from '../../../../statsd/io/ancestor-files.ts';
import { FilePool, PooledFile } from '../../../../statsd/io/kernel-file.ts';
import { LiveContainer, type CgroupPast } from '../../../../statsd/io/live-container.ts';
import type { Hierarchy } from '../../../../statsd/model/hierarchy.ts';
import { FIELD, type Tick } from '../../../../statsd/model/reading.ts';
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
    collectors: [memory],
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

test('a cgroup that a batch finds gone leaves the numbers that it had then, not those of the last time that it was read whole', () => {
  using container = containerWith('none');
  const tick: Tick = { slow: false, rare: false, unified: false };
  host.write('cgroup/docker/web/memory.current', '7\n');
  const read = (): void => {
    container.begin();
    container.collect(0, tick);
    container.settle(0);
  };
  read();
  container.sample[FIELD.memoryUsageBytes] = 9; // as a tick in between stores it
  const gone = { bytes: new Uint8Array(0), start: 0, length: -constants.errno.ENODEV, mark: Number.NaN };
  container.readers.request(0, tick, (file) => {
    if (file instanceof PooledFile) file.adopt(gone, -1);
  });
  read();
  expect(container.gone).toBe(true);
  expect(container.sample[FIELD.memoryUsageBytes]).toBe(9);
  read();
  expect(container.sample[FIELD.memoryUsageBytes]).toBe(9);
});
