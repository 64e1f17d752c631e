import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

const CGROUP = '/sys/fs/cgroup';
const LISTEN = '127.0.0.1:9101';
const idOf = (n: number): string => n.toString(16).padStart(64, '0');

let agent: ChildProcess;
let log = '';

async function until<T>(what: string, probe: () => T | Promise<T>): Promise<NonNullable<T>> {
  for (let tries = 0; tries < 400; tries += 1) {
    const value = await probe();
    if (value !== undefined && value !== null && value !== false) return value;
    await sleep(50);
  }
  throw new assert.AssertionError({ message: `not within 20 s: ${what}` });
}

const read = (group: string, file: string): string => readFileSync(`${CGROUP}${group}/${file}`, 'utf8');
const write = (group: string, file: string, value: string): void => {
  writeFileSync(`${CGROUP}${group}/${file}`, value);
};

function make(group: string, settings: Record<string, string> = {}): void {
  mkdirSync(`${CGROUP}${group}`, { recursive: true });
  for (const [file, value] of Object.entries(settings)) write(group, file, value);
}

/** A shell command whose process is a member of the cgroup before it does anything; not waited for. */
function start(group: string, command: string): ChildProcess {
  const child = spawn('/bin/sh', ['-c', `echo $$ > ${CGROUP}${group}/cgroup.procs || exit 1; ${command}`], {
    stdio: 'ignore',
  });
  child.unref();
  return child;
}

async function remove(group: string): Promise<void> {
  write(group, 'cgroup.kill', '1');
  await until(`${group} is empty`, () => read(group, 'cgroup.events').includes('populated 0'));
  for (const name of readdirSync(`${CGROUP}${group}`, { withFileTypes: true }))
    if (name.isDirectory()) rmdirSync(`${CGROUP}${group}/${name.name}`);
  rmdirSync(`${CGROUP}${group}`);
}

async function metrics(): Promise<string> {
  const response = await fetch(`http://${LISTEN}/metrics`);
  return await response.text();
}

/** `label` tells lines of one container apart: `interface="eth0"`. */
async function value(name: string, group: string, label = ''): Promise<number | undefined> {
  const isIt = (line: string): boolean => line.startsWith(`${name}{id="${group}"`) && line.includes(label);
  const line = (await metrics()).split('\n').find(isIt);
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1));
}

