import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { freePort } from '../../../cli/demo/ports.ts';
import type { ContainerInventory } from '../../../statsd/wire.ts';
import { listenForAgents, type Received } from '../../support/dashboard-ear.ts';
import { removeCgroup, runcRoom } from '../../support/runc.ts';
import { startStatsd, type StatsdProcess } from '../../support/statsd.ts';
import { until } from '../../support/until.ts';

const V1 = '/sys/fs/cgroup';
const TREES = ['memory', 'pids', 'cpuacct', 'unified'];
const idOf = (n: number): string => n.toString(16).padStart(64, '0');

/** Cgroups with a process each, made without a runtime; they end with their scope. */
interface Groups extends AsyncDisposable {
  readonly root: string;
  /** Makes a cgroup below the root and puts a process in, alone or as the first one of a process namespace; gives its full path. */
  add(path: string, as?: 'alone' | 'init'): string;
  /** Ends its process. */
  end(path: string): Promise<void>;
}

function groups(name: string): Groups {
  const root = `/weft-test/${name}-${process.pid}`;
  const members = new Map<string, { child: ChildProcess; ended: Promise<unknown> }>();
  const end = async (path: string): Promise<void> => {
    const member = members.get(path);
    member?.child.kill('SIGKILL');
    await member?.ended;
    members.delete(path);
  };
  for (const tree of TREES) mkdirSync(`${V1}/${tree}${root}`, { recursive: true });
  return {
    root,
    end,
    add: (path, as = 'alone') => {
      for (const tree of TREES) mkdirSync(`${V1}/${tree}${root}${path}`, { recursive: true });
      const files = TREES.map((tree) => `${V1}/${tree}${root}${path}/cgroup.procs`);
      // The one that makes the namespace stays outside of it, as a runtime does.
      const enter = `for file in ${files.join(' ')}; do echo $$ > $file; done`;
      const init = ['unshare', '--pid', '--fork', '--kill-child', 'sleep', '600'];
      const [file = '', ...rest] =
        as === 'init' ? ['sh', '-c', `${enter}; exec "$@"`, 'sh', ...init] : ['sleep', '600'];
      const child = spawn(file, rest, { stdio: 'ignore' });
      const ended = new Promise((resolve) => child.once('exit', resolve));
      if (as === 'alone') for (const procs of files) writeFileSync(procs, String(child.pid));
      members.set(path, { child, ended });
      return `${root}${path}`;
    },
    [Symbol.asyncDispose]: async () => {
      for (const path of [...members.keys()]) await end(path);
      await removeCgroup(root);
    },
  };
}

interface Followed extends AsyncDisposable {
  readonly statsd: StatsdProcess;
  readonly ear: Received;
  /** What was last told of the container at a cgroup path. */
  told(path: string): ContainerInventory | undefined;
}

async function follow(flags: readonly string[], wrap: readonly string[] = []): Promise<Followed> {
  await using stack = new AsyncDisposableStack();
  const port = await freePort();
  const ear = stack.use(await listenForAgents(port, 'secret'));
  const link = ['--dashboard', `http://127.0.0.1:${port}`, '--agent-token', 'secret', '--runtime-socket', 'off'];
  const statsd = stack.use(await startStatsd([...link, ...flags], wrap));
  await until(() => ear.inventories.length > 0, { what: 'a first inventory' });
  const owned = stack.move();
  return {
    statsd,
    ear,
    told: (path) => ear.inventories.at(-1)?.containers.find((each) => each.cgroupPath === path),
    [Symbol.asyncDispose]: async () => {
      await owned.disposeAsync();
    },
  };
}

