import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../support/netns.ts';
import { httpGet, startProcess } from '../support/processes.ts';
import { removeCgroup } from '../support/runc.ts';
import { startStatsd, type StatsdProcess } from '../support/statsd.ts';
import { until } from '../support/until.ts';

/** Of `/api/v1/containers`. */
interface Told {
  readonly id: string;
  readonly name: string;
  readonly runtime: string;
  readonly kind: string;
  readonly state: string;
  readonly startedAtUnixMs?: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, number>>;
  readonly exit?: { readonly exitCode?: number; readonly ranForMs?: number };
}

const CGROUP = `/weft-test/containerd-${process.pid}`;
const UID = 'a1b2c3d4-e5f6-7890-abcd-ef1234567890';
const POD = `${CGROUP}/kubepods/burstable/pod${UID}`;
const idOf = (digit: string): string => digit.repeat(64);
const cri = (name: string): string => `io.kubernetes.cri.${name}`;

let stack: AsyncDisposableStack;
let statsd: StatsdProcess;
let rootfs: string;
/** The real client of containerd, in the mounts of its daemon. */
let ctr: (...words: string[]) => string;

beforeAll(async () => {
  stack = new AsyncDisposableStack();
  const folder = stack.adopt(mkdtempSync(join(tmpdir(), 'weft-test-containerd-')), (path) => {
    rmSync(path, { recursive: true, force: true });
  });
  stack.adopt(CGROUP, removeCgroup);
  rootfs = join(folder, 'rootfs');
  for (const part of ['bin', 'proc', 'dev', 'sys', 'run']) mkdirSync(join(rootfs, part), { recursive: true });
  copyFileSync('/bin/busybox', join(rootfs, 'bin/busybox'));
  for (const applet of ['sh', 'sleep']) symlinkSync('busybox', join(rootfs, 'bin', applet));
  const address = join(folder, 'socket');
  // It and its shims write there whatever they are told.
  const apart = ['unshare', '--mount', 'sh', '-c', 'for at in /opt /run; do mount -t tmpfs none $at; done; exec "$@"'];
  const paths = ['--root', join(folder, 'root'), '--address', address];
  const daemon = stack.use(await startProcess([...apart, 'sh', 'containerd', ...paths]));
  const inside = ['nsenter', `--target=${daemon.pid}`, '--mount', '--wdns=/'];
  ctr = (...words) => run(...inside, 'ctr', '--address', address, '--namespace', 'k8s.io', ...words).trim();
  await until(() => ctr('version') !== '', { what: 'containerd answers', timeoutMs: 20_000 });
  stack.defer(() => {
    for (const id of ctr('task', 'ls', '--quiet').split('\n').filter(Boolean)) ctr('task', 'rm', '--force', id);
  });
  statsd = stack.use(
    await startStatsd(['--cgroup-root', CGROUP, '--runtime-socket', 'off', '--interval', '200ms'], inside),
  );
}, 60_000);

afterAll(async () => {
  await stack.disposeAsync();
});

function start(place: { readonly id: string; readonly cgroup: string }, command: string, flags: string[] = []): void {
  const what = ['run', '--detach', '--rootfs', '--cgroup', place.cgroup, ...flags, rootfs, place.id];
  ctr(...what, '/bin/sh', '-c', command);
}

async function told(id: string, wanted: (container: Told) => boolean): Promise<Told> {
  return await until(
    async () => {
      const { body } = await httpGet(`http://${statsd.listen}/api/v1/containers?state=all`);
      return (JSON.parse(body) as { containers: Told[] }).containers.find((each) => each.id === id && wanted(each));
    },
    { what: `${id} is told as wanted`, timeoutMs: 20_000 },
  );
}

const annotations = (facts: Readonly<Record<string, string>>): string[] =>
  Object.entries(facts).flatMap(([name, value]) => ['--annotation', `${cri(name)}=${value}`]);

const POD_FACTS = { 'sandbox-namespace': 'shop', 'sandbox-name': 'web-0', 'sandbox-uid': UID };

test('a container of a pod and its sandbox, as the CRI of containerd has them', async () => {
  const [sandbox, app] = [idOf('a'), idOf('b')];
  start({ id: sandbox, cgroup: `${POD}/${sandbox}` }, 'exec sleep 3600', [
    ...annotations({ ...POD_FACTS, 'container-type': 'sandbox' }),
  ]);
  start({ id: app, cgroup: `${POD}/${app}` }, 'sleep 3600 & exec sleep 3600', [
    ...annotations({ ...POD_FACTS, 'container-type': 'container', 'container-name': 'app' }),
  ]);
  const found = await told(app, (each) => each.name === 'app' && each.values['pidsCurrent'] === 2);
  expect(found).toMatchObject({
    runtime: 'containerd',
    kind: 'container',
    tags: { kube_namespace: 'shop', kube_pod: 'web-0', kube_container: 'app', kube_pod_uid: UID },
  });
  expect(found.startedAtUnixMs).toBeGreaterThan(0);
  await told(sandbox, (each) => each.kind === 'sandbox');
  const metrics = (await statsd.metrics()).split('\n').find((line) => line.includes(app));
  expect(metrics).toContain('namespace="shop",pod="web-0",container="app"');
});

test('a plain one by its own id: paused, going on, and its end, of which containerd writes no code', async () => {
  start({ id: 'job-1', cgroup: `${CGROUP}/plain/job-1` }, 'exec sleep 3600', ['--env', 'NOMAD_JOB_NAME=batch']);
  expect(await told('job-1', (each) => each.tags['nomad_job'] !== undefined)).toMatchObject({
    name: 'job-1',
    runtime: 'containerd',
    tags: { nomad_job: 'batch' },
  });
  ctr('task', 'pause', 'job-1');
  await told('job-1', (each) => each.state === 'paused');
  ctr('task', 'resume', 'job-1');
  await told('job-1', (each) => each.state === 'running');
  ctr('task', 'kill', '--signal', 'SIGKILL', 'job-1');
  const end = await told('job-1', (each) => each.state === 'exited');
  expect(end.exit).not.toHaveProperty('exitCode');
  expect(end.exit?.ranForMs).toBeGreaterThan(0);
});
