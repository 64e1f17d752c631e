import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDockerd, type DockerEngine, type RunningContainer } from '../support/docker.ts';
import { makeNamespace, run } from '../support/netns.ts';
import { podman } from '../support/podman.ts';
import { startProcess, WEFT } from '../support/processes.ts';
import { runcRoom, type RuncRoom } from '../support/runc.ts';
import { getJson } from '../support/unix-http.ts';
import { until } from '../support/until.ts';

interface Device {
  readonly major: number;
  readonly minor: number;
  readonly op: string;
  readonly value: number;
}

/** What both daemons say of a container, of docker's own schema. */
interface Stats {
  readonly read: string;
  readonly cpu_stats: {
    readonly cpu_usage: { readonly total_usage: number; readonly percpu_usage?: readonly number[] };
    readonly throttling_data: { readonly periods: number; readonly throttled_periods: number };
  };
  readonly memory_stats: {
    readonly usage: number;
    readonly max_usage?: number;
    readonly limit: number;
    readonly stats: Readonly<Record<string, number>>;
  };
  readonly pids_stats: { readonly current: number; readonly limit?: number };
  readonly blkio_stats: { readonly io_service_bytes_recursive: readonly Device[] | null };
  readonly networks?: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** One line of the table that this test writes. */
interface Compared {
  readonly container: string;
  readonly number: string;
  readonly ours: number;
  readonly theirs: number;
}

const compared: Compared[] = [];
const MEBIBYTE = 1 << 20;

let stack: AsyncDisposableStack;
let engine: DockerEngine;
let room: RuncRoom;
let ours: string;
let pods: Awaited<ReturnType<typeof podman>>;
let disk: string;
const containers: Record<string, RunningContainer> = {};

/** A disk of the test's own, mounted; gives its folder. The agent is shown no other disk to count on. */
function makeDisk(folder: string, sysfs: string): string {
  const image = join(folder, 'disk');
  writeFileSync(image, '');
  run('truncate', '--size', '64M', image);
  run('mkfs.ext4', '-q', image);
  const device = run('losetup', '--find', '--show', image).trim();
  stack.defer(() => {
    run('losetup', '--detach', device);
  });
  const mounted = join(folder, 'mounted');
  mkdirSync(mounted);
  run('mount', device, mounted);
  stack.defer(() => {
    run('umount', mounted);
  });
  mkdirSync(join(sysfs, 'block'), { recursive: true });
  symlinkSync(`/sys/block/${basename(device)}`, join(sysfs, 'block', basename(device)));
  return mounted;
}

const idle = 'exec sleep 3600';
const busy = 'while :; do :; done';

beforeAll(async () => {
  stack = new AsyncDisposableStack();
  const folder = stack.adopt(mkdtempSync(join(tmpdir(), 'weft-test-accuracy-')), (path) => {
    rmSync(path, { recursive: true, force: true });
  });
  const sysfs = join(folder, 'sys');
  disk = makeDisk(folder, sysfs);
  const namespace = stack.use(await makeNamespace('acc'));
  engine = stack.use(
    await startDockerd(namespace.name, ['--iptables=false', '--ip6tables=false', '--bip=10.88.7.1/24']),
  );
  const conflist = { cniVersion: '0.4.0', name: 'weft-lo', plugins: [{ type: 'loopback' }] };
  pods = stack.use(await podman(namespace.name, { conflist, plugins: '/usr/lib/cni' }));
  room = stack.use(runcRoom('accuracy'));
  ours = join(folder, 'weft.sock');
  const agent = stack.use(
    await startProcess(
      [
        ...[WEFT, 'statsd', '--listen', 'off', '--docker-socket', ours, '--state-dir', join(folder, 'state')],
        ...[
          '--cgroup-root',
          '/weft-test',
          '--include',
          `cgroup=${engine.cgroup}/*`,
          '--include',
          `cgroup=${pods.cgroup}/*`,
        ],
        ...['--include', `cgroup=${room.cgroupRoot}/*`, '--runc-root', room.root, '--runtime-socket', 'off'],
        ...['--docker-root', join(engine.folder, 'data'), '--sysfs', sysfs, '--enable-v1-io-accounting'],
        ...['--containers-storage', `${pods.folder}/root`, '--containers-run', `${pods.folder}/runroot`],
      ],
      { namespace: namespace.name },
    ),
  );
  const start = (name: string, command: string, flags: readonly string[]): void => {
    containers[name] = engine.start(['/bin/sh', '-c', command], [`--name=${name}`, ...flags]);
  };
  start('limited', busy, ['--cpus=0.3', '--memory=64m', '--pids-limit=50']);
  start('traffic', idle, []);
  start('shared', idle, ['--network=container:traffic']);
  start('host', idle, ['--network=host']);
  start('disk', idle, ['--network=none', '--volume', `${disk}:/data`]);
  const pod = pods.client(
    'run',
    '--detach',
    '--network=none',
    `--cgroup-parent=${pods.cgroup}`,
    '--name=pod',
    '--memory=48m',
    'weft-busybox',
    '/bin/sh',
    '-c',
    idle,
  );
  stack.defer(() => {
    pods.client('rm', '--force', '--time', '0', pod);
  });
  room.run('job', {
    command: busy,
    annotations: { 'org.weft.container.name': 'job' },
    resources: { memory: { limit: 32 * MEBIBYTE }, cpu: { quota: 20_000, period: 100_000 } },
  });
  const wanted = ['disk', 'host', 'job', 'limited', 'pod', 'shared', 'traffic'];
  await until(async () => agent.exit() !== undefined || (await namesOf()).toSorted().join() === wanted.join(), {
    what: 'everything is seen under its name',
    timeoutMs: 30_000,
  });
  expect(agent.exit(), agent.stderr()).toBeUndefined();
}, 120_000);

afterAll(async () => {
  const rows = compared.map(
    ({ container, number, ours: our, theirs }) => `| ${container} | ${number} | ${our} | ${theirs} |`,
  );
  process.stdout.write(`| container | number | weft | its runtime |\n|---|---|---|---|\n${rows.join('\n')}\n`);
  await stack.disposeAsync();
}, 60_000);

async function namesOf(): Promise<string[]> {
  try {
    const list = (await getJson(ours, '/containers/json')) as { Names: string[] }[];
    return list.map(({ Names }) => Names[0]!.slice(1));
  } catch {
    return []; // not listening yet
  }
}

const ask = async (socket: string, name: string): Promise<Stats> =>
  (await getJson(socket, `/v1.41/containers/${name}/stats?stream=false&one-shot=true`)) as Stats;

/** Notes a pair, and holds it to a tolerance that is a part of the larger one. */
function compare(pair: Compared, tolerance = 0): void {
  compared.push(pair);
  const { ours: our, theirs } = pair;
  expect(Math.abs(our - theirs), JSON.stringify(pair)).toBeLessThanOrEqual(tolerance * Math.max(our, theirs));
}

/** Both until they agree: a reading of ours is up to five seconds old where a slow file is its source. */
async function agree(
  name: string,
  number: string,
  facts: { readonly of: (stats: Stats) => number; readonly theirs?: () => number; readonly tolerance?: number },
): Promise<void> {
  const { of, theirs, tolerance = 0 } = facts;
  const pair = await until(
    async () => {
      const pair = {
        container: name,
        number,
        ours: of(await ask(ours, name)),
        theirs: theirs === undefined ? of(await ask(engine.socket, name)) : theirs(),
      };
      const far = Math.abs(pair.ours - pair.theirs) > tolerance * Math.max(pair.ours, pair.theirs);
      return far ? undefined : pair;
    },
    { what: `${name}: ${number} agree`, timeoutMs: 15_000 },
  );
  compare(pair, tolerance);
}

const written = (stats: Stats): number =>
  (stats.blkio_stats.io_service_bytes_recursive ?? [])
    .filter(({ op }) => op.toLowerCase() === 'write')
    .reduce((sum, { value }) => sum + value, 0);
const read = (stats: Stats): number =>
  (stats.blkio_stats.io_service_bytes_recursive ?? [])
    .filter(({ op }) => op.toLowerCase() === 'read')
    .reduce((sum, { value }) => sum + value, 0);

/** Shares of one core over some seconds, by two readings of each daemon next to each other. */
async function cpuShares(name: string): Promise<{ readonly ours: number; readonly theirs: number }> {
  const both = async (): Promise<[Stats, Stats]> => [await ask(ours, name), await ask(engine.socket, name)];
  const first = await both();
  const last = await until(
    async () => {
      const now = await both();
      return Date.parse(now[0].read) - Date.parse(first[0].read) >= 5000 ? now : undefined;
    },
    { what: 'five seconds of readings', timeoutMs: 20_000, everyMs: 500 },
  );
  const share = (which: 0 | 1): number => {
    const nanos = last[which].cpu_stats.cpu_usage.total_usage - first[which].cpu_stats.cpu_usage.total_usage;
    return nanos / 1e4 / (Date.parse(last[which].read) - Date.parse(first[which].read));
  };
  return { ours: share(0), theirs: share(1) };
}

test('CPU: shares within two points, throttling and every CPU', async () => {
  // dockerd stamps its reading after it was made: on a busy machine that may be late, and then another window is taken.
  const shares = await until(
    async () => {
      const window = await cpuShares('limited');
      return Math.abs(window.ours - window.theirs) <= 2 ? window : undefined;
    },
    { what: 'both tell the same share', timeoutMs: 40_000 },
  );
  compared.push({ container: 'limited', number: 'CPU, % of a core', ...shares });
  expect(shares.ours).toBeGreaterThan(5);
  const stats = await ask(ours, 'limited');
  expect(stats.cpu_stats.throttling_data.throttled_periods).toBeGreaterThan(0);
  expect(stats.cpu_stats.cpu_usage.percpu_usage).toHaveLength(
    (await ask(engine.socket, 'limited')).cpu_stats.cpu_usage.percpu_usage!.length,
  );
  await agree('limited', 'periods', { of: (each) => each.cpu_stats.throttling_data.periods, tolerance: 0.2 });
  await agree('host', 'CPU, ns', { of: (each) => each.cpu_stats.cpu_usage.total_usage });
});

test('memory, limits and threads, within 1 %', async () => {
  for (const name of ['limited', 'traffic', 'disk']) {
    await agree(name, 'memory usage', { of: (each) => each.memory_stats.usage, tolerance: 0.01 });
    await agree(name, 'memory limit', { of: (each) => each.memory_stats.limit });
    await agree(name, 'threads', { of: (each) => each.pids_stats.current });
    await agree(name, 'anonymous memory', {
      of: (each) => each.memory_stats.stats['total_rss'] ?? -1,
      tolerance: 0.01,
    });
  }
  await agree('limited', 'limit on threads', { of: (each) => each.pids_stats.limit ?? -1 });
});

test('network bytes, exactly, also in a shared namespace; none for the host', async () => {
  const traffic = containers['traffic']!;
  run('nsenter', `--net=/proc/${traffic.pid}/ns/net`, 'ping', '-q', '-c', '20', '-i', '0.02', '-s', '700', '10.88.7.1');
  for (const name of ['traffic', 'shared'])
    for (const key of ['rx_bytes', 'tx_bytes', 'rx_packets', 'tx_packets', 'rx_dropped'])
      await agree(name, key, {
        of: (each) => each.networks?.['eth0']?.[key] ?? -1,
        // dockerd tells a shared namespace only of the container that made it.
        theirs: () => countedInside(traffic.pid, COLUMN[key]!),
      });
  await agree('traffic', 'rx_bytes (dockerd)', { of: (each) => each.networks?.['eth0']?.['rx_bytes'] ?? -1 });
  expect((await ask(ours, 'host')).networks).toBeUndefined();
  expect((await ask(engine.socket, 'host')).networks).toBeUndefined();
  const filters = encodeURIComponent('{"network":["host"]}');
  for (const socket of [ours, engine.socket]) {
    const found = (await getJson(socket, `/v1.41/containers/json?filters=${filters}`)) as { Names: string[] }[];
    expect(found.flatMap(({ Names }) => Names)).toEqual(['/host']);
  }
});
/** A column of eth0 in a process's own /proc/net/dev. */
function countedInside(pid: number, column: number): number {
  const fields = /eth0: *(.*)/
    .exec(readFileSync(`/proc/${pid}/net/dev`, 'utf8'))![1]!
    .trim()
    .split(/ +/);
  return Number(fields[column]);
}

const COLUMN: Readonly<Record<string, number>> = {
  rx_bytes: 0,
  rx_packets: 1,
  rx_dropped: 3,
  tx_bytes: 8,
  tx_packets: 9,
};

test('block IO, exactly, direct and buffered', async () => {
  const inside = (command: string): string => engine.client('exec', 'disk', '/bin/sh', '-c', command);
  inside('cat /bin/busybox > /data/buffered');
  // Past the page cache, and all of it back.
  inside(
    'dd if=/dev/zero of=/data/direct bs=1M count=8 oflag=direct && dd if=/data/direct of=/dev/null bs=1M iflag=direct',
  );
  run('sync');
  await agree('disk', 'bytes written', { of: written });
  await agree('disk', 'bytes read', { of: read });
  expect(read(await ask(ours, 'disk'))).toBeGreaterThanOrEqual(8 * MEBIBYTE);
  expect(written(await ask(ours, 'disk'))).toBeGreaterThanOrEqual(8 * MEBIBYTE);
});

test("podman's and runc's own numbers", async () => {
  interface PodmanStats {
    readonly mem_usage: string;
    readonly pids: string;
  }
  const shown = JSON.parse(
    pods.client('stats', '--no-stream', '--no-reset', '--format', 'json', 'pod'),
  ) as PodmanStats[];
  await agree('pod', 'threads (podman)', {
    of: (each) => each.pids_stats.current,
    theirs: () => Number(shown[0]!.pids),
  });
  await agree('pod', 'memory limit (podman)', { of: (each) => each.memory_stats.limit, theirs: () => 48 * MEBIBYTE });
  const events = (): {
    cpu: { usage: { total: number } };
    memory: { usage: { usage: number; limit: number } };
    pids: { current: number };
  } =>
    (JSON.parse(run('runc', '--root', room.root, 'events', '--stats', 'job')) as { data: ReturnType<typeof events> })
      .data;
  await agree('job', 'memory usage (runc)', {
    of: (each) => each.memory_stats.usage,
    theirs: () => events().memory.usage.usage,
    tolerance: 0.01,
  });
  await agree('job', 'memory limit (runc)', {
    of: (each) => each.memory_stats.limit,
    theirs: () => events().memory.usage.limit,
  });
  await agree('job', 'threads (runc)', { of: (each) => each.pids_stats.current, theirs: () => events().pids.current });
  // Up to a second of a fifth of a core lies between the two.
  await agree('job', 'CPU, ns (runc)', {
    of: (each) => each.cpu_stats.cpu_usage.total_usage,
    theirs: () => events().cpu.usage.total,
    tolerance: 0.1,
  });
});

test('pause, rename, restart and a kill for memory are told', async () => {
  const stateOf = async (name: string): Promise<Record<string, unknown>> =>
    ((await getJson(ours, `/containers/${name}/json`)) as { State: Record<string, unknown> }).State;
  engine.client('pause', 'host');
  await until(async () => (await stateOf('host'))['Status'] === 'paused', { what: 'paused', timeoutMs: 15_000 });
  engine.client('unpause', 'host');
  await until(async () => (await stateOf('host'))['Status'] === 'running', { what: 'running', timeoutMs: 15_000 });
  engine.client('rename', 'host', 'guest');
  await until(async () => (await namesOf()).includes('guest'), { what: 'its new name', timeoutMs: 20_000 });
  engine.client('restart', '--time', '0', 'guest');
  await agree('guest', 'CPU after a restart, ns', { of: (each) => each.cpu_stats.cpu_usage.total_usage });
  const greedy = engine.start(
    ['/bin/sh', '-c', 'x=$(cat /dev/zero | tr "\\\\0" x); echo $x'],
    ['--name=greedy', '--network=none', '--memory=16m', '--memory-swap=16m'],
  );
  await until(async () => (await stateOf(greedy.id))['Status'] === 'exited', { what: 'its end', timeoutMs: 20_000 });
  // Its end is told at once; where its cgroup went before it could be asked, docker's file tells the reason later.
  await until(async () => (await stateOf(greedy.id))['OOMKilled'] === true, { what: 'its reason', timeoutMs: 10_000 });
  // containerd's event may come to docker after the end.
  const byDocker = (): string => engine.client('inspect', '--format', '{{.State.OOMKilled}}', greedy.id);
  await until(() => byDocker() === 'true', { what: 'that docker knows of it', timeoutMs: 10_000 });
  expect(readdirSync(disk)).toContain('direct');
});
