import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { busyboxArchive } from './busybox.ts';
import { run } from './netns.ts';
import { startProcess } from './processes.ts';
import { removeCgroup } from './runc.ts';
import { until } from './until.ts';

const IMAGE = 'weft-busybox';

export interface RunningContainer {
  readonly id: string;
  readonly pid: number;
  /** Its IPv4 address. */
  readonly address: string;
}

/** A container engine with an image of busybox, in a host's network namespace and in folders and a cgroup of its own. */
export interface ContainerEngine extends AsyncDisposable {
  /** Starts a container from the image; `flags` are those of `run`. */
  start(command: readonly string[], flags?: readonly string[]): RunningContainer;
  /** Ends and removes it. */
  remove(id: string): void;
  /** Its own folder: docker's below `data`, podman's below `root`, `runroot` and `tmpdir`. */
  readonly folder: string;
  /** Cgroup path below which its containers are. */
  readonly cgroup: string;
  /** The engine's own command line client. */
  client(...words: string[]): string;
}

/** A dockerd, and where its things are. */
export interface DockerEngine extends ContainerEngine {
  /** Of dockerd. */
  readonly pid: number;
  readonly socket: string;
}

/** dockerd writes here whatever its options say: it gets folders of its own, and its mounts end with it. */
const PRIVATE = [
  'unshare',
  '--mount',
  'sh',
  '-c',
  'for at in /etc/docker /opt /run; do mount -t tmpfs none $at; done; exec "$@"',
  'sh',
];

/** A real dockerd with the options that its environment file gives, as `docker.service` would start it. */
export async function startDockerd(namespace: string, options: readonly string[]): Promise<DockerEngine> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.adopt(await mkdtemp(join(tmpdir(), 'weft-test-docker-')), (path) =>
    rm(path, { recursive: true, force: true }),
  );
  const cgroup = stack.adopt(`/weft-test/docker-${process.pid}-${namespace}`, removeCgroup);
  const socket = join(folder, 's');
  const config = join(folder, 'daemon.json');
  writeFileSync(config, '{}');
  const argv = [
    ...PRIVATE,
    'dockerd',
    `--config-file=${config}`,
    `--data-root=${join(folder, 'data')}`,
    `--exec-root=${join(folder, 'exec')}`,
    `--pidfile=${join(folder, 'pid')}`,
    `--host=unix://${socket}`,
    `--cgroup-parent=${cgroup}`,
    '--exec-opt=native.cgroupdriver=cgroupfs',
    '--storage-driver=vfs',
    '--userland-proxy=false',
  ];
  const daemon = stack.use(await startProcess([...argv, ...options], { namespace }));
  const client = (...words: string[]): string => run('docker', '--host', `unix://${socket}`, ...words).trim();
  await until(
    () => {
      if (daemon.exit() === undefined) return client('version') !== '';
      return true;
    },
    { what: 'dockerd answers', timeoutMs: 30_000 },
  );
  if (daemon.exit() !== undefined) throw new RangeError(`dockerd ended: ${daemon.stderr().slice(-2000)}`);
  client('import', busyboxArchive(folder), IMAGE);
  const owned = stack.move();
  const alive = new Set<string>();
  const remove = (id: string): void => {
    client('rm', '--force', id);
    alive.delete(id);
  };
  return {
    pid: daemon.pid,
    socket,
    client,
    folder,
    cgroup,
    remove,
    start: (command, flags = []) => {
      const id = client('run', '--detach', ...flags, IMAGE, ...command);
      alive.add(id);
      const shown = client('inspect', '--format', '{{.State.Pid}} {{.NetworkSettings.IPAddress}}', id);
      const [pid, address = ''] = shown.split(' ');
      return { id, pid: Number(pid), address };
    },
    [Symbol.asyncDispose]: async () => {
      for (const id of [...alive]) remove(id);
      await owned.disposeAsync();
    },
  };
}
