import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DASHBOARD_QUERIES } from '../support/dashboard-queries.ts';
import { startDockerd, type ContainerEngine } from '../support/docker.ts';
import { makeNamespace, run, type TestNamespace } from '../support/netns.ts';
import { podman } from '../support/podman.ts';
import { startPrometheus } from '../support/prometheus.ts';
import { runcRoom, type RuncRoom } from '../support/runc.ts';
import { startStatsd, type StatsdProcess } from '../support/statsd.ts';
import { until } from '../support/until.ts';

let stack: AsyncDisposableStack;
let engine: ContainerEngine;
let room: RuncRoom;
let statsd: StatsdProcess;
let socket: string;
/** Arguments of an agent that follows docker, podman and runc of this test, and nothing else. */
let flags: string[];

/** The real docker CLI at weft's socket. */
const docker = (...words: string[]): string =>
  execFileSync('docker', words, { encoding: 'utf8', env: { ...process.env, DOCKER_HOST: `unix://${socket}` } });

const NAMES = ['job', 'net', 'pod', 'web'];
/** Of "net", which is on docker's bridge. */
let address: string;
let host: TestNamespace;

beforeAll(async () => {
  stack = new AsyncDisposableStack();
  const folder = stack.adopt(mkdtempSync(join(tmpdir(), 'weft-test-outputs-')), (path) => {
    rmSync(path, { recursive: true, force: true });
  });
  socket = join(folder, 'docker.sock');
  const namespace = stack.use(await makeNamespace());
  host = namespace;
  engine = stack.use(
    await startDockerd(namespace.name, ['--bip=10.99.7.1/24', '--iptables=false', '--ip6tables=false']),
  );
  const conflist = { cniVersion: '0.4.0', name: 'weft-lo', plugins: [{ type: 'loopback' }] };
  const pods = stack.use(await podman(namespace.name, { conflist, plugins: '/usr/lib/cni' }));
  room = stack.use(runcRoom('outputs'));
  const busy = 'while :; do i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; sleep 0.2; done';
  const limits = ['--memory=64m', '--cpus=0.5', '--pids-limit=50', '--label=com.docker.compose.project=shop'];
  engine.start(['/bin/sh', '-c', busy], ['--name=web', '--network=none', ...limits]);
  const attached = ['--volume=shared:/data', '--publish=8123:80', '--expose=90/udp'];
  ({ address } = engine.start(['/bin/sh', '-c', 'exec sleep 3600'], ['--name=net', ...attached]));
  const podFlags = ['--detach', '--network=none', `--cgroup-parent=${pods.cgroup}`, '--name=pod'];
  const pod = pods.client('run', ...podFlags, 'weft-busybox', '/bin/sh', '-c', 'exec sleep 3600');
  stack.defer(() => {
    pods.client('rm', '--force', '--time', '0', pod);
  });
  room.run('r1', { annotations: { 'org.weft.container.name': 'job' } });
  flags = [
    ...['--include', `cgroup=${engine.cgroup}/*`, '--include', `cgroup=${pods.cgroup}/*`],
    ...['--include', `cgroup=${room.cgroupRoot}/*`, '--cgroup-root', '/weft-test', '--runc-root', room.root],
    ...['--runtime-socket', 'off', '--docker-root', join(engine.folder, 'data')],
    ...['--containers-storage', `${pods.folder}/root`, '--containers-run', `${pods.folder}/runroot`],
  ];
  statsd = stack.use(
    await startStatsd([...flags, '--docker-socket', socket, '--metrics-profile', 'cadvisor', '--process-metrics']),
  );
  await until(() => NAMES.every((name) => docker('ps', '--format', '{{.Names}}').split('\n').includes(name)), {
    what: 'docker ps names the containers of all three runtimes',
    timeoutMs: 30_000,
  });
}, 120_000);

afterAll(async () => {
  await stack.disposeAsync();
}, 60_000);

