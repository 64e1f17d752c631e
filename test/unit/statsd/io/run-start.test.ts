import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { depthAsInit, readRunBeginning } from '../../../../statsd/io/run-start.ts';
import { useHostTree } from './host-tree.ts';

const tree = useHostTree();
const { write } = tree;

test.each([
  { name: 'the first of a namespace', status: 'Name:\tsh\nNSpid:\t4711\t1\n', want: 2 },
  { name: 'the first of one in another', status: 'NSpid:\t4711\t12\t1\n', want: 3 },
  { name: 'another of a namespace', status: 'NSpid:\t4712\t2\n', want: undefined },
  { name: 'one without a namespace of its own', status: 'NSpid:\t4711\n', want: undefined },
  { name: 'the first of this machine', status: 'NSpid:\t1\n', want: undefined },
  { name: 'a kernel that does not tell', status: 'Name:\tsh\n', want: undefined },
])('$name', ({ status, want }) => {
  expect(depthAsInit(status)).toBe(want);
});

describe('when a run began', () => {
  const process = (pid: number, { nspid, ticks, cgroup }: { nspid: string; ticks: number; cgroup: string }): void => {
    write(`proc/${pid}/status`, `NSpid:\t${nspid}\n`);
    write(`proc/${pid}/stat`, `${pid} (x) S 5 ${'0 '.repeat(17)}${ticks} 0`);
    write(`proc/${pid}/cgroup`, `0::${cgroup}\n`);
  };
  const read = (cgroupPath = '/lxc/web'): Promise<number | undefined> =>
    readRunBeginning(
      { procfs: join(tree.root, 'proc'), directory: join(tree.root, 'cgroup'), cgroupPath },
      () => 1_000_000,
    );

  test('is the start of the init that all others end with, be it listed behind them or in a cgroup below', async () => {
    write('proc/uptime', '500.25 900.00\n');
    write('cgroup/init.scope/cgroup.procs', '9\n7\n8\n');
    process(9, { nspid: '9\t44', ticks: 100, cgroup: '/lxc/web' });
    process(7, { nspid: '7\t1', ticks: 40_000, cgroup: '/lxc/web/init.scope' });
    process(8, { nspid: '8\t12\t1', ticks: 45_000, cgroup: '/lxc/web/init.scope' });
    expect(await read()).toBe(1_000_000 - 500_250 + 400_000);
    expect(await read('/lxc/other')).toBeUndefined();
  });

  test.each([
    { name: 'no process', files: {} },
    { name: 'no namespace', files: { 'cgroup/cgroup.procs': '7\n', 'proc/7/status': 'NSpid:\t7\n' } },
    { name: 'it ended', files: { 'cgroup/cgroup.procs': '7\n', 'proc/7/status': 'NSpid:\t7\t1\n' } },
  ])('is not known: $name', async ({ files }) => {
    write('proc/uptime', '500.25 900.00\n');
    for (const [file, text] of Object.entries(files)) write(file, text);
    expect(await read()).toBeUndefined();
  });
});
