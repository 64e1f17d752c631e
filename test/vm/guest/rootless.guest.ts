import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

const LISTEN = '127.0.0.1:9101';
const UID = 7311;
const FOLDER = '/tmp/rootless';
const SERVICE = `/user.slice/user-${UID}.slice/user@${UID}.service`;

/** Of `/api/v1/containers`. */
interface Told {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly image?: string;
  readonly cgroupPath: string;
  readonly startedAtUnixMs?: number;
  readonly memoryLimitBytes?: number;
  readonly values: Readonly<Record<string, number>>;
  readonly exit?: { readonly exitCode?: number; readonly ranForMs?: number };
}

let agent: ChildProcess;

const run = (file: string, ...words: string[]): string => execFileSync(file, words, { encoding: 'utf8' }).trim();

/** podman as the user, in a cgroup of the user's session: it may move processes only within what is the user's. */
function podman(...words: string[]): string {
  const enter = `echo $$ > /sys/fs/cgroup${SERVICE}/session/cgroup.procs && exec "$@"`;
  const user = ['setpriv', `--reuid=${UID}`, `--regid=${UID}`, '--clear-groups', '--'];
  const environment = ['env', '--chdir=/', `HOME=${FOLDER}/home`, `XDG_RUNTIME_DIR=/run/user/${UID}`];
  const options = ['--cgroup-manager=cgroupfs', '--storage-driver=vfs', '--events-backend=none'];
  return run('sh', '-c', enter, 'sh', ...user, ...environment, 'podman', ...options, ...words);
}

function start(name: string, command: string): string {
  const where = ['--network=none', `--cgroup-parent=${SERVICE}/work`, '--memory=32m', `--name=${name}`];
  return podman('run', '--detach', ...where, 'busybox', '/bin/sh', '-c', command);
}

async function told(id: string, wanted: (container: Told) => boolean): Promise<Told> {
  for (let tries = 0; tries < 200; tries += 1) {
    const response = await fetch(`http://${LISTEN}/api/v1/containers?state=all`);
    const { containers } = (await response.json()) as { containers: Told[] };
    const found = containers.find((each) => each.id === id && wanted(each));
    if (found !== undefined) return found;
    await sleep(100);
  }
  throw new assert.AssertionError({ message: `not within 20 s: ${id} is told as wanted` });
}

function startAgent(): void {
  const flags = ['--listen', LISTEN, '--state-dir', '/tmp/weft', '--cpu-budget', 'off', '--interval', '200ms'];
  agent = spawn('cli/weft', ['statsd', ...flags], { stdio: ['ignore', 'inherit', 'ignore'] });
}

async function stopAgent(): Promise<void> {
  const ended = new Promise((resolve) => agent.once('exit', resolve));
  agent.kill('SIGTERM');
  await ended;
}

async function untilReady(): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    const isReady = await fetch(`http://${LISTEN}/readyz`).then(
      (response) => response.ok,
      () => false,
    );
    if (isReady) return;
    await sleep(100);
  }
  throw new assert.AssertionError({ message: 'the agent is not ready within a minute' });
}

before(async () => {
  // A user of this machine's own, and the cgroup that systemd would delegate.
  mkdirSync(`${FOLDER}/home`, { recursive: true });
  mkdirSync(`${FOLDER}/root/bin`, { recursive: true });
  copyFileSync('/bin/busybox', `${FOLDER}/root/bin/busybox`);
  for (const applet of ['sh', 'sleep']) symlinkSync('busybox', `${FOLDER}/root/bin/${applet}`);
  run('tar', '--create', '--directory', `${FOLDER}/root`, '--file', `${FOLDER}/busybox.tar`, '.');
  writeFileSync(`${FOLDER}/passwd`, `root:x:0:0:root:/root:/bin/sh\nana:x:${UID}:${UID}::${FOLDER}/home:/bin/sh\n`);
  writeFileSync(`${FOLDER}/subids`, 'ana:400000:65536\n');
  run('mount', '--bind', `${FOLDER}/passwd`, '/etc/passwd');
  for (const file of ['subuid', 'subgid']) run('mount', '--bind', `${FOLDER}/subids`, `/etc/${file}`);
  run('mount', '--make-rshared', '/');
  mkdirSync(`/run/user/${UID}`, { recursive: true });
  for (const path of [`/run/user/${UID}`, `${FOLDER}/home`]) chownSync(path, UID, UID);
  chmodSync(FOLDER, 0o755);
  const cgroup = '/sys/fs/cgroup';
  mkdirSync(`${cgroup}${SERVICE}/session`, { recursive: true });
  const parts = SERVICE.split('/').slice(1);
  for (let depth = 1; depth <= parts.length; depth += 1)
    writeFileSync(`${cgroup}/${parts.slice(0, depth).join('/')}/cgroup.subtree_control`, '+cpu +memory +io +pids');
  run('chown', '-R', `${UID}:${UID}`, `${cgroup}${SERVICE}`);
  podman('import', '--quiet', `${FOLDER}/busybox.tar`, 'busybox');
  startAgent();
  await untilReady();
});

after(stopAgent);

void describe('rootless podman with crun on pure cgroup v2', () => {
  void test('is told with its name, image and limit, in the numbers of podman itself', async () => {
    const id = start('web', 'sleep 3600 & exec sleep 3600');
    const found = await told(id, (each) => each.name === 'web' && each.values['pidsCurrent'] === 2);
    assert.equal(found.image, 'localhost/busybox:latest');
    assert.equal(found.cgroupPath, `${SERVICE}/work/libpod-${id}`);
    assert.equal(found.memoryLimitBytes, 32 << 20);
    const [stats] = JSON.parse(podman('stats', '--no-stream', '--no-reset', '--format', 'json', id)) as {
      cpu_time: string;
      pids: string;
    }[];
    assert.equal(stats?.pids, '2');
    // As Go writes a duration: 195.558ms, 1.195558s.
    const [, number, unit] = /^([\d.]+)(ms|s)$/.exec(stats.cpu_time) ?? [];
    const seconds = unit === 'ms' ? Number(number) / 1000 : Number(number);
    await told(id, ({ values }) => Math.abs((values['cpuUsageSeconds'] ?? 0) - seconds) < 1e-6);
    podman('pause', id);
    await told(id, (each) => each.state === 'paused');
    podman('unpause', id);
    await told(id, (each) => each.state === 'running');
    podman('kill', '--signal=KILL', id);
    const end = await told(id, (each) => each.exit?.exitCode !== undefined);
    assert.equal(end.exit?.exitCode, 137);
  });

  void test('one that ran before the agent has its start, and its exit code', async () => {
    await stopAgent();
    const beforeMs = Date.now();
    const id = start('old', 'trap "exit 7" TERM; sleep 3600 & wait');
    const afterMs = Date.now();
    startAgent();
    await untilReady();
    const { startedAtUnixMs = 0 } = await told(id, (each) => each.startedAtUnixMs !== undefined);
    assert.ok(startedAtUnixMs >= beforeMs && startedAtUnixMs <= afterMs, `started at ${startedAtUnixMs}`);
    podman('kill', '--signal=TERM', id);
    const end = await told(id, (each) => each.exit?.exitCode !== undefined);
    assert.equal(end.exit?.exitCode, 7);
    assert.ok((end.exit.ranForMs ?? 0) > 0);
  });
});
