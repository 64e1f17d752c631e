import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { spawn, type ChildProcess } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { checkExposition } from '../../support/exposition.ts';
import { removeCgroup, runcRoom } from '../../support/runc.ts';
import { startStatsd } from '../../support/statsd.ts';
import { until } from '../../support/until.ts';

const V1 = '/sys/fs/cgroup';
const numberIn = (path: string): number => Number.parseInt(readFileSync(path, 'utf8'), 10);
const keyed = (path: string, key: string): number =>
  Number(new RegExp(`^${key} (\\d+)$`, 'm').exec(readFileSync(path, 'utf8'))?.[1]);

describe('runc containers', () => {
  test('appear with names and limits, and their numbers are those of their files', async () => {
    await using room = runcRoom('numbers');
    await using statsd = await startStatsd(['--cgroup-root', room.cgroupRoot, '--runc-root', room.root]);
    const path = room.run('web', {
      command: 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; exec sleep 3600',
      annotations: { 'org.weft.container.name': 'shop', 'org.opencontainers.image.ref.name': 'busybox:1' },
      resources: { memory: { limit: 64 << 20 }, pids: { limit: 64 }, cpu: { quota: 50_000, period: 100_000 } },
    });
    await until(
      async () => (await statsd.metrics()).includes(`container_threads{id="${path}",name="shop",image="busybox:1"} 1`),
      { what: 'it appears under its name' },
    );
    const agree: [metric: string, want: () => number][] = [
      ['container_cpu_usage_seconds_total', () => numberIn(`${V1}/cpuacct${path}/cpuacct.usage`) / 1e9],
      ['container_cpu_cfs_throttled_seconds_total', () => keyed(`${V1}/cpu${path}/cpu.stat`, 'throttled_time') / 1e9],
      ['container_memory_usage_bytes', () => numberIn(`${V1}/memory${path}/memory.usage_in_bytes`)],
      [
        'container_memory_working_set_bytes',
        () =>
          numberIn(`${V1}/memory${path}/memory.usage_in_bytes`) -
          keyed(`${V1}/memory${path}/memory.stat`, 'total_inactive_file'),
      ],
      ['container_spec_memory_limit_bytes', () => 64 << 20],
      ['container_spec_cpu_quota', () => 50_000],
      ['container_spec_cpu_period', () => 100_000],
      ['container_threads', () => numberIn(`${V1}/pids${path}/pids.current`)],
      ['container_threads_max', () => 64],
    ];
    for (const [metric, want] of agree)
      await until(async () => (await statsd.value(metric, path)) === want(), {
        what: `${metric} agrees with its file`,
      });
    expect(checkExposition(await statsd.metrics())).toEqual([]);
  });

  test('a container that ran before the agent is found, and its start is known from runc', async () => {
    await using room = runcRoom('before');
    const path = room.run('old');
    await using statsd = await startStatsd(['--cgroup-root', room.cgroupRoot, '--runc-root', room.root]);
    await until(async () => (await statsd.value('container_threads', path)) === 1, { what: 'it appears' });
    const created = (JSON.parse(readFileSync(`${room.root}/old/state.json`, 'utf8')) as { created: string }).created;
    expect(await statsd.value('container_start_time_seconds', path)).toBeCloseTo(Date.parse(created) / 1000, 2);
  });

  test('kill -9 of its process ends it at once, though runc leaves its cgroup; started again it is back', async () => {
    await using room = runcRoom('killed');
    await using statsd = await startStatsd(['--cgroup-root', room.cgroupRoot, '--runc-root', room.root]);
    const path = room.run('web');
    const there = (): Promise<number | undefined> => statsd.value('container_threads', path);
    await until(async () => (await there()) === 1, { what: 'it appears' });
    for (const pid of room.pids('web')) process.kill(pid, 'SIGKILL');
    await until(async () => (await there()) === undefined, { what: 'it is gone' });
    expect(existsSync(`${V1}/memory${path}`)).toBe(true);
    room.remove('web');
    room.run('web', { annotations: { 'nerdctl/name': 'second' } });
    await until(async () => (await statsd.metrics()).includes(`container_threads{id="${path}",name="second"`), {
      what: 'it is back under its new name',
    });
    const ends = statsd.process.logs().filter((line) => line['msg'] === 'container ended');
    expect(ends.map((line) => line['key'])).toEqual(['runc:web']);
  });

  test('crun, which leaves the v2 tree of a hybrid host alone', async () => {
    await using room = runcRoom('crun');
    await using statsd = await startStatsd(['--cgroup-root', room.cgroupRoot, '--runc-root', room.root]);
    // As an earlier container of runc may leave it: a directory of the same path that never has a process.
    mkdirSync(`${V1}/unified${room.cgroupRoot}/web`, { recursive: true });
    const path = room.run('web', { runtime: 'crun', annotations: { 'org.weft.container.name': 'shop' } });
    await until(
      async () => (await statsd.metrics()).includes(`container_threads{id="${path}",name="shop",image=""} 1`),
      {
        what: 'it appears',
      },
    );
    room.remove('web');
    await until(async () => (await statsd.value('container_threads', path)) === undefined, { what: 'it is gone' });
    expect(statsd.process.logs().filter((line) => line['key'] === 'crun:web')).toHaveLength(2);
  });

  test('a kill for memory is told', async () => {
    await using room = runcRoom('oom');
    await using statsd = await startStatsd(['--cgroup-root', room.cgroupRoot, '--runc-root', room.root]);
    room.run('greedy', {
      command: 'sleep 1; exec dd if=/dev/zero of=/dev/null bs=64M count=1',
      resources: { memory: { limit: 16 << 20, swap: 16 << 20 } },
    });
    const end = await until(() => statsd.process.logs().find((line) => line['msg'] === 'container ended'), {
      what: 'its end',
      timeoutMs: 15_000,
    });
    expect(end).toMatchObject({ key: 'runc:greedy', oomKilled: true });
  });

  test('hostile names stay text', async () => {
    await using room = runcRoom('hostile');
    await using statsd = await startStatsd(['--cgroup-root', room.cgroupRoot, '--runc-root', room.root]);
    const hostile = {
      markup: '<img src=x onerror=alert(1)>',
      lines: 'a\n# TYPE evil counter\nevil 1',
      quote: 'x",name="y\\',
      long: 'n'.repeat(10_000),
    };
    for (const [id, name] of Object.entries(hostile))
      room.run(id, { annotations: { 'org.weft.container.name': name } });
    await until(async () => (await statsd.metrics()).match(/^container_threads\{/gm)?.length === 4, {
      what: 'all four appear',
    });
    const text = await statsd.metrics();
    expect(checkExposition(text)).toEqual([]);
    expect(text).toContain('name="<img src=x onerror=alert(1)>"');
    expect(text).toContain('name="a# TYPE evil counterevil 1"');
    expect(text).toContain(`name="${'n'.repeat(256)}"`);
  });

  test('only what is below --cgroup-root, also when that is made later', async () => {
    await using mine = runcRoom('mine');
    await using other = runcRoom('other');
    await using statsd = await startStatsd([
      '--cgroup-root',
      mine.cgroupRoot,
      '--runc-root',
      mine.root,
      '--runc-root',
      other.root,
    ]);
    const theirs = other.run('web');
    const ours = mine.run('web');
    await until(async () => (await statsd.value('container_threads', ours)) === 1, { what: 'ours appears' });
    expect(await statsd.value('container_threads', theirs)).toBeUndefined();
  });

  test('nothing of a container is held: no namespace, no file of its root', async () => {
    await using room = runcRoom('pins');
    await using statsd = await startStatsd(['--cgroup-root', room.cgroupRoot, '--runc-root', room.root]);
    const path = room.run('web');
    await until(async () => (await statsd.value('container_threads', path)) === 1, { what: 'it appears' });
    const { targets } = statsd.held();
    expect(
      targets.filter((to) => /^(?:net|mnt|pid|ipc|uts|user|cgroup):\[/.test(to) || to.includes('/rootfs')),
    ).toEqual([]);
  });
});

describe('cgroups with processes', () => {
  const id = (n: number): string => n.toString(16).padStart(64, '0');

  interface Member {
    readonly child: ChildProcess;
    readonly ended: Promise<unknown>;
  }
  function join(directory: string): Member {
    mkdirSync(directory, { recursive: true });
    const child = spawn('/bin/sleep', ['600'], { stdio: 'ignore' });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    writeFileSync(`${directory}/cgroup.procs`, String(child.pid));
    return { child, ended };
  }

  async function end({ child, ended }: Member): Promise<void> {
    child.kill('SIGKILL');
    await ended;
  }

  test('300 births and deaths leave no descriptor and no watch behind', async () => {
    const parent = `/weft-test/churn-${process.pid}/docker`;
    for (const tree of ['memory', 'cpuacct', 'cpu', 'pids', 'blkio', 'unified'])
      mkdirSync(`${V1}/${tree}${parent}`, { recursive: true });
    try {
      await using statsd = await startStatsd(['--cgroup-root', parent, '--interval', '100ms']);
      await until(async () => (await statsd.metrics()).includes('weft_statsd_containers 0'), {
        what: 'an empty start',
      });
      const before = statsd.held();
      const trees = ['pids', 'cpuacct', 'unified', 'memory'];
      for (let round = 0; round < 300; round += 1) {
        const path = `${parent}/${id(round)}`;
        for (const tree of trees) mkdirSync(`${V1}/${tree}${path}`);
        const member = join(`${V1}/memory${path}`);
        for (const tree of trees) writeFileSync(`${V1}/${tree}${path}/cgroup.procs`, String(member.child.pid));
        if (round % 3 === 0)
          await until(async () => (await statsd.value('container_threads', path)) === 1, {
            what: `number ${round} appears`,
          });
        await end(member);
        for (const tree of trees)
          await until(
            () => {
              rmdirSync(`${V1}/${tree}${path}`);
              return true;
            },
            { what: 'its cgroup can be removed' },
          );
      }
      await until(async () => (await statsd.metrics()).includes('weft_statsd_containers 0'), { what: 'all are gone' });
      await until(
        () => {
          const now = statsd.held();
          return now.cgroupFiles <= before.cgroupFiles && now.watches === before.watches;
        },
        { what: 'descriptors and watches are as before' },
      );
    } finally {
      await removeCgroup(`/weft-test/churn-${process.pid}`);
    }
  }, 60_000);

  test('the v2 tree alone: CPU is known, what no controller counts is left out', async () => {
    const path = `/weft-test/v2-${process.pid}/docker/${id(1)}`;
    const member = join(`${V1}/unified${path}`);
    try {
      await using statsd = await startStatsd([
        '--cgroup-mount',
        `${V1}/unified`,
        '--cgroup-root',
        `/weft-test/v2-${process.pid}`,
        '--interval',
        '200ms',
      ]);
      await until(
        async () =>
          (await statsd.value('container_cpu_usage_seconds_total', path)) ===
          keyed(`${V1}/unified${path}/cpu.stat`, 'usage_usec') / 1e6,
        { what: 'CPU agrees with cpu.stat' },
      );
      for (const metric of ['container_memory_usage_bytes', 'container_fs_reads_bytes_total', 'container_threads'])
        expect(await statsd.value(metric, path)).toBeUndefined();
      await end(member);
      await until(async () => (await statsd.value('container_last_seen', path)) === undefined, {
        what: 'populated 0 ends it',
      });
    } finally {
      await end(member);
      await removeCgroup(`/weft-test/v2-${process.pid}`);
    }
  });

  test('a cgroup without processes is no container until one comes', async () => {
    const path = `/weft-test/empty-${process.pid}/docker/${id(2)}`;
    mkdirSync(`${V1}/memory${path}`, { recursive: true });
    mkdirSync(`${V1}/pids${path}`, { recursive: true });
    let member: Member | undefined;
    try {
      await using statsd = await startStatsd([
        '--cgroup-root',
        `/weft-test/empty-${process.pid}`,
        '--interval',
        '200ms',
      ]);
      expect(await statsd.metrics()).toContain('weft_statsd_containers 0');
      member = join(`${V1}/memory${path}`);
      writeFileSync(`${V1}/pids${path}/cgroup.procs`, String(member.child.pid));
      await until(async () => (await statsd.value('container_threads', path)) === 1, {
        what: 'it appears',
        timeoutMs: 20_000,
      });
    } finally {
      if (member !== undefined) await end(member);
      await removeCgroup(`/weft-test/empty-${process.pid}`);
    }
  });
});
