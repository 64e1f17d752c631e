import { createServer } from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { listenOn } from '../../../native/host/status-server.ts';
import { freePort } from '../../../cli/demo/ports.ts';
import { CONTAINER_COLUMNS, float64Columns } from '../../../statsd/wire.ts';
import { listenForAgents } from '../../support/dashboard-ear.ts';
import { makeNamespace, run } from '../../support/netns.ts';
import { runcRoom } from '../../support/runc.ts';
import { startStatsd } from '../../support/statsd.ts';
import { until } from '../../support/until.ts';

describe('a dashboard', () => {
  test('gets the inventory, a frame each tick by its table, and the end after the last frame', async () => {
    const port = await freePort();
    await using dashboard = await listenForAgents(port, 'secret');
    await using room = runcRoom('feed');
    const flags = [
      '--cgroup-root',
      room.cgroupRoot,
      '--runc-root',
      room.root,
      '--interval',
      '200ms',
      '--hostname',
      'h1',
    ];
    await using _statsd = await startStatsd([
      ...flags,
      '--dashboard',
      `http://127.0.0.1:${port}`,
      '--agent-token',
      'secret',
    ]);
    room.run('web', { resources: { memory: { limit: 32 << 20 } }, annotations: { 'org.weft.container.name': 'shop' } });
    const inventory = await until(
      () => dashboard.inventories.find((each) => each.containers[0]?.memoryLimitBytes !== undefined),
      { what: 'an inventory with the container and its limit' },
    );
    expect(inventory).toMatchObject({
      host: { hostname: 'h1', cgroupMode: 'hybrid', intervalMs: 200 },
      containers: [
        {
          key: 'runc:web',
          id: 'web',
          name: 'shop',
          runtime: 'runc',
          cgroupPath: `${room.cgroupRoot}/web`,
          memoryLimitBytes: 32 << 20,
        },
      ],
    });
    const withOne = (): Set<number> =>
      new Set(dashboard.inventories.filter((each) => each.containers.length === 1).map((each) => each.tableVersion));
    const frame = await until(() => dashboard.frames.find((each) => withOne().has(each.tableVersion)), {
      what: 'a frame by a table with the container',
    });
    const columns = float64Columns(frame.containers, CONTAINER_COLUMNS.length, 1)!;
    expect(columns[CONTAINER_COLUMNS.indexOf('pidsCurrent')]).toBe(1);
    expect(columns[CONTAINER_COLUMNS.indexOf('cpuUsageSeconds')]).toBeGreaterThan(0);
    expect(float64Columns(frame.host, 4, 1)![1]).toBe(inventory.host.memoryTotalBytes);
    room.remove('web');
    const exit = await until(() => dashboard.exits[0], { what: 'its end' });
    expect(exit).toMatchObject({ key: 'runc:web', oomKilled: false });
    await until(() => dashboard.inventories.at(-1)?.containers.length === 0, { what: 'an inventory without it' });
    const told = dashboard.events.lastIndexOf('exit');
    expect(dashboard.events[told - 1]).toBe('frame');
    expect(dashboard.events[told + 1]).toBe('inventory');
    const seqs = dashboard.frames.map((each) => each.seq);
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
  });

  test('is told which file system is the fullest, and how full', async () => {
    await using resources = new AsyncDisposableStack();
    const folder = resources.adopt(mkdtempSync(join(tmpdir(), 'weft-test-full-')), (path) => {
      rmSync(path, { recursive: true, force: true });
    });
    run('mount', '-t', 'tmpfs', '-o', 'size=1m', 'weft-test', folder);
    resources.defer(() => {
      run('umount', folder);
    });
    // To the last byte: whatever else this machine has cannot be fuller.
    expect(() => {
      writeFileSync(join(folder, 'full'), Buffer.alloc(2 << 20));
    }).toThrow('ENOSPC');
    const port = await freePort();
    const dashboard = resources.use(await listenForAgents(port, 't'));
    const room = resources.use(runcRoom('full'));
    const flags = ['--cgroup-root', room.cgroupRoot, '--interval', '100ms', '--agent-token', 't'];
    resources.use(await startStatsd([...flags, '--dashboard', `http://127.0.0.1:${port}`]));
    const frame = await until(() => dashboard.frames.find(({ fullestMount }) => fullestMount === folder), {
      what: 'a frame that names the full file system',
    });
    const names = dashboard.inventories[0]!.hostExtraColumns!;
    const extra = float64Columns(frame.extra!, frame.extra!.byteLength / 8, 1)!;
    const value = (name: string): number | undefined => extra.at(names.indexOf(name) - names.length);
    expect([value('fullestSizeBytes'), value('fullestAvailableBytes')]).toEqual([1 << 20, 0]);
  });

  test('that comes back gets what it missed, in the order of the newest table', async () => {
    const port = await freePort();
    await using room = runcRoom('missed');
    const flags = ['--cgroup-root', room.cgroupRoot, '--runc-root', room.root, '--interval', '100ms'];
    await using statsd = await startStatsd([...flags, '--dashboard', `http://127.0.0.1:${port}`, '--agent-token', 't']);
    const first = await listenForAgents(port, 't');
    room.run('a');
    await until(() => first.inventories.at(-1)?.containers.length === 1 && first.frames.length > 2, {
      what: 'the feed',
      timeoutMs: 15_000,
    });
    await first[Symbol.asyncDispose]();
    const lastSeen = first.frames.at(-1)!.seq;
    room.run('b');
    room.remove('a');
    await until(async () => (await statsd.metrics()).includes('weft_statsd_container_deaths_total 1'), {
      what: 'the agent noticed',
    });
    await using second = await listenForAgents(port, 't');
    await until(() => second.backfilled.length > 0 && second.frames.length > 0, {
      what: 'the feed is back',
      timeoutMs: 15_000,
    });
    expect(second.events.slice(0, 3)).toEqual(['exit', 'inventory', 'backfill']);
    expect(second.exits).toMatchObject([{ key: 'runc:a' }]);
    expect(second.inventories[0]!.containers.map((each) => each.key)).toEqual(['runc:b']);
    const seqs = [...second.backfilled, ...second.frames].map((frame) => frame.seq);
    expect(seqs[0]).toBeLessThanOrEqual(lastSeen + 2);
    expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, index) => seqs[0]! + index));
    for (const frame of second.backfilled)
      expect(float64Columns(frame.containers, CONTAINER_COLUMNS.length, 1)).toBeDefined();
    const before = second.inventories.length;
    second.resync();
    await until(() => second.inventories.length > before, { what: 'resync is answered' });
  });

  test('that asks for the devices of a container is told them after the next tick', async () => {
    const port = await freePort();
    await using dashboard = await listenForAgents(port, 't');
    await using room = runcRoom('devices');
    await using network = await makeNamespace();
    network.ip('link add eth0 type veth peer name side');
    network.ip('addr add 10.88.9.1/24 dev eth0');
    for (const name of ['eth0', 'side']) network.ip(`link set ${name} up`);
    const flags = ['--cgroup-root', room.cgroupRoot, '--runc-root', room.root, '--interval', '200ms'];
    await using _statsd = await startStatsd([
      ...flags,
      ...['--dashboard', `http://127.0.0.1:${port}`, '--agent-token', 't'],
    ]);
    room.run('web', { network: network.path });
    await until(() => dashboard.inventories.at(-1)?.containers[0]?.network === 'own', { what: 'its network' });
    expect(dashboard.inventories.at(-1)!.host.answers).toEqual(['devices']);
    const [answer] = await dashboard.devices(['runc:web', 'runc:gone']);
    expect(answer!.containers.map(({ key }) => key)).toEqual(['runc:web']);
    const { interfaces } = answer!.containers[0]!;
    expect(new Set(interfaces!.map(({ name }) => name))).toEqual(new Set(['eth0', 'side']));
    for (const each of interfaces!) expect(each.transmitBytes).toBeGreaterThanOrEqual(0);
    const frame = await until(() => dashboard.frames.find(({ monotonicMs }) => monotonicMs === answer!.monotonicMs), {
      what: 'the frame of the same tick',
    });
    expect(frame.timeUnixMs).toBe(answer!.timeUnixMs);
  });

  test('that nobody looks at is sent fewer frames, the news at once, and the rest when somebody does', async () => {
    const port = await freePort();
    await using dashboard = await listenForAgents(port, 't');
    await using room = runcRoom('pace');
    const where = ['--cgroup-root', room.cgroupRoot, '--runc-root', room.root];
    const pace = ['--interval', '100ms', '--cpu-budget', 'off'];
    const feed = ['--dashboard', `http://127.0.0.1:${port}`, '--agent-token', 't'];
    await using statsd = await startStatsd([...where, ...pace, ...feed]);
    room.run('web');
    await until(() => dashboard.inventories.at(-1)?.containers.length === 1 && dashboard.frames.length > 2, {
      what: 'the feed',
      timeoutMs: 15_000,
    });
    const filledIn = dashboard.backfilled.length;
    // More than it may be asked for is not heard.
    dashboard.pace(60_000);
    dashboard.pace(1000);
    const gap = await until(
      () => {
        const [before, after] = dashboard.frames.slice(-2);
        return after!.seq - before!.seq >= 9 ? after!.monotonicMs - before!.monotonicMs : undefined;
      },
      { what: 'a frame after a second', timeoutMs: 15_000 },
    );
    expect(gap).toBeGreaterThanOrEqual(900);
    dashboard.pace(10_000);
    const seen = dashboard.frames.length;
    room.remove('web');
    await until(() => dashboard.exits.length > 0, { what: 'the end is told' });
    // Its last values came with it, long before the ten seconds were over.
    expect(dashboard.events.slice(0, dashboard.events.lastIndexOf('exit')).at(-1)).toBe('frame');
    expect(dashboard.frames.length).toBeGreaterThan(seen);
    expect(dashboard.backfilled.length).toBe(filledIn);
    dashboard.pace(0);
    await until(() => dashboard.frames.length > seen + 2, { what: 'every frame again' });
    const seqs = new Set([...dashboard.frames, ...dashboard.backfilled].map(({ seq }) => seq));
    const [first, last] = [dashboard.frames[0]!.seq, dashboard.frames.at(-1)!.seq];
    // A busy machine may lose ticks; what was measured is all there.
    const left = last - first + 1 - seqs.size;
    expect(left).toBeLessThanOrEqual(await statsd.own('weft_statsd_missed_ticks_total'));
  });

  test('that refuses the token is told so in one sentence, and let in once the file holds the right one', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'weft-test-token-'));
    try {
      const file = join(folder, 'token');
      writeFileSync(file, 'wrong\n');
      const port = await freePort();
      await using dashboard = await listenForAgents(port, 'right');
      await using room = runcRoom('token');
      await using statsd = await startStatsd([
        '--cgroup-root',
        room.cgroupRoot,
        '--dashboard',
        `http://127.0.0.1:${port}`,
        '--agent-token-file',
        file,
      ]);
      await until(() => dashboard.refusals.length > 0, { what: 'a refusal' });
      const told = await until(
        () => statsd.process.logs().find((line) => String(line['msg']).includes('refuses this agent')),
        { what: 'the sentence' },
      );
      expect(told['msg']).toBe(
        `dashboard http://127.0.0.1:${port} refuses this agent: wrong agent token; check --agent-token or --agent-token-file`,
      );
      expect(statsd.process.stderr()).not.toContain('"wrong"');
      writeFileSync(file, 'right\n');
      await until(() => dashboard.inventories.length > 0, { what: 'the inventory', timeoutMs: 15_000 });
      expect(statsd.process.logs().filter((line) => String(line['msg']).includes('refuses'))).toHaveLength(1);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('settings that cannot work', () => {
  test.each([
    {
      name: 'a port in use',
      flags: (port: number) => ['--listen', `127.0.0.1:${port}`],
      want: /cannot listen on 127\.0\.0\.1:\d+: another process listens there; choose another with --listen/,
      code: 1,
    },
    {
      name: 'a state folder that is a file',
      flags: () => ['--listen', 'off', '--state-dir', '/etc/passwd/x'],
      want: /cannot read or make \/etc\/passwd\/x\/node-id: .*; choose another folder with --state-dir/,
      code: 1,
    },
    {
      name: 'no cgroups there',
      flags: () => ['--listen', 'off', '--cgroup-mount', '/nowhere'],
      want: /no cgroup file system .* is mounted at or under \/nowhere/,
      code: 1,
    },
    {
      name: 'no token',
      flags: () => ['--dashboard', 'http://127.0.0.1:1'],
      want: /weft statsd: token-file: needed with dashboard/,
      code: 2,
    },
  ])('$name', async ({ flags, want, code }) => {
    const { startWeft } = await import('../../support/processes.ts');
    const port = await freePort();
    const holder = createServer();
    await listenOn(holder, { host: '127.0.0.1', port, setting: '' });
    const folder = mkdtempSync(join(tmpdir(), 'weft-test-state-'));
    try {
      await using statsd = await startWeft(['statsd', '--state-dir', folder, ...flags(port)]);
      const ended = await statsd.exited;
      expect(ended.code).toBe(code);
      expect(statsd.stderr()).toMatch(want);
      expect(statsd.stderr().trim().split('\n')).toHaveLength(1);
    } finally {
      rmSync(folder, { recursive: true });
      holder.close();
    }
  });
});