describe('the real docker CLI', () => {
  test('docker ps: all runtimes, with filters, and what ended', async () => {
    expect(docker('ps', '--format', '{{.Names}} {{.State}}').trim().split('\n').toSorted()).toEqual(
      NAMES.map((name) => `${name} running`),
    );
    expect(docker('ps', '--filter', 'label=com.docker.compose.project=shop', '--format', '{{.Names}}').trim()).toBe(
      'web',
    );
    room.run('r2', { command: 'exit 0', annotations: { 'org.weft.container.name': 'done' } });
    await until(() => docker('ps', '--all', '--format', '{{.Names}} {{.State}}').includes('done exited'), {
      what: 'the ended one is with --all',
    });
    expect(docker('ps', '--format', '{{.Names}}')).not.toContain('done');
    expect(docker('inspect', '--format', '{{.HostConfig.Memory}} {{.State.Running}}', 'web').trim()).toBe(
      `${64 << 20} true`,
    );
  });

  test.each([
    ...['volume=shared', 'volume=/data', 'volume=nope', 'publish=8123', 'publish=80', 'publish=8000-9000/tcp'],
    ...['expose=80', 'expose=90/udp', 'expose=90', 'network=bridge', 'network=none', 'since=web', 'before=net'],
    ...['status=running', 'status=nonsense', 'since=nope', 'publish=x', 'bogus=x', 'ancestor=weft-busybox'],
  ])('docker ps --filter %s: of docker’s containers those that dockerd lists', async (filter) => {
    const answerOf = (client: (...words: string[]) => string): string[] | 'refused' => {
      try {
        const lines = client('ps', '--filter', filter, '--format', '{{.Names}} {{.Ports}}').trim().split('\n');
        return lines.filter((line) => /^(?:net|web)\b/.test(line));
      } catch {
        return 'refused';
      }
    };
    const wanted = answerOf((...words) => engine.client(...words));
    let found: ReturnType<typeof answerOf> = [];
    await until(
      () => {
        found = answerOf(docker);
        return JSON.stringify(found) === JSON.stringify(wanted);
      },
      { what: filter, timeoutMs: 10_000 },
    ).catch(() => undefined);
    expect(found).toEqual(wanted);
  });

  test('docker stats: once, by name, as JSON, with --all', () => {
    const startMs = performance.now();
    const once = docker('stats', '--no-stream');
    const elapsedMs = performance.now() - startMs;
    process.stdout.write(`docker stats --no-stream: ${(elapsedMs / 1000).toFixed(2)} s\n`);
    for (const name of NAMES) expect(once).toMatch(new RegExp(`^[0-9a-f]{12} +${name} +[\\d.]+% +[\\d.]+\\w+ /`, 'm'));
    const [row] = docker('stats', '--no-stream', '--format', 'json', 'web').trim().split('\n');
    expect(JSON.parse(row!)).toMatchObject({ Name: 'web', MemUsage: expect.stringMatching(/ \/ 64MiB$/) as string });
    expect(docker('stats', '--no-stream', '--all', '--format', '{{.Name}}').trim().split('\n').toSorted()).toEqual(
      [...NAMES, 'done'].toSorted(),
    );
  });

  test('docker stats: the traffic of a container on a bridge, byte for byte as dockerd shows it', async () => {
    const shownBy = (client: (...words: string[]) => string): string =>
      client('stats', '--no-stream', '--format', '{{.NetIO}}', 'net').trim();
    host.run('ping', '-q', '-c', '20', '-i', '0.01', '-s', '1000', address);
    let shown = ['', ''];
    // Neighbour discovery may add a packet between the two.
    await until(
      () => {
        shown = [shownBy(docker), shownBy((...words) => engine.client(...words))];
        return shown[0] === shown[1];
      },
      { what: 'both show the same', timeoutMs: 30_000 },
    ).catch(() => undefined);
    expect(shown[0]).toBe(shown[1]);
    // Twenty requests of 1042 bytes, and the answers.
    const [received = 0, sent = 0] = shown[0]!.split(' / ').map((text) => Number.parseFloat(text));
    expect(shown[0]).toMatch(/kB \/ .*kB$/);
    expect(received).toBeGreaterThanOrEqual(20.8);
    expect(sent).toBeGreaterThanOrEqual(20.8);
    expect(docker('stats', '--no-stream', '--format', '{{.NetIO}}', 'web').trim()).toBe('0B / 0B');
  }, 60_000);

  test('docker events: pause, health, the end with its exit code', async () => {
    const child = spawn(
      'docker',
      ['events', '--format', '{{.Actor.Attributes.name}} {{.Action}} {{json .Actor.Attributes.exitCode}}'],
      {
        stdio: ['ignore', 'pipe', 'ignore'],
        env: { ...process.env, DOCKER_HOST: `unix://${socket}` },
      },
    );
    using _ended = { [Symbol.dispose]: () => child.kill('SIGKILL') };
    let shown = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (shown += chunk));
    const told = (line: string): Promise<true> =>
      until(() => shown.includes(`eventful ${line}`), { what: line, timeoutMs: 20_000 });
    const health = ['--health-cmd=true', '--health-interval=1s'];
    const { id } = engine.start(
      ['/bin/sh', '-c', 'trap "exit 7" TERM; sleep 3600 & wait'],
      [...['--name=eventful', '--network=none'], ...health],
    );
    await told('start null');
    await told('health_status: healthy null');
    engine.client('pause', id);
    await told('pause null');
    engine.client('unpause', id);
    await told('unpause null');
    engine.client('stop', '--time', '10', id);
    await told('die "7"');
    engine.remove(id);
  }, 60_000);

  test('docker stats: a stream that gains what starts and loses what ends', async () => {
    const child = spawn('docker', ['stats', '--format', '{{.Name}}={{.PIDs}}'], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, DOCKER_HOST: `unix://${socket}` },
    });
    using _ended = { [Symbol.dispose]: () => child.kill('SIGKILL') };
    let shown = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (shown = `${shown}${chunk}`.slice(-2000)));
    // The shell of "web" has a child now and then.
    const isShown = (name: string): boolean => new RegExp(`${name}=[1-9]`).test(shown);
    await until(() => NAMES.every(isShown), { what: 'all rows', timeoutMs: 15_000 });
    room.run('r3', { annotations: { 'org.weft.container.name': 'late' } });
    await until(() => shown.includes('late=1'), { what: 'the new row' });
    room.remove('r3');
    await until(() => !shown.slice(-200).includes('late'), { what: 'its row is gone' });
  }, 60_000);
});

