/** How this machine mounts its cgroups; decided from `/proc/self/mountinfo`, never from fixed paths. */
export type CgroupMode = 'v1' | 'hybrid' | 'v2';

export interface CgroupMount {
  readonly version: 1 | 2;
  readonly mountPoint: string;
  /** v1 controllers of this mount, such as `cpu` and `cpuacct`; empty for v2, whose files say themselves what is there. */
  readonly controllers: readonly string[];
  /** What of the hierarchy is mounted: `/` unless a sub-tree is bound or the agent has its own cgroup namespace. */
  readonly root: string;
}

export interface Hierarchy {
  readonly mode: CgroupMode;
  /** The one tree in which containers are looked for. */
  readonly discovery: CgroupMount;
  /** The v2 tree, also on hybrid hosts: cgroup.events lives there. */
  readonly unified: CgroupMount | undefined;
  readonly v1: readonly CgroupMount[];
}

// mountinfo writes space, tab, newline and backslash as octal.
const unescape = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

function cgroupMountOf(line: string): CgroupMount | undefined {
  const [before = '', after = ''] = line.split(' - ', 2);
  const [, , , root, mountPoint] = before.split(' ');
  const [type, , superOptions = ''] = after.split(' ');
  if (root === undefined || mountPoint === undefined) return undefined;
  const place = { root: unescape(root), mountPoint: unescape(mountPoint) };
  if (type === 'cgroup2') return { version: 2, controllers: [], ...place };
  if (type !== 'cgroup') return undefined;
  const controllers = superOptions.split(',').filter((option) => !['rw', 'ro', 'xattr', ''].includes(option));
  return { version: 1, controllers, ...place };
}

/** The cgroup mounts of a mountinfo file, in its order. */
export function parseCgroupMounts(mountinfo: string): CgroupMount[] {
  return mountinfo.split('\n').flatMap((line) => cgroupMountOf(line) ?? []);
}

// cpuset and devices are not offered: runtimes leave them out or mount them elsewhere more often than these.
const DISCOVERY_ORDER = ['memory', 'pids', 'cpuacct', 'cpu', 'blkio'];

/** A whole hierarchy before a part of it, then the shorter path: a container's bind mount repeats what the host has. */
const better = (a: CgroupMount, b: CgroupMount): number =>
  Number(a.root !== '/') - Number(b.root !== '/') || a.mountPoint.length - b.mountPoint.length;

/**
 * The hierarchy to use, or `undefined` when no usable cgroup file system is mounted. `below` restricts it to the mounts at or
 * under a path; a cgroup2 mount exactly there is then used alone, as on a pure v2 host.
 */
export function chooseHierarchy(mounts: readonly CgroupMount[], below?: string): Hierarchy | undefined {
  const exact = mounts.find((mount) => mount.mountPoint === below && mount.version === 2);
  if (exact !== undefined) return { mode: 'v2', discovery: exact, unified: exact, v1: [] };
  const usable = mounts
    .filter((mount) => below === undefined || mount.mountPoint === below || mount.mountPoint.startsWith(`${below}/`))
    .toSorted(better);
  const unified = usable.find((mount) => mount.version === 2);
  const v1 = usable.filter((mount) => mount.version === 1);
  const named = DISCOVERY_ORDER.flatMap((name) => v1.find((mount) => mount.controllers.includes(name)) ?? [])[0];
  if (named !== undefined) return { mode: unified === undefined ? 'v1' : 'hybrid', discovery: named, unified, v1 };
  // With every controller in the v2 tree, a lone name=systemd mount does not make the host a v1 one.
  return unified === undefined ? undefined : { mode: 'v2', discovery: unified, unified, v1: [] };
}

/**
 * What an operator means by a path: a place in the file system where cgroups are mounted (`/host/sys/fs/cgroup`), one below
 * such a mount (`/sys/fs/cgroup/kubepods`), or, when nothing is mounted there, a path within the hierarchy (`/kubepods`).
 */
export function placeOfRoot(
  mounts: readonly CgroupMount[],
  path: string,
): { readonly below: string | undefined; readonly cgroupPath: string } {
  if (path === '/') return { below: undefined, cgroupPath: '/' };
  if (mounts.some(({ mountPoint }) => mountPoint === path || mountPoint.startsWith(`${path}/`)))
    return { below: path, cgroupPath: '/' };
  const [mount] = mounts
    .filter(({ mountPoint }) => path.startsWith(`${mountPoint}/`))
    .toSorted((a, b) => b.mountPoint.length - a.mountPoint.length);
  if (mount === undefined) return { below: undefined, cgroupPath: path };
  const { mountPoint, version } = mount;
  const siblings = mountPoint.slice(0, mountPoint.lastIndexOf('/'));
  return { below: version === 2 ? mountPoint : siblings, cgroupPath: path.slice(mountPoint.length) };
}

/** Where a controller's files are: its v1 mount, else the v2 tree (whose cgroups may still lack the file). */
export function mountOf(hierarchy: Hierarchy, controller: string): CgroupMount | undefined {
  return hierarchy.v1.find((mount) => mount.controllers.includes(controller)) ?? hierarchy.unified;
}

/** `/a/b` under mount point `/sys/fs/cgroup/memory` gives the directory's full path. */
export function directoryIn(mount: CgroupMount, cgroupPath: string): string {
  return cgroupPath === '/' ? mount.mountPoint : `${mount.mountPoint}${cgroupPath}`;
}

/**
 * The cgroup path in our discovery tree that a runtime means by a full directory path. Its mount namespace may show the
 * tree elsewhere, so the usual places are tried after our own; `undefined` when it is none of them.
 */
export function cgroupPathOf(hierarchy: Hierarchy, directory: string): string | undefined {
  const { mountPoint, controllers } = hierarchy.discovery;
  const usual = [...controllers, 'unified'].map((name) => `/sys/fs/cgroup/${name}`);
  for (const prefix of [mountPoint, ...usual, '/sys/fs/cgroup']) {
    if (directory === prefix) return '/';
    if (directory.startsWith(`${prefix}/`)) return directory.slice(prefix.length);
  }
  return undefined;
}