const threads = (group: string): Promise<number | undefined> => value('container_threads', group);
const keyed = (text: string, key: string): number => Number(new RegExp(`^${key} (\\d+)$`, 'm').exec(text)?.[1]);
const births = (): number => log.match(/"msg":"container appeared"/g)?.length ?? 0;
const ends = (): Record<string, unknown>[] =>
  log
    .split('\n')
    .filter((line) => line.includes('container ended'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

before(async () => {
  for (const parent of ['/docker', '/kubepods', '/kubepods/pod1', '/machine.slice', '/plain']) {
    make(parent);
    write(parent, 'cgroup.subtree_control', '+cpu +memory +io +pids');
  }
  const flags = [
    ...['--listen', LISTEN, '--state-dir', '/tmp/weft', '--interval', '200ms', '--runc-root', '/run/crun'],
    // Under emulation a tick costs so much that the budget would stretch the interval to seconds.
    ...['--metrics-profile', 'cadvisor', '--cpu-budget', 'off'],
  ];
  agent = spawn('cli/weft', ['statsd', ...flags], { stdio: ['ignore', 'inherit', 'pipe'] });
  agent.stderr?.on('data', (chunk: Buffer) => (log += chunk.toString()));
  await until('weft statsd is ready', async () =>
    fetch(`http://${LISTEN}/readyz`).then(
      (response) => response.ok,
      () => false,
    ),
  );
});

after(async () => {
  agent.kill('SIGTERM');
  await until('weft statsd ends', () => agent.exitCode !== null);
  assert.equal(agent.exitCode, 0);
});

void describe('weft statsd on pure cgroup v2', () => {
  void test('knows the host for what it is', () => {
    assert.match(log, /"cgroupMode":"v2","discovery":"\/sys\/fs\/cgroup"/);
  });

  void test('a container appears with its limits, and its numbers are those of its files', async () => {
    const group = `/docker/${idOf(1)}`;
    make(group, { 'cpu.max': '50000 100000', 'memory.max': String(64 << 20), 'pids.max': '40' });
    assert.equal(await threads(group), undefined, 'nothing runs in it yet');
    start(group, 'sleep 600 & exec sleep 600');
    await until('two threads', async () => (await threads(group)) === 2);
    await until(
      'memory agrees',
      async () => (await value('container_memory_usage_bytes', group)) === Number(read(group, 'memory.current')),
    );
    await until(
      'CPU agrees',
      async () =>
        (await value('container_cpu_usage_seconds_total', group)) ===
        keyed(read(group, 'cpu.stat'), 'usage_usec') / 1e6,
    );
    assert.equal(await value('container_spec_memory_limit_bytes', group), 64 << 20);
    assert.equal(await value('container_spec_cpu_quota', group), 50_000);
    assert.equal(await value('container_threads_max', group), 40);
    await remove(group);
    await until('it is gone', async () => (await threads(group)) === undefined);
  });

  void test('throttling is counted as the kernel counts it', async () => {
    const group = `/docker/${idOf(2)}`;
    make(group, { 'cpu.max': '20000 100000' });
    const busy = start(group, 'while :; do :; done');
    await until(
      'it was throttled',
      async () => ((await value('container_cpu_cfs_throttled_seconds_total', group)) ?? 0) > 0.1,
    );
    busy.kill('SIGSTOP');
    await until('the counters agree', async () => {
      const stat = read(group, 'cpu.stat');
      return (
        (await value('container_cpu_cfs_throttled_seconds_total', group)) === keyed(stat, 'throttled_usec') / 1e6 &&
        (await value('container_cpu_cfs_throttled_periods_total', group)) === keyed(stat, 'nr_throttled')
      );
    });
    await remove(group);
  });

  void test('the working set leaves inactive file pages out', async () => {
    const group = `/docker/${idOf(3)}`;
    make(group);
    start(group, 'dd if=/dev/zero of=/mnt/disk/cache bs=64k count=160 2>/dev/null; sync; exec sleep 600');
    await until('usage less inactive file', async () => {
      const inactive = keyed(read(group, 'memory.stat'), 'inactive_file');
      const workingSet = await value('container_memory_working_set_bytes', group);
      return inactive > 8 << 20 && workingSet === Number(read(group, 'memory.current')) - inactive;
    });
    await remove(group);
  });

  void test('block IO is what io.stat says', async () => {
    const group = `/docker/${idOf(4)}`;
    make(group);
    start(group, 'dd if=/dev/zero of=/mnt/disk/direct bs=64k count=32 oflag=direct 2>/dev/null; exec sleep 600');
    await until('two megabytes written', async () => {
      const written = [...read(group, 'io.stat').matchAll(/wbytes=(\d+)/g)].reduce(
        (sum, [, bytes]) => sum + Number(bytes),
        0,
      );
      return written >= 2 << 20 && (await value('container_fs_writes_bytes_total', group)) === written;
    });
    await remove(group);
  });

  void test('the limit of an ancestor is the limit', async () => {
    const group = `/kubepods/pod1/${idOf(5)}`;
    write('/kubepods/pod1', 'memory.max', String(32 << 20));
    make(group, { 'memory.max': String(64 << 20) });
    start(group, 'exec sleep 600');
    await until('32 MiB', async () => (await value('container_spec_memory_limit_bytes', group)) === 32 << 20);
    await remove(group);
  });

  void test('a limit that changes is seen, be it its own or its parent’s', async () => {
    const group = `/kubepods/pod1/${idOf(15)}`;
    write('/kubepods/pod1', 'memory.max', 'max');
    make(group, { 'memory.max': String(64 << 20), 'cpu.max': '50000 100000', 'pids.max': '40' });
    start(group, 'exec sleep 600');
    const seen = (name: string, wanted: number): Promise<boolean> =>
      until(`${name} is ${wanted}`, async () => (await value(name, group)) === wanted);
    await seen('container_spec_memory_limit_bytes', 64 << 20);
    write(group, 'memory.max', String(48 << 20));
    write(group, 'cpu.max', '25000 100000');
    await seen('container_spec_memory_limit_bytes', 48 << 20);
    await seen('container_spec_cpu_quota', 25_000);
    write('/kubepods/pod1', 'pids.max', '16');
    write('/kubepods/pod1', 'memory.max', String(32 << 20));
    await seen('container_threads_max', 16);
    await seen('container_spec_memory_limit_bytes', 32 << 20);
    write('/kubepods/pod1', 'pids.max', 'max');
    write('/kubepods/pod1', 'memory.max', 'max');
    await seen('container_threads_max', 40);
    await remove(group);
  });

  void test("crun's sub-cgroup belongs to its container", async () => {
    const group = `/machine.slice/libpod-${idOf(6)}.scope`;
    make(group);
    write(group, 'cgroup.subtree_control', '+memory +pids');
    make(`${group}/container`);
    start(`${group}/container`, 'exec sleep 600');
    await until('one thread', async () => (await threads(group)) === 1);
    assert.equal(await threads(`${group}/container`), undefined);
    await remove(group);
  });

  void test('the end of the last process is the end, though the cgroup stays; filled again it is a new one', async () => {
    const group = `/docker/${idOf(7)}`;
    make(group);
    const first = start(group, 'exec sleep 600');
    await until('it appears', async () => (await threads(group)) === 1);
    first.kill('SIGKILL');
    await until('it is gone', async () => (await threads(group)) === undefined);
    assert.ok(existsSync(`${CGROUP}${group}`));
    start(group, 'exec sleep 600');
    await until('it is back', async () => (await threads(group)) === 1);
    await remove(group);
    await until('both ends were told', () => ends().filter((end) => end['key'] === `docker:${idOf(7)}`).length === 2);
    assert.equal(births(), ends().length, 'nobody else lives');
    const keys = ends().map((end) => String(end['key']));
    assert.equal(new Set(keys).size, keys.length - 1, `only this one ended twice: ${keys.join(' ')}`);
  });

  void test('what memory consists of, its peak and the limit that was hit are those of its files', async () => {
    const group = `/docker/${idOf(9)}`;
    make(group, { 'memory.max': String(16 << 20), 'memory.swap.max': '0' });
    // The file is larger than the limit: the kernel takes pages away again and again.
    start(group, 'dd if=/dev/zero of=/mnt/disk/large bs=64k count=400 2>/dev/null; exec sleep 600');
    await until('the limit was hit', () => keyed(read(group, 'memory.events'), 'max') > 0);
    const agrees: readonly (readonly [string, () => number])[] = [
      ['container_memory_rss', () => keyed(read(group, 'memory.stat'), 'anon')],
      ['container_memory_cache', () => keyed(read(group, 'memory.stat'), 'file')],
      ['container_memory_failcnt', () => keyed(read(group, 'memory.events'), 'max')],
    ];
    for (const [name, want] of agrees) await until(`${name} agrees`, async () => (await value(name, group)) === want());
    if (existsSync(`${CGROUP}${group}/memory.peak`))
      await until(
        'the peak agrees',
        async () => (await value('container_memory_max_usage_bytes', group)) === Number(read(group, 'memory.peak')),
      );
    await remove(group);
  });

  void test('user and kernel mode add up to the whole, and pressure is that of its files', async () => {
    const group = `/docker/${idOf(10)}`;
    make(group, { 'cpu.max': '20000 100000' });
    const busy = start(group, 'while :; do :; done');
    await until('it waited', () => /total=[1-9]/.test(read(group, 'cpu.pressure')));
    busy.kill('SIGSTOP');
    await until('they agree', async () => {
      const stat = read(group, 'cpu.stat');
      const [user, system, usage, waited] = await Promise.all([
        value('container_cpu_user_seconds_total', group),
        value('container_cpu_system_seconds_total', group),
        value('container_cpu_usage_seconds_total', group),
        value('container_pressure_cpu_waiting_seconds_total', group),
      ]);
      const total = Number(/^some .*total=(\d+)$/m.exec(read(group, 'cpu.pressure'))?.[1]);
      return (
        user === keyed(stat, 'user_usec') / 1e6 &&
        system === keyed(stat, 'system_usec') / 1e6 &&
        Math.abs(user + system - (usage ?? 0)) < 1e-5 &&
        waited === total / 1e6
      );
    });
    await remove(group);
  });

  void test('network by interface of a namespace of its own, and none for the host', async () => {
    const group = `/docker/${idOf(11)}`;
    const shared = `/docker/${idOf(12)}`;
    make(group);
    make(shared);
    start(group, 'exec unshare --net sleep 600');
    start(shared, 'exec sleep 600');
    const pid = await until('it has a namespace of its own', () => {
      const found = read(group, 'cgroup.procs').trim();
      const own = found === '' ? '' : readlinkSync(`/proc/${found}/ns/net`);
      return own !== '' && own !== readlinkSync('/proc/self/ns/net') ? found : undefined;
    });
    const ip = (...words: string[]): void => {
      assert.equal(spawnSync('ip', words, { stdio: 'inherit' }).status, 0, words.join(' '));
    };
    ip('link', 'add', 'near0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', pid);
    ip('link', 'set', 'near0', 'up');
    assert.equal(spawnSync('nsenter', [`--net=/proc/${pid}/ns/net`, 'ip', 'link', 'set', 'eth0', 'up']).status, 0);
    await until('its counters agree', async () => {
      const line = /eth0: *(.*)/.exec(readFileSync(`/proc/${pid}/net/dev`, 'utf8'))?.[1];
      const [bytes] = (line ?? '').trim().split(/ +/);
      // Where ipip is loaded every namespace has a tunl0 as well.
      const told = await value('container_network_receive_bytes_total', group, 'interface="eth0"');
      return Number(bytes) > 0 && told === Number(bytes);
    });
    assert.equal(await value('container_network_receive_bytes_total', shared), undefined);
    await remove(group);
    await remove(shared);
    await until('the veth went with its namespace', () => !existsSync('/sys/class/net/near0'));
  });

  void test('a kill for memory is told', async () => {
    const group = `/docker/${idOf(8)}`;
    make(group, { 'memory.max': String(8 << 20), 'memory.swap.max': '0' });
    start(group, 'exec dd if=/dev/zero of=/dev/null bs=64M count=1');
    const end = await until('its end', () => ends().find((each) => each['key'] === `docker:${idOf(8)}`));
    assert.equal(end['oomKilled'], true);
    rmdirSync(`${CGROUP}${group}`);
  });

  void test('a real crun container, whose path says nothing', async () => {
    const bundle = '/tmp/bundle';
    mkdirSync(`${bundle}/rootfs/bin`, { recursive: true });
    for (const name of ['proc', 'dev']) mkdirSync(`${bundle}/rootfs/${name}`);
    copyFileSync('/bin/busybox', `${bundle}/rootfs/bin/busybox`);
    symlinkSync('busybox', `${bundle}/rootfs/bin/sleep`);
    writeFileSync(
      `${bundle}/config.json`,
      JSON.stringify({
        ociVersion: '1.0.2',
        process: { user: { uid: 0, gid: 0 }, args: ['/bin/sleep', '600'], env: ['PATH=/bin'], cwd: '/' },
        root: { path: 'rootfs' },
        annotations: { 'org.weft.container.name': '<img src=x onerror=alert(1)>' },
        mounts: [{ destination: '/proc', type: 'proc', source: 'proc' }],
        linux: {
          cgroupsPath: '/plain/web',
          resources: { pids: { limit: 7 } },
          namespaces: ['pid', 'mount', 'ipc', 'uts', 'network'].map((type) => ({ type })),
        },
      }),
    );
    // Its output goes to a file: the container inherits it, and a pipe would be waited for.
    const command = `crun --cgroup-manager=cgroupfs run -d --bundle ${bundle} web > ${bundle}/log 2>&1`;
    assert.equal(
      spawnSync('/bin/sh', ['-c', command], { stdio: 'ignore' }).status,
      0,
      readFileSync(`${bundle}/log`, 'utf8'),
    );
    await until('it appears', async () => (await threads('/plain/web')) === 1);
    assert.ok(
      (await metrics()).includes('container_threads{id="/plain/web",name="<img src=x onerror=alert(1)>",image=""} 1'),
    );
    assert.match(log, /"key":"crun:web"/);
    assert.equal(spawnSync('crun', ['delete', '-f', 'web']).status, 0);
    await until('it is gone', async () => (await threads('/plain/web')) === undefined);
  });

  void test('births and deaths leave no descriptor and no watch behind', async () => {
    const folder = `/proc/${agent.pid}`;
    const held = (): { files: number; watches: number } => {
      const links = readdirSync(`${folder}/fd`).map((fd) => {
        try {
          return { fd, to: readlinkSync(`${folder}/fd/${fd}`) };
        } catch {
          return { fd, to: '' };
        }
      });
      const inotify = links.find(({ to }) => to.includes('inotify'));
      const info = inotify === undefined ? '' : readFileSync(`${folder}/fdinfo/${inotify.fd}`, 'utf8');
      return {
        files: links.filter(({ to }) => to.startsWith(CGROUP)).length,
        watches: info.match(/^inotify /gm)?.length ?? 0,
      };
    };
    await until('nothing lives', async () => !(await metrics()).includes('container_threads{'));
    const start0 = held();
    for (let round = 0; round < 30; round += 1) {
      const group = `/docker/${idOf(1000 + round)}`;
      make(group);
      start(group, 'exec sleep 600');
      if (round % 5 === 0) await until('it appears', async () => (await threads(group)) === 1);
      await remove(group);
    }
    await until('as before', () => JSON.stringify(held()) === JSON.stringify(start0));
  });
});
