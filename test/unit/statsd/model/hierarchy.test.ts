import { describe, expect, test } from 'vitest';
import {
  cgroupPathOf,
  chooseHierarchy,
  directoryIn,
  mountOf,
  parseCgroupMounts,
  placeOfRoot,
} from '../../../../statsd/model/hierarchy.ts';
import { fixtureText } from '../../../support/fixture-file.ts';

const hybrid = parseCgroupMounts(fixtureText('v1-6.18-runc/mountinfo.txt'));
const line = (fields: { root?: string; at: string; type: string; options?: string }): string =>
  `31 23 0:28 ${fields.root ?? '/'} ${fields.at} rw,relatime - ${fields.type} none rw${fields.options === undefined ? '' : `,${fields.options}`}`;
const mountsOf = (...lines: string[]): ReturnType<typeof parseCgroupMounts> => parseCgroupMounts(lines.join('\n'));
const v2 = line({ at: '/sys/fs/cgroup', type: 'cgroup2', options: 'nsdelegate' });

describe('chooseHierarchy', () => {
  test('a recorded hybrid host: memory is searched, cgroup.events is in the v2 tree', () => {
    const found = chooseHierarchy(hybrid)!;
    expect(found.mode).toBe('hybrid');
    expect(found.discovery.mountPoint).toBe('/sys/fs/cgroup/memory');
    expect(found.unified?.mountPoint).toBe('/sys/fs/cgroup/unified');
    expect(mountOf(found, 'cpuacct')).toMatchObject({ version: 1, mountPoint: '/sys/fs/cgroup/cpuacct' });
    expect(mountOf(found, 'hugetlb')).toMatchObject({ version: 2 });
  });

  test('the same host, told to use its v2 tree only', () => {
    const found = chooseHierarchy(hybrid, '/sys/fs/cgroup/unified')!;
    expect(found).toMatchObject({ mode: 'v2', discovery: { version: 2, mountPoint: '/sys/fs/cgroup/unified' } });
  });

  test.each([
    { name: 'v2', mounts: mountsOf(v2), want: { mode: 'v2', at: '/sys/fs/cgroup' } },
    {
      name: 'v1 with controllers mounted together',
      mounts: mountsOf(line({ at: '/sys/fs/cgroup/cpu,cpuacct', type: 'cgroup', options: 'cpu,cpuacct' })),
      want: { mode: 'v1', at: '/sys/fs/cgroup/cpu,cpuacct' },
    },
    {
      name: 'v2 next to a lone name=systemd tree',
      mounts: mountsOf(line({ at: '/sys/fs/cgroup/systemd', type: 'cgroup', options: 'xattr,name=systemd' }), v2),
      want: { mode: 'v2', at: '/sys/fs/cgroup' },
    },
    {
      name: 'a bound sub-tree and the whole one: the whole one',
      mounts: mountsOf(
        line({ root: '/docker/x', at: '/a', type: 'cgroup2' }),
        line({ at: '/host/sys/fs/cgroup', type: 'cgroup2' }),
      ),
      want: { mode: 'v2', at: '/host/sys/fs/cgroup' },
    },
    {
      name: 'a mount point with a space',
      mounts: mountsOf(line({ at: '/my\\040cgroup', type: 'cgroup2' })),
      want: { mode: 'v2', at: '/my cgroup' },
    },
  ])('$name', ({ mounts, want }) => {
    const found = chooseHierarchy(mounts)!;
    expect({ mode: found.mode, at: found.discovery.mountPoint }).toEqual(want);
  });

  test('no cgroups, and none at the given path', () => {
    expect(chooseHierarchy(mountsOf('22 1 254:0 / / rw - ext4 /dev/vda rw', ''))).toBeUndefined();
    expect(chooseHierarchy(hybrid, '/nowhere')).toBeUndefined();
  });
});

describe('cgroupPathOf', () => {
  const found = chooseHierarchy(hybrid)!;
  test.each([
    { name: 'our own mount', directory: '/sys/fs/cgroup/memory/a/b', want: '/a/b' },
    { name: 'the mount itself', directory: '/sys/fs/cgroup/memory', want: '/' },
    { name: 'the v2 tree', directory: '/sys/fs/cgroup/unified/a', want: '/a' },
    { name: 'elsewhere', directory: '/other/a', want: undefined },
  ])('$name', ({ directory, want }) => {
    expect(cgroupPathOf(found, directory)).toBe(want);
  });

  test('a runtime on a v2 host whose agent sees the tree elsewhere', () => {
    const elsewhere = chooseHierarchy(mountsOf(line({ at: '/host/cgroup', type: 'cgroup2' })))!;
    expect(cgroupPathOf(elsewhere, '/sys/fs/cgroup/system.slice/x.scope')).toBe('/system.slice/x.scope');
  });

  test('directories are made without a double slash', () => {
    expect(directoryIn(found.discovery, '/')).toBe('/sys/fs/cgroup/memory');
    expect(directoryIn(found.discovery, '/a')).toBe('/sys/fs/cgroup/memory/a');
  });
});

describe('placeOfRoot', () => {
  const pure = mountsOf(v2);
  const inContainer = mountsOf(
    line({ at: '/sys/fs/cgroup', type: 'cgroup2', root: '/docker/agent' }),
    line({ at: '/host/sys/fs/cgroup', type: 'cgroup2' }),
  );
  test.each([
    { mounts: hybrid, path: '/', want: { below: undefined, cgroupPath: '/' } },
    { mounts: hybrid, path: '/kubepods', want: { below: undefined, cgroupPath: '/kubepods' } },
    { mounts: hybrid, path: '/sys/fs/cgroup', want: { below: '/sys/fs/cgroup', cgroupPath: '/' } },
    { mounts: hybrid, path: '/sys/fs/cgroup/memory/a/b', want: { below: '/sys/fs/cgroup', cgroupPath: '/a/b' } },
    { mounts: hybrid, path: '/sys/fs/cgroup/unified/a', want: { below: '/sys/fs/cgroup/unified', cgroupPath: '/a' } },
    { mounts: pure, path: '/sys/fs/cgroup', want: { below: '/sys/fs/cgroup', cgroupPath: '/' } },
    { mounts: pure, path: '/sys/fs/cgroup/a.slice', want: { below: '/sys/fs/cgroup', cgroupPath: '/a.slice' } },
    { mounts: pure, path: '/system.slice', want: { below: undefined, cgroupPath: '/system.slice' } },
    { mounts: inContainer, path: '/host/sys/fs/cgroup/a', want: { below: '/host/sys/fs/cgroup', cgroupPath: '/a' } },
    { mounts: inContainer, path: '/host', want: { below: '/host', cgroupPath: '/' } },
  ])('$path', ({ mounts, path, want }) => {
    expect(placeOfRoot(mounts, path)).toEqual(want);
    expect(chooseHierarchy(mounts, want.below)).toBeDefined();
  });
});
