import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { busyboxArchive } from './busybox.ts';
import { run } from './netns.ts';
import { startProcess, type TestProcess } from './processes.ts';
import { removeCgroup } from './runc.ts';
import { until } from './until.ts';

const IMAGE = 'weft-busybox';
/** Of a user and of subordinate users that this machine is unlikely to have. */
const UID = 7311;
const SUBORDINATE = '1879048192:65536';
const USER = 'weft-ana';

interface Tree {
  readonly at: string;
  readonly type: string;
  /** Of a mount: `rw,memory`. */
  readonly options: string;
}

function cgroupMounts(): Tree[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [left = '', right = ''] = line.split(' - ');
      const [type = '', , options = ''] = right.split(' ');
      return type === 'cgroup' || type === 'cgroup2' ? [{ at: left.split(' ')[4] ?? '', type, options }] : [];
    });
}

/** A cgroup in every tree, each with the processors that v1 does not hand down; gives its directories. */
function makeCgroup(trees: readonly Tree[], path: string): string[] {
  return trees.map(({ at, type }) => {
    let directory = at;
    for (const part of path.split('/').filter((each) => each !== '')) {
      directory = join(directory, part);
      mkdirSync(directory, { recursive: true });
      if (type === 'cgroup2' || !existsSync(join(directory, 'cpuset.cpus'))) continue;
      for (const file of ['cpuset.cpus', 'cpuset.mems'])
        writeFileSync(join(directory, file), readFileSync(join(at, file), 'utf8'));
    }
    return directory;
  });
}

/** What mounts the same tree again. */
function mountFlag({ type, options }: Tree): string {
  if (type === 'cgroup2') return '';
  const words = options.split(',').filter((word) => !['rw', 'ro', 'xattr'].includes(word));
  return `-o ${[...(options.includes('name=') ? ['none'] : []), ...words].join(',')}`;
}

/** Where a user is at home: in mounts and a cgroup tree that look like a machine's of its own, and change nothing on this one. */
export interface RootlessRoom extends AsyncDisposable {
  readonly uid: number;
  /** podman as that user. */
  podman(...words: string[]): string;
  /** Docker's API of that user's, where systemd would start it. */
  service(): Promise<TestProcess>;
  /** A program of root's in the room. */
  inside(...argv: string[]): string[];
  /** For `--cgroup-parent`, as it is called in the room. */
  readonly cgroupParent: string;
  readonly image: string;
}

/**
 * A real rootless podman, of a user that only this room has in its /etc/passwd, with a cgroup below the user's slice that is the
 * user's own, as systemd delegates one.
 */
export async function rootlessRoom(): Promise<RootlessRoom> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.adopt(mkdtempSync(join(tmpdir(), 'weft-test-rootless-')), (path) =>
    rm(path, { recursive: true, force: true }),
  );
  chmodSync(folder, 0o755);
  const outer = stack.adopt(`/weft-test/rootless-${process.pid}`, removeCgroup);
  const cgroupParent = `/user.slice/user-${UID}.slice/user@${UID}.service/work`;
  const trees = cgroupMounts();
  for (const directory of makeCgroup(trees, `${outer}${cgroupParent}`)) {
    const files = ['', 'cgroup.procs', 'tasks', 'cgroup.subtree_control'].map((file) => join(directory, file));
    for (const path of files.filter((file) => existsSync(file))) chownSync(path, UID, UID);
  }
  const home = join(folder, 'home');
  mkdirSync(home);
  const archive = busyboxArchive(folder);
  chownSync(home, UID, UID);
  writeFileSync(join(folder, 'passwd'), `root:x:0:0:root:/root:/bin/sh\n${USER}:x:${UID}:${UID}::${home}:/bin/sh\n`);
  writeFileSync(join(folder, 'subids'), `${USER}:${SUBORDINATE}\n`);
  const mounts = [
    'mount --make-rprivate /',
    'mount -t tmpfs none /sys/fs/cgroup',
    ...trees.flatMap((tree) => [`mkdir -p ${tree.at}`, `mount -t ${tree.type} ${mountFlag(tree)} none ${tree.at}`]),
    `mount --bind ${folder}/passwd /etc/passwd`,
    ...['subuid', 'subgid'].map((file) => `mount --bind ${folder}/subids /etc/${file}`),
    'mount -t tmpfs none /run',
    `mkdir -p /run/user/${UID}`,
    `mkdir /run/user/${UID}/podman`,
    `chown -R ${UID}:${UID} /run/user/${UID}`,
    // podman warns when its mounts would not reach it.
    'mount --make-rshared /',
    'echo ready',
    'exec sleep 3600',
  ];
  const enter = trees.map(({ at }) => `echo $$ > ${at}${outer}/cgroup.procs`).join(' && ');
  const holder = stack.use(
    await startProcess(['sh', '-c', `${enter} && exec unshare --mount --cgroup sh -ec "$1"`, 'sh', mounts.join('\n')]),
  );
  await until(() => holder.stdout().includes('ready') || holder.exit() !== undefined, { what: 'the room is ready' });
  if (holder.exit() !== undefined) throw new RangeError(`the room could not be made: ${holder.stderr()}`);
  const inside = (...argv: string[]): string[] => [
    ...['nsenter', `--target=${holder.pid}`, '--mount', '--cgroup', '--wdns=/'],
    ...argv,
  ];
  const asUser = ['setpriv', `--reuid=${UID}`, `--regid=${UID}`, '--clear-groups'];
  const environment = ['env', `HOME=${home}`, `XDG_RUNTIME_DIR=/run/user/${UID}`];
  const options = ['--cgroup-manager=cgroupfs', '--storage-driver=vfs', '--events-backend=none', '--runtime=runc'];
  const command = (...words: string[]): string[] => inside(...asUser, ...environment, 'podman', ...options, ...words);
  const podman = (...words: string[]): string => run(...command(...words)).trim();
  podman('import', '--quiet', archive, IMAGE);
  // The process that keeps the user's namespace would hold the cgroup for ever.
  stack.defer(() => {
    podman('rm', '--all', '--force', '--time', '0');
    podman('system', 'migrate');
  });
  const owned = stack.move();
  return {
    uid: UID,
    podman,
    service: async () => {
      const socket = `/run/user/${UID}/podman/podman.sock`;
      const service = await startProcess(command('system', 'service', '--time=0', `unix://${socket}`));
      await until(() => run(...inside('test', '-S', socket)) === '', { what: 'the service of podman listens' });
      return service;
    },
    inside,
    cgroupParent,
    image: IMAGE,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