describe('births', () => {
  test.each(['runc', 'crun'] as const)(
    '%s: told with its name and measured long before the next tick',
    async (runtime) => {
      await using room = runcRoom(`birth-${runtime}`);
      // With a tick a minute, only events can tell within the deadline.
      const flags = ['--interval', '60s', '--cgroup-root', room.cgroupRoot, '--runc-root', room.root];
      mkdirSync(`${V1}/memory${room.cgroupRoot}`, { recursive: true });
      await using followed = await follow(flags);
      const path = room.run('web', { runtime, annotations: { 'org.weft.container.name': 'shop' } });
      await until(() => followed.told(path)?.name === 'shop', { what: 'it is told with its name' });
      expect(await followed.statsd.value('container_memory_usage_bytes', path)).toBeGreaterThan(0);
    },
  );

  test('a filter that asks for names shows what it admits, and nothing else, not even for a moment', async () => {
    await using room = runcRoom('filter');
    const flags = ['--cgroup-root', room.cgroupRoot, '--runc-root', room.root, '--interval', '200ms'];
    await using followed = await follow([...flags, '--include', 'name=web-*', '--exclude', 'label=skip']);
    const annotated = (name: string): object => ({ annotations: { 'org.weft.container.name': name } });
    room.run('c1', annotated('db'));
    room.run('c2', { annotations: { 'org.weft.container.name': 'web-2', skip: 'yes' } });
    const path = room.run('c3', annotated('web-1'));
    await until(() => followed.told(path)?.name === 'web-1', { what: 'the one that is wanted' });
    room.remove('c1');
    room.remove('c3');
    await until(() => followed.ear.exits.length > 0, { what: 'its end' });
    const ids = followed.ear.inventories.flatMap(({ containers }) => containers.map(({ id }) => id));
    expect([...new Set(ids)]).toEqual(['c3']);
    expect(followed.ear.exits.map(({ key }) => key)).toEqual(['runc:c3']);
  });

  test('a name that changes is followed; one that a filter leaves out is withdrawn, not ended, and may come back', async () => {
    await using cgroups = groups('renamed');
    const docker = mkdtempSync(join(tmpdir(), 'weft-test-docker-root-'));
    const folder = join(docker, 'containers', idOf(1));
    mkdirSync(folder, { recursive: true });
    /** As docker writes: beside, then renamed. */
    const write = (name: string): void => {
      const config = { Name: `/${name}`, Config: { Image: 'nginx' }, State: { Running: true } };
      writeFileSync(join(folder, '.tmp'), JSON.stringify(config));
      renameSync(join(folder, '.tmp'), join(folder, 'config.v2.json'));
    };
    try {
      write('web');
      const flags = ['--cgroup-root', cgroups.root, '--docker-root', docker, '--exclude', 'name=hidden*'];
      await using followed = await follow([...flags, '--interval', '200ms', '--tag', 'zone=a']);
      const path = cgroups.add(`/docker/${idOf(1)}`);
      await until(() => followed.told(path)?.name === 'web', { what: 'its name' });
      expect(followed.ear.inventories.at(-1)!.host.tags).toEqual({ zone: 'a' });
      write('hidden-web');
      await until(() => followed.told(path) === undefined, { what: 'it is withdrawn', timeoutMs: 20_000 });
      await until(async () => (await followed.statsd.value('container_threads', path)) === undefined, {
        what: 'its series are gone',
      });
      write('shop');
      await until(() => followed.told(path)?.name === 'shop', { what: 'it is back', timeoutMs: 20_000 });
      expect(followed.ear.exits).toEqual([]);
      expect(followed.ear.inventories.at(-1)!.exited).toEqual([]);
    } finally {
      rmSync(docker, { recursive: true });
    }
  }, 60_000);

  test("what is made in a container has it as parent, and systemd's units there are nobody's", async () => {
    await using cgroups = groups('nested');
    await using followed = await follow(['--cgroup-root', cgroups.root, '--interval', '100ms', '--services', 'all']);
    const [outer, inner, second] = [idOf(1), idOf(2), idOf(3)];
    const outerPath = cgroups.add(`/docker/${outer}`);
    const innerPath = cgroups.add(`/docker/${outer}/docker/${inner}`);
    const unit = cgroups.add(`/docker/${outer}/system.slice/cron.service`);
    await until(() => followed.told(innerPath), { what: 'the inner one' });
    expect(followed.told(innerPath)).toMatchObject({ parent: `docker:${outer}`, runtime: 'docker' });
    expect(followed.told(outerPath)).not.toHaveProperty('parent');
    const secondPath = cgroups.add(`/docker/${outer}/docker/${second}`);
    await until(() => followed.told(secondPath), { what: 'a second one' });
    expect(followed.told(unit)).toBeUndefined();
    const service = cgroups.add('/system.slice/cron.service');
    await until(() => followed.told(service)?.kind === 'service', { what: 'a unit of the host' });
    await cgroups.end(`/docker/${outer}/docker/${inner}`);
    await until(() => followed.told(innerPath) === undefined, { what: 'the inner one ended' });
    expect(followed.told(outerPath)).toBeDefined();
  });
});

