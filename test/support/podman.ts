import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inNamespace } from '../../cli/demo/namespaces.ts';
import { busyboxArchive } from './busybox.ts';
import type { ContainerEngine } from './docker.ts';
import { run } from './netns.ts';
import { removeCgroup } from './runc.ts';

const IMAGE = 'weft-busybox';

/** libcni keeps what podman added below here, whatever podman's own folders are. */
const CNI_CACHE = ['/var/lib/cni/results', '/var/lib/cni'];

/** A real podman that makes networks by CNI, of the network list `conflist`; plugins are looked for in `plugins` and in Debian's folder. */
export async function podman(
  namespace: string,
  network: { readonly conflist: { readonly name: string }; readonly plugins: string },
): Promise<ContainerEngine & { readonly command: (...words: string[]) => string[] }> {
  const before = CNI_CACHE.filter((path) => existsSync(path));
  const folder = await mkdtemp(join(tmpdir(), 'weft-test-podman-'));
  const cgroup = `/weft-test/podman-${process.pid}-${namespace}`;
  mkdirSync(join(folder, 'net.d'));
  writeFileSync(join(folder, 'net.d/10-weft.conflist'), JSON.stringify(network.conflist));
  const config = join(folder, 'containers.conf');
  writeFileSync(
    config,
    `[containers]
default_ulimits = ["nofile=1024:4096", "nproc=4096:4096"]
[network]
network_backend = "cni"
cni_plugin_dirs = ["${network.plugins}", "/usr/lib/cni"]
network_config_dir = "${join(folder, 'net.d')}"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
lock_type = "file"
runtime = "runc"
`,
  );
  const folders = ['root', 'runroot', 'tmpdir'].flatMap((name) => [`--${name}`, join(folder, name)]);
  const command = (...words: string[]): string[] =>
    inNamespace(namespace, [
      'env',
      `CONTAINERS_CONF=${config}`,
      'podman',
      ...folders,
      '--storage-driver=vfs',
      ...words,
    ]);
  const client = (...words: string[]): string => run(...command(...words)).trim();
  client('import', '--quiet', busyboxArchive(folder), IMAGE);
  const alive = new Set<string>();
  const remove = (id: string): void => {
    client('rm', '--force', '--time', '0', id);
    alive.delete(id);
  };
  return {
    client,
    command,
    folder,
    cgroup,
    remove,
    start: (command, flags = []) => {
      const { name } = network.conflist;
      const id = client(
        'run',
        '--detach',
        `--network=${name}`,
        `--cgroup-parent=${cgroup}`,
        ...flags,
        IMAGE,
        ...command,
      );
      alive.add(id);
      const format = `{{.State.Pid}} {{(index .NetworkSettings.Networks "${name}").IPAddress}}`;
      const [pid, address = ''] = client('inspect', '--format', format, id).split(' ');
      return { id, pid: Number(pid), address };
    },
    [Symbol.asyncDispose]: async () => {
      for (const id of [...alive]) remove(id);
      await removeCgroup(cgroup);
      await rm(folder, { recursive: true, force: true });
      for (const path of CNI_CACHE) if (!before.includes(path) && existsSync(path)) rmdirSync(path);
    },
  };
}
