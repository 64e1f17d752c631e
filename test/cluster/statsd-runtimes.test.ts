import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../cli/demo/ports.ts';
import type { ContainerInventory, ExitedInventory } from '../../statsd/wire.ts';
import { listenForAgents, type Received } from '../support/dashboard-ear.ts';
import { startDockerd, type ContainerEngine } from '../support/docker.ts';
import { makeNamespace } from '../support/netns.ts';
import { podman } from '../support/podman.ts';
import { startProcess } from '../support/processes.ts';
import { startStatsd, type StatsdProcess } from '../support/statsd.ts';
import { until } from '../support/until.ts';

const NO_NETWORK = ['--bridge=none', '--iptables=false', '--ip6tables=false'];

/** An engine, an agent that follows its containers, and what the agent tells. */
interface Room {
  readonly engine: ContainerEngine;
  readonly statsd: StatsdProcess;
  readonly ear: Received;
  /** The living container of an id, as last told, once it is as wanted. */
  living(id: string, wanted: (container: ContainerInventory) => boolean): Promise<ContainerInventory>;
  exited(id: string, wanted: (container: ExitedInventory) => boolean): Promise<ExitedInventory>;
}

let stack: AsyncDisposableStack;

async function roomOf(engine: ContainerEngine, flags: readonly string[]): Promise<Room> {
  const port = await freePort();
  const ear = stack.use(await listenForAgents(port, 'secret'));
  const statsd = stack.use(
    await startStatsd([
      '--cgroup-root',
      engine.cgroup,
      '--dashboard',
      `http://127.0.0.1:${port}`,
      '--agent-token',
      'secret',
      ...flags,
    ]),
  );
  return {
    engine,
    statsd,
    ear,
    living: (id, wanted) =>
      until(() => ear.inventories.at(-1)?.containers.find((each) => each.id === id && wanted(each)), {
        what: `${id} lives as wanted`,
        timeoutMs: 20_000,
      }),
    exited: (id, wanted) =>
      until(() => ear.inventories.at(-1)?.exited?.find((each) => each.id === id && wanted(each)), {
        what: `${id} ended as wanted`,
        timeoutMs: 20_000,
      }),
  };
}

beforeAll(() => {
  stack = new AsyncDisposableStack();
});
afterAll(async () => {
  await stack.disposeAsync();
});