test('an agent without capabilities, that can gain none, serves the same containers', async () => {
  const path = `${socket}2`;
  const bare = ['setpriv', '--no-new-privs', '--bounding-set=-all', '--inh-caps=-all', '--ambient-caps=-all'];
  await using _sandboxed = await startStatsd([...flags, '--docker-socket', path], bare);
  const names = (): string => run('docker', '--host', `unix://${path}`, 'ps', '--format', '{{.Names}}');
  await until(() => NAMES.every((name) => names().split('\n').includes(name)), {
    what: 'all names',
    timeoutMs: 30_000,
  });
});

/** Names whose spelling or unit is node_exporter's; promtool has opinions on these only. */
const SPELLED_BY_OTHERS = /^node_(?:entropy|memory|netstat|sockstat|vmstat)_\S+ /;

describe('a real Prometheus', () => {
  test('promtool finds no fault but the spelling of node_exporter’s names', async () => {
    const text = await statsd.metrics();
    let said = '';
    try {
      execFileSync('promtool', ['check', 'metrics'], {
        input: text,
        encoding: 'utf8',
        stdio: ['pipe', 'pipe', 'pipe'],
      });
    } catch (error) {
      said = String((error as { stderr?: string }).stderr) + String((error as { stdout?: string }).stdout);
    }
    const faults = said.split('\n').filter((line) => line !== '' && !SPELLED_BY_OTHERS.test(line));
    expect(faults).toEqual([]);
  });

  test('scrapes a minute of births and deaths without a fault, loses what ended at once, has data for five dashboards', async () => {
    await using prometheus = await startPrometheus(statsd.listen);
    room.run('r4', { annotations: { 'org.weft.container.name': 'brief' } });
    const brief = 'container_last_seen{name="brief"}';
    await until(async () => (await prometheus.query(brief)).length === 1, {
      what: 'a new container',
      timeoutMs: 20_000,
    });
    const all = Object.entries(DASHBOARD_QUERIES).flatMap(([board, queries]) =>
      queries.map((query) => ({ board, query })),
    );
    let missing: unknown[] = all;
    await until(
      async () => {
        const asked = await Promise.all(
          all.map(async (each) => ({ ...each, count: (await prometheus.query(each.query)).length })),
        );
        missing = asked.filter(({ count }) => count === 0);
        return missing.length === 0;
      },
      { what: 'every query has data', timeoutMs: 20_000 },
    ).catch(() => undefined);
    expect(missing).toEqual([]);
    room.remove('r4');
    await until(async () => (await prometheus.query(brief)).length === 0, { what: 'its series are gone' });
    const scrapes = async (): Promise<number> => (await prometheus.query('sum_over_time(up[5m])'))[0]?.value ?? 0;
    for (let lives = 0; (await scrapes()) < 60; lives += 1) {
      const name = `mayfly-${lives}`;
      const is = `container_last_seen{name="${name}"}`;
      room.run(name);
      await until(async () => (await prometheus.query(is)).length === 1, {
        what: `${name} is there`,
        timeoutMs: 15_000,
      });
      room.remove(name);
      await until(async () => (await prometheus.query(is)).length === 0, {
        what: `${name} is gone`,
        timeoutMs: 15_000,
      });
    }
    expect((await prometheus.query('min_over_time(up[5m])'))[0]?.value).toBe(1);
    // Not stale alone: no scrape has it any more.
    expect(await statsd.metrics()).not.toContain('mayfly');
    expect(await prometheus.target()).toEqual({ health: 'up', lastError: '' });
    for (const fault of ['duplicate_timestamp', 'out_of_bounds', 'out_of_order'])
      expect(await prometheus.own(`prometheus_target_scrapes_sample_${fault}_total`)).toBe(0);
    expect(prometheus.process.stderr()).not.toMatch(/duplicate|out.of.order|level=error|append failed/i);
  }, 240_000);
});