test('one that was there before the agent: its start is that of its init, and unknown without one', async () => {
  await using cgroups = groups('before');
  const beforeMs = Date.now();
  const machine = cgroups.add('/lxc.payload.web', 'init');
  const plain = cgroups.add(`/docker/${idOf(1)}`);
  const afterMs = Date.now();
  await using followed = await follow(['--cgroup-root', cgroups.root, '--interval', '200ms']);
  const { startedAtUnixMs = 0 } = await until(
    () => {
      const told = followed.told(machine);
      return told?.startedAtUnixMs === undefined ? undefined : told;
    },
    { what: 'since when the machine runs' },
  );
  // The kernel tells starts, and the time since boot, in steps of 10 ms.
  expect(startedAtUnixMs).toBeGreaterThanOrEqual(beforeMs - 100);
  expect(startedAtUnixMs).toBeLessThanOrEqual(afterMs + 1000);
  expect(followed.told(plain)).toBeDefined();
  expect(followed.told(plain)).not.toHaveProperty('startedAtUnixMs');
});

describe('with less than everything', () => {
  test('inotify is exhausted: told once, and containers are found all the same', async () => {
    await using cgroups = groups('inotify');
    const limit = 'echo 1 > /proc/sys/user/max_inotify_watches && exec "$@"';
    const wrap = ['unshare', '--user', '--map-root-user', 'sh', '-c', limit, 'sh'];
    await using followed = await follow(['--cgroup-root', cgroups.root], wrap);
    const path = cgroups.add(`/docker/${idOf(1)}`);
    await until(() => followed.told(path), { what: 'it is told' });
    await cgroups.end(`/docker/${idOf(1)}`);
    await until(() => followed.ear.exits.length === 1, { what: 'its end' });
    const warnings = followed.statsd.process.logs().filter(({ level }) => level === 'warn');
    expect(warnings.map(({ msg }) => msg)).toEqual([
      'cannot watch cgroups; looking for containers every two seconds instead',
    ]);
  });

  test('descriptors are scarce: few are kept, and every number is there', async () => {
    await using cgroups = groups('descriptors');
    const paths = Array.from({ length: 12 }, (_, n) => cgroups.add(`/docker/${idOf(n)}`));
    await using followed = await follow(['--cgroup-root', cgroups.root], ['prlimit', '--nofile=280:280']);
    for (const path of paths)
      await until(async () => (await followed.statsd.value('container_threads', path)) === 1, { what: path });
    const kept = /^weft_statsd_kept_descriptors (\d+)$/m.exec(await followed.statsd.metrics())?.[1];
    expect(Number(kept)).toBeLessThanOrEqual(280 - 256);
  });

  test('as nobody, with no right but to read cgroups: containers by their ids, measured', async () => {
    await using cgroups = groups('nobody');
    const wrap = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--no-new-privs'];
    const flags = ['--cgroup-root', '/weft-test', '--runc-root', '/root', '--docker-root', '/root'];
    await using followed = await follow([...flags, '--include', `cgroup=${cgroups.root}/*`], wrap);
    const path = cgroups.add(`/docker/${idOf(1)}`);
    await until(() => followed.told(path), { what: 'it is told' });
    expect(followed.told(path)).toMatchObject({ name: idOf(1), runtime: 'docker' });
    const usage = Number(readFileSync(`${V1}/cpuacct${path}/cpuacct.usage`, 'utf8')) / 1e9;
    await until(async () => (await followed.statsd.value('container_cpu_usage_seconds_total', path)) === usage, {
      what: 'its CPU time',
    });
    expect(followed.statsd.process.logs().filter(({ level }) => level === 'error')).toEqual([]);
  });
});