describe('docker, with its folder where nobody told the agent', () => {
  let room: Room;
  beforeAll(async () => {
    const namespace = stack.use(await makeNamespace());
    const engine = stack.use(await startDockerd(namespace.name, NO_NETWORK));
    room = await roomOf(engine, ['--runtime-socket', 'off', '--label', 'com.example.*', '--interval', '200ms']);
  }, 60_000);

  const start = (command: string, flags: readonly string[]): string =>
    room.engine.start(['/bin/sh', '-c', command], ['--network=none', ...flags]).id;

  test('names, labels, tags, pause, health and rename are told and followed in place', async () => {
    const flags = ['--name=web', '--label=com.docker.compose.project=shop', '--label=com.example.tier=front'];
    const id = start('exec sleep 3600', [
      ...flags,
      '--label=password=secret',
      '--health-cmd=true',
      '--health-interval=1s',
    ]);
    const named = await room.living(id, (each) => each.name === 'web');
    expect(named).toMatchObject({
      runtime: 'docker',
      kind: 'container',
      image: 'weft-busybox',
      state: 'running',
      labels: { 'com.docker.compose.project': 'shop', 'com.example.tier': 'front' },
      tags: { compose_project: 'shop' },
      restartCount: 0,
    });
    expect(JSON.stringify(named)).not.toContain('password');
    await room.living(id, (each) => each.health === 'healthy');
    room.engine.client('pause', id);
    await room.living(id, (each) => each.state === 'paused');
    room.engine.client('unpause', id);
    await room.living(id, (each) => each.state === 'running');
    room.engine.client('rename', id, 'shop');
    const renamed = await room.living(id, (each) => each.name === 'shop');
    expect(renamed.key).toBe(named.key);
    expect(room.ear.exits).toEqual([]);
    await until(async () => (await room.statsd.metrics()).includes(`name="shop"`), {
      what: 'its series have the new name',
    });
  }, 60_000);

  test('ends are told with their exit code, and their series are gone', async () => {
    const quick = start('exit 7', ['--name=quick']);
    const slow = start('exec sleep 3600', ['--name=slow']);
    const killed = await room.living(slow, (each) => each.name === 'slow');
    room.engine.client('kill', slow);
    const end = await room.exited(slow, (each) => each.exit.exitCode !== undefined);
    expect(end).toMatchObject({
      key: killed.key,
      name: 'slow',
      state: 'exited',
      exit: { exitCode: 137, oomKilled: false },
    });
    expect(end.exit.ranForMs).toBeGreaterThan(0);
    expect(await room.statsd.metrics()).not.toContain('name="slow"');
    await room.exited(quick, (each) => each.exit.exitCode === 7);
  }, 60_000);

  test('a kill for memory is told, by the kernel and by docker', async () => {
    const eat = 'sleep 1; a=x; while :; do a=$a$a; done';
    const id = start(eat, ['--name=greedy', '--memory=16m', '--memory-swap=16m']);
    const end = await room.exited(id, (each) => each.exit.exitCode !== undefined);
    expect(end.exit).toMatchObject({ exitCode: 137, oomKilled: true });
  }, 60_000);

  test('a restart ends and begins it under one key; restarts by docker are counted as a value', async () => {
    const id = start('trap "exit 0" TERM; sleep 3600 & wait', ['--name=again']);
    const first = await room.living(id, (each) => each.name === 'again');
    room.engine.client('restart', '--time', '5', id);
    const second = await room.living(
      id,
      (each) => (each.startedAtUnixMs ?? 0) > (first.startedAtUnixMs ?? 0) && each.name === 'again',
    );
    expect(second.key).toBe(first.key);
    expect(room.ear.exits.filter(({ key }) => key === first.key)).toHaveLength(1);
    expect(room.ear.inventories.at(-1)!.exited!.map(({ key }) => key)).not.toContain(first.key);
    const failing = start('sleep 1; exit 3', ['--name=failing', '--restart=on-failure:1']);
    await room.living(failing, (each) => each.restartCount === 1);
    await room.exited(failing, (each) => each.restartCount === 1 && each.exit.exitCode === 3);
  }, 60_000);

  test('a docker in a container: what it runs has a name, a parent and an end of its own', async () => {
    const shared = ['/usr', '/lib', '/lib64'].map((path) => `--volume=${path}:${path}:ro`);
    const rights = ['--cap-add=SYS_ADMIN', '--cap-add=NET_ADMIN', '--cap-add=SYS_PTRACE'];
    const folders = ['--volume=/var/lib/docker', '--volume=/sys/fs/cgroup:/sys/fs/cgroup', '--tmpfs=/run:exec'];
    const path = '--env=PATH=/usr/local/bin:/usr/sbin:/usr/bin:/bin';
    const open = [
      '--security-opt=seccomp=unconfined',
      '--security-opt=apparmor=unconfined',
      '--security-opt=systempaths=unconfined',
    ];
    const flags = ['--name=outer', path, ...shared, ...rights, ...folders, ...open];
    const outer = start('exec sleep 3600', flags);
    const inside = (command: string): string => room.engine.client('exec', outer, '/bin/sh', '-c', command);
    // Where the inner docker puts its containers when it has a cgroup tree of its own.
    const parent = `--cgroup-parent=${room.engine.cgroup}/${outer}/docker`;
    inside(
      `dockerd ${NO_NETWORK.join(' ')} ${parent} --ip-forward=false --storage-driver=vfs --host=unix:///run/d.sock >/run/log 2>&1 &`,
    );
    const docker = 'docker --host=unix:///run/d.sock';
    const image = `/bin/busybox tar -c -C / bin | ${docker} import - busybox`;
    await until(() => inside(image) !== '', { what: 'the inner docker has an image', timeoutMs: 20_000 });
    const id = inside(`${docker} run --detach --network=none --name=inner busybox /bin/sh -c 'exec sleep 3600'`);
    const inner = await room.living(id, (each) => each.name === 'inner');
    const { key } = await room.living(outer, (each) => each.name === 'outer');
    expect(inner).toMatchObject({ parent: key, runtime: 'docker', image: 'busybox' });
    inside(`${docker} kill inner`);
    await room.exited(id, (each) => each.exit.exitCode === 137);
  }, 90_000);
});

describe('podman', () => {
  let room: Room;
  beforeAll(async () => {
    const namespace = stack.use(await makeNamespace());
    const plugins = [{ type: 'loopback' }];
    const conflist = { cniVersion: '0.4.0', name: 'weft-lo', plugins };
    const engine = stack.use(await podman(namespace.name, { conflist, plugins: '/usr/lib/cni' }));
    const socket = `${engine.folder}/podman.sock`;
    stack.use(await startProcess(engine.command('system', 'service', '--time=0', `unix://${socket}`)));
    room = await roomOf(engine, [
      ...['--containers-storage', `${engine.folder}/root`, '--containers-run', `${engine.folder}/runroot`],
      ...['--exit-folder', `${engine.folder}/tmpdir/exits`, '--runtime-socket', socket],
    ]);
  }, 60_000);

  test('names and images come from files, labels from the socket, exit codes from conmon', async () => {
    const { engine } = room;
    const flags = [
      '--detach',
      '--network=none',
      `--cgroup-parent=${engine.cgroup}`,
      '--label=com.docker.compose.project=shop',
    ];
    const id = engine.client('run', ...flags, '--name=db', 'weft-busybox', '/bin/sh', '-c', 'exec sleep 3600');
    const named = await room.living(id, (each) => each.labels['com.docker.compose.project'] === 'shop');
    expect(named).toMatchObject({ key: `podman:${id}`, name: 'db', image: 'localhost/weft-busybox:latest' });
    engine.client('rename', id, 'pg');
    await room.living(id, (each) => each.name === 'pg');
    engine.client('kill', '--signal=KILL', id);
    await room.exited(id, (each) => each.exit.exitCode === 137 && each.name === 'pg');
    engine.client('rm', '--force', id);
  }, 60_000);
});
