import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './netns.ts';
import { until } from './until.ts';

export interface RuncOptions {
  /** Shell command; `sleep 3600` when not given. */
  readonly command?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly resources?: object;
  readonly runtime?: 'runc' | 'crun';
  /** Path of the network namespace that it shares; one of its own when not given. */
  readonly network?: string;
}

export interface RuncRoom extends AsyncDisposable {
  /** runc's state folder, for `--runc-root`. */
  readonly root: string;
  /** Cgroup path below which the containers live, for `--cgroup-root`. */
  readonly cgroupRoot: string;
  /** Runs a container; gives its cgroup path. */
  run(id: string, options?: RuncOptions): string;
  /** Puts a writable layer over the root of the containers that are run from now on. */
  overlay(layer: { readonly upper: string; readonly work: string }): void;
  /** Ends and removes it. */
  remove(id: string): void;
  /** Processes of a container. */
  pids(id: string): number[];
}

/** Every cgroup tree of this machine. */
export function cgroupTrees(): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => / - cgroup2? /.test(line))
    .map((line) => line.split(' ')[4] ?? '');
}

/** Removes a cgroup and what is below it from every tree; its processes must have ended. */
export async function removeCgroup(path: string): Promise<void> {
  const sweep = (directory: string): void => {
    if (!existsSync(directory)) return;
    for (const entry of readdirSync(directory, { withFileTypes: true }))
      if (entry.isDirectory()) sweep(join(directory, entry.name));
    rmdirSync(directory);
  };
  await until(
    () => {
      for (const tree of cgroupTrees()) sweep(join(tree, path));
      return true;
    },
    { what: `cgroup ${path} can be removed` },
  );
  // The parent that all tests share goes with the last of them.
  const parent = path.slice(0, path.lastIndexOf('/'));
  for (const tree of parent === '' ? [] : cgroupTrees()) {
    try {
      rmdirSync(join(tree, parent));
    } catch {
      // another test is in it, or this tree never had it
    }
  }
}

/** Containers of runc with busybox inside, in a cgroup of their own that goes with them. */
export function runcRoom(name: string): RuncRoom {
  const folder = mkdtempSync(join(tmpdir(), `weft-test-${name}-`));
  const root = join(folder, 'state');
  const cgroupRoot = `/weft-test/${name}-${process.pid}`;
  const rootfs = join(folder, 'rootfs');
  for (const part of ['bin', 'proc', 'dev', 'tmp']) mkdirSync(join(rootfs, part), { recursive: true });
  copyFileSync('/bin/busybox', join(rootfs, 'bin/busybox'));
  for (const applet of ['sh', 'sleep', 'dd', 'cat']) symlinkSync('busybox', join(rootfs, 'bin', applet));
  const call = (runtime: 'runc' | 'crun', ...args: string[]): void => {
    // crun refuses a hybrid host; without the v2 tree in its mount namespace it takes this one for a v1 host.
    const hide = [
      'unshare',
      '--mount',
      'sh',
      '-c',
      'umount /sys/fs/cgroup/unified 2>/dev/null; exec crun "$@"',
      'crun',
    ];
    const [file = '', ...rest] = [...(runtime === 'crun' ? hide : ['runc']), '--root', root, ...args];
    execFileSync(file, rest, { stdio: 'ignore' });
  };
  let mounted = false;
  const started = new Map<string, 'runc' | 'crun'>();
  const pids = (id: string): number[] => {
    const [memory = ''] = cgroupTrees().filter((tree) => tree.endsWith('/memory') || tree.endsWith('/cgroup'));
    return readFileSync(join(memory, cgroupRoot, id, 'cgroup.procs'), 'utf8')
      .trim()
      .split('\n')
      .map(Number);
  };
  const remove = (id: string): void => {
    call(started.get(id) ?? 'runc', 'delete', '-f', id);
    started.delete(id);
  };
  return {
    root,
    cgroupRoot,
    pids,
    remove,
    overlay({ upper, work }) {
      run('mount', '-t', 'overlay', 'overlay', '-o', `lowerdir=${rootfs},upperdir=${upper},workdir=${work}`, rootfs);
      mounted = true;
    },
    run(id, options = {}) {
      const bundle = join(folder, 'bundles', id);
      mkdirSync(bundle, { recursive: true });
      const args = ['/bin/sh', '-c', options.command ?? 'exec sleep 3600'];
      const config = {
        ociVersion: '1.0.2',
        process: { user: { uid: 0, gid: 0 }, args, env: ['PATH=/bin'], cwd: '/' },
        root: { path: rootfs, readonly: true },
        annotations: options.annotations ?? {},
        mounts: [
          { destination: '/proc', type: 'proc', source: 'proc' },
          { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['mode=755', 'size=64k'] },
          { destination: '/tmp', type: 'tmpfs', source: 'tmpfs' },
        ],
        linux: {
          cgroupsPath: `${cgroupRoot}/${id}`,
          resources: options.resources ?? {},
          namespaces: [
            ...['pid', 'ipc', 'uts', 'mount'].map((type) => ({ type })),
            { type: 'network', ...(options.network === undefined ? {} : { path: options.network }) },
          ],
        },
      };
      writeFileSync(join(bundle, 'config.json'), JSON.stringify(config));
      const { runtime = 'runc' } = options;
      started.set(id, runtime);
      call(runtime, 'run', '-d', '--bundle', bundle, id);
      return `${cgroupRoot}/${id}`;
    },
    [Symbol.asyncDispose]: async () => {
      for (const id of [...started.keys()]) {
        try {
          remove(id);
        } catch {
          // never started, or removed by the test
        }
      }
      await removeCgroup(cgroupRoot);
      if (mounted) run('umount', rootfs);
      rmSync(folder, { recursive: true });
    },
  };
}
