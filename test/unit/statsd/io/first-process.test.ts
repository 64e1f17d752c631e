import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { firstPid } from '../../../../statsd/io/first-process.ts';

const root = mkdtempSync(join(tmpdir(), 'weft-test-first-'));
afterAll(() => {
  rmSync(root, { recursive: true });
});

interface Layout {
  readonly name: string;
  /** By path below the container's cgroup. */
  readonly procs: Readonly<Record<string, string>>;
  readonly commands: Readonly<Record<number, string>>;
  readonly want: number | undefined;
}

const NSPAWN = { 9186: 'systemd-nspawn', 9218: 'sleep' };
let made = 0;

/** As real runtimes lay their processes out: runc; crun with systemd; nspawn 252 on a v1 tree and on v2. */
const LAYOUTS: readonly Layout[] = [
  { name: 'of runc', procs: { '': '7\n8\n' }, commands: { 7: 'sh', 8: 'sleep' }, want: 7 },
  { name: 'of crun, one level below', procs: { '': '', container: '7\n' }, commands: { 7: 'sh' }, want: 7 },
  { name: 'of nothing', procs: { '': '' }, commands: {}, want: undefined },
  { name: 'that is gone', procs: {}, commands: {}, want: undefined },
  { name: 'of nspawn on v1, its supervisor beside it', procs: { '': '9186\n9218\n' }, commands: NSPAWN, want: 9218 },
  {
    name: 'of nspawn on v2, its supervisor in a cgroup of its own',
    procs: { '': '', supervisor: '9186\n', payload: '9218\n' },
    commands: NSPAWN,
    want: 9218,
  },
];

function isFound({ procs, commands, want }: Layout): void {
  made += 1;
  const [directory, procfs] = [join(root, String(made), 'cgroup'), join(root, String(made), 'proc')];
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  };
  for (const [below, text] of Object.entries(procs)) write(join(directory, below, 'cgroup.procs'), text);
  for (const [pid, command] of Object.entries(commands)) write(join(procfs, pid, 'comm'), `${command}\n`);
  expect(firstPid(directory, procfs)).toBe(want);
}

test.each(LAYOUTS)('the first process $name', isFound);
