import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startLxc, type LxcMachine } from '../support/lxc.ts';
import { run } from '../support/netns.ts';
import { httpGet } from '../support/processes.ts';
import { startStatsd, type StatsdProcess } from '../support/statsd.ts';
import { until } from '../support/until.ts';

let stack: AsyncDisposableStack;
let machine: LxcMachine;
let statsd: StatsdProcess;
let socket: string;

interface Shown {
  readonly name: string;
  readonly runtime: string;
  readonly kind: string;
  readonly state: string;
  readonly network?: string;
  readonly exit?: { readonly exitCode?: number };
}

const shown = async (): Promise<Shown | undefined> => {
  const { body } = await httpGet(`http://${statsd.listen}/api/v1/containers?state=all`);
  return (JSON.parse(body) as { containers: Shown[] }).containers.find(({ name }) => name === machine.name);
};

beforeAll(async () => {
  stack = new AsyncDisposableStack();
  const folder = stack.adopt(mkdtempSync(join(tmpdir(), 'weft-test-lxc-api-')), (path) => {
    rmSync(path, { recursive: true, force: true });
  });
  socket = join(folder, 'docker.sock');
  machine = stack.use(startLxc('web'));
  const include = ['--include', `cgroup=${machine.parent}/*`, '--cgroup-root', '/weft-test', '--runtime-socket', 'off'];
  statsd = stack.use(await startStatsd([...include, '--docker-socket', socket]));
  await until(async () => (await shown())?.network !== undefined, { what: 'the machine is listed', timeoutMs: 15_000 });
}, 60_000);

afterAll(async () => {
  await stack.disposeAsync();
}, 30_000);

test('a machine of LXC is one container, under its name, without its monitor', async () => {
  expect(await shown()).toMatchObject({
    name: 'web',
    runtime: 'lxc',
    kind: 'machine',
    state: 'running',
    network: 'own',
  });
  const { body } = await httpGet(`http://${statsd.listen}/api/v1/containers?state=all`);
  expect((JSON.parse(body) as { containers: Shown[] }).containers.map(({ name }) => name)).toEqual(['web']);
  expect(run('docker', '--host', `unix://${socket}`, 'ps', '--format', '{{.Names}} {{.State}}').trim()).toBe(
    'web running',
  );
});

test('its numbers are the kernel’s', async () => {
  const processes = (): number => machine.attach('/bin/ps', '-o', 'pid').trim().split('\n').length - 2; // the head, and ps
  await until(async () => (await statsd.value('container_threads', machine.cgroup)) === processes(), {
    what: 'its processes, as its own ps counts them',
    timeoutMs: 15_000,
  });
  expect(await statsd.value('container_spec_memory_limit_bytes', machine.cgroup)).toBe(64 << 20);
  expect(await statsd.value('container_memory_usage_bytes', machine.cgroup)).toBeGreaterThan(100_000);
  const before = (await statsd.value('container_cpu_usage_seconds_total', machine.cgroup)) ?? Number.NaN;
  machine.attach('/bin/sh', '-c', 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done');
  await until(
    async () => ((await statsd.value('container_cpu_usage_seconds_total', machine.cgroup)) ?? 0) - before > 0.05,
    { what: 'what a command in it used' },
  );
  const fields = readFileSync(`/proc/${machine.pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  const bootUnix = Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1]);
  const began = await statsd.value('container_start_time_seconds', machine.cgroup);
  expect(Math.abs(began! - (bootUnix + Number(fields[19]) / 100))).toBeLessThan(1.5);
});

test('it is paused while it is frozen, and its end is told without an exit code', async () => {
  machine.freeze();
  await until(async () => (await shown())?.state === 'paused', { what: 'it is paused', timeoutMs: 15_000 });
  machine.unfreeze();
  await until(async () => (await shown())?.state === 'running', { what: 'it goes on', timeoutMs: 15_000 });
  machine.kill();
  await until(async () => (await shown())?.state === 'exited', { what: 'its end' });
  // LXC writes none anywhere.
  expect((await shown())?.exit?.exitCode).toBeUndefined();
  expect(await statsd.metrics()).not.toContain(machine.cgroup);
});
