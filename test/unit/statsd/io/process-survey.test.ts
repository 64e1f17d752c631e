import { afterEach, expect, test } from 'vitest';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { systemClock } from '../../../../native/host/clock.ts';
import { surveyProcesses } from '../../../../statsd/io/process-survey.ts';

const roots: string[] = [];
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true });
});

interface Process {
  readonly cgroup?: string;
  readonly state?: string;
  /** Where its descriptors lead; `undefined` where this agent may not look. */
  readonly fd?: readonly string[];
  readonly threads?: readonly string[];
  readonly stat?: string;
}

const statText = (pid: string, state: string, threads: number): string =>
  `${pid} (sleep) ${state} 1 1 1 0 -1 0 0 0 0 0 12 30 0 0 20 0 ${threads} 0 987654 2953216 421 0`;

/** A cgroup with processes, and a proc that tells of them. */
function placeWith(procs: string, processes: Readonly<Record<string, Process>>): Parameters<typeof surveyProcesses>[0] {
  const root = mkdtempSync(join(tmpdir(), 'weft-test-survey-'));
  roots.push(root);
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  write('cgroup/cgroup.procs', procs);
  for (const [pid, process] of Object.entries(processes)) {
    const { cgroup = '/docker/a', state = 'S', fd, threads = [state] } = process;
    write(`proc/${pid}/stat`, process.stat ?? statText(pid, state, threads.length));
    write(`proc/${pid}/cgroup`, `4:memory:${cgroup}\n`);
    write(`proc/${pid}/limits`, 'Max open files            1024                 4096                 files\n');
    threads.forEach((each, at) => {
      write(`proc/${pid}/task/${at}/stat`, statText(String(at), each, 1));
    });
    if (fd !== undefined) mkdirSync(join(root, `proc/${pid}/fd`));
    fd?.forEach((to, at) => {
      symlinkSync(to, join(root, `proc/${pid}/fd/${at}`));
    });
  }
  return { procfs: join(root, 'proc'), directory: join(root, 'cgroup'), cgroupPath: '/docker/a' };
}

const counted = async (procs: string, processes: Readonly<Record<string, Process>>): Promise<object> =>
  (await surveyProcesses(placeWith(procs, processes), systemClock)).counts;

const NO_TASKS = { running: 0, sleeping: 0, stopped: 0, uninterruptible: 0 };

test('descriptors, sockets, and threads by state are added up', async () => {
  const first = { fd: ['/dev/null', 'socket:[1]', 'pipe:[2]'], threads: ['S', 'R', 'D'] };
  const want = { processes: 2, descriptors: 4, sockets: 2, openFilesLimit: 1024 };
  expect(await counted('7\n8\n', { 7: first, 8: { fd: ['socket:[1]'], state: 'T' } })).toEqual({
    ...want,
    tasks: { running: 1, sleeping: 1, stopped: 1, uninterruptible: 1 },
  });
});

test('a pid that was given to a process elsewhere does not count, and one that ended neither', async () => {
  expect(await counted('7\n8\n9\n', { 7: { fd: [] }, 8: { cgroup: '/docker/b', fd: ['/dev/null'] } })).toEqual({
    ...{ processes: 1, descriptors: 0, sockets: 0, openFilesLimit: 1024 },
    tasks: { ...NO_TASKS, sleeping: 1 },
  });
});

test('what may not be looked at is unknown, never 0', async () => {
  expect(await counted('7\n8\n', { 7: { fd: ['/dev/null'] }, 8: {} })).toMatchObject({
    ...{ processes: 2, descriptors: NaN, sockets: NaN },
  });
});

test('rubbish in the place of a process is none', async () => {
  expect(await counted('7\nx\n-3\n', { 7: { stat: 'rubbish', fd: [] } })).toMatchObject({ processes: 0 });
});

test('a container of more processes than are looked at is unknown', async () => {
  const procs = Array.from({ length: 4200 }, (_, at) => `${at + 10}\n`).join('');
  expect(await counted(procs, { 10: { fd: [] } })).toMatchObject({
    processes: NaN,
    descriptors: NaN,
    tasks: undefined,
  });
});

test('a container that is gone has nothing', async () => {
  const place = { procfs: '/proc', directory: '/nowhere', cgroupPath: '/docker/a' };
  expect((await surveyProcesses(place, systemClock)).counts).toMatchObject({ processes: 0, openFilesLimit: NaN });
});
