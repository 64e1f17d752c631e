import { mkdirSync, mkdtempSync, rmSync, writeFileSync, linkSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { processesSchema } from '../../../statsd/status-wire.ts';
import { run } from '../../support/netns.ts';
import { httpGet } from '../../support/processes.ts';
import { runcRoom } from '../../support/runc.ts';
import { startStatsd } from '../../support/statsd.ts';
import { getJson } from '../../support/unix-http.ts';
import { until } from '../../support/until.ts';

test('processes, descriptors and sockets of a container: on request, and on /metrics only where that is switched on', async () => {
  await using room = runcRoom('processes');
  const script = 'exec 7</dev/null 8</dev/null; sleep 3600 & sleep 3600 & wait';
  room.run('busy', { command: script });
  await using plain = await startStatsd(['--cgroup-root', room.cgroupRoot, '--runc-root', room.root]);
  await until(async () => (await plain.metrics()).includes('weft_statsd_containers 1'), { what: 'it is seen' });
  const path = '/api/v1/containers/busy/processes';
  const { status, body } = await httpGet(`http://${plain.listen}${path}`);
  expect(status).toBe(200);
  const found = processesSchema.parse(JSON.parse(body));
  const pids = room.pids('busy');
  expect(found).toMatchObject({ key: 'runc:busy', processes: 3, sockets: 0 });
  expect(found.list.map(({ pid }) => pid).toSorted()).toEqual(pids.toSorted());
  expect(found.list.map(({ command }) => command).toSorted()).toEqual(['sh', 'sleep', 'sleep']);
  const open = pids.map((pid) => run('ls', `/proc/${pid}/fd`).trim().split('\n').length);
  expect(found.descriptors).toBe(open.reduce((sum, count) => sum + count, 0));
  expect(found.tasks).toEqual({ running: 0, sleeping: 3, stopped: 0, uninterruptible: 0 });
  expect(found.list.every(({ startedAtUnixMs = 0 }) => Math.abs(startedAtUnixMs - Date.now()) < 60_000)).toBe(true);
  expect(await plain.metrics()).not.toContain('container_processes');

  await using told = await startStatsd([
    '--cgroup-root',
    room.cgroupRoot,
    '--runc-root',
    room.root,
    '--process-metrics',
  ]);
  const cgroup = `${room.cgroupRoot}/busy`;
  await until(async () => (await told.value('container_processes', cgroup)) === 3, { what: 'it was looked at' });
  expect(await told.value('container_file_descriptors', cgroup)).toBe(found.descriptors);
  expect(await told.metrics()).toMatch(/^container_tasks_state\{id="[^"]*\/busy",.*,state="sleeping"\} 3$/m);
  expect(await told.metrics()).toMatch(/^container_ulimits_soft\{id="[^"]*\/busy",.*,ulimit="max_open_files"\} \d+$/m);
});

test('the size of the writable layer, with --layer-size: each inode once, and docker’s size=1', async () => {
  await using stack = new AsyncDisposableStack();
  const folder = stack.adopt(mkdtempSync(join(tmpdir(), 'weft-test-layer-')), (path) => {
    rmSync(path, { recursive: true, force: true });
  });
  const room = stack.use(runcRoom('layer'));
  const upper = join(folder, 'upper');
  for (const name of [upper, join(folder, 'work')]) mkdirSync(name);
  room.overlay({ upper, work: join(folder, 'work') });
  room.run('web');
  mkdirSync(join(upper, 'data'));
  writeFileSync(join(upper, 'data/file'), Buffer.alloc(1024 * 1024, 1));
  linkSync(join(upper, 'data/file'), join(upper, 'data/again'));
  symlinkSync('/', join(upper, 'data/root'));
  const socket = join(folder, 's');
  const flags = ['--cgroup-root', room.cgroupRoot, '--runc-root', room.root, '--docker-socket', socket];
  const statsd = stack.use(await startStatsd([...flags, '--layer-size']));
  const cgroup = `${room.cgroupRoot}/web`;
  await until(async () => (await statsd.value('container_fs_usage_bytes', cgroup)) !== undefined, {
    what: 'it was measured',
    timeoutMs: 20_000,
  });
  const usage = await statsd.value('container_fs_usage_bytes', cgroup);
  expect(usage).toBe(Number(run('du', '--block-size=1', '--summarize', upper).split('\t')[0]));
  expect(await statsd.value('container_fs_limit_bytes', cgroup)).toBeGreaterThan(usage!);
  const [plain] = (await getJson(socket, '/containers/json')) as object[];
  expect(plain).not.toHaveProperty('SizeRw');
  expect(await getJson(socket, '/containers/json?size=1')).toMatchObject([{ SizeRw: usage }]);
  expect(await getJson(socket, '/containers/web/json?size=1')).toMatchObject({ SizeRw: usage });
});
