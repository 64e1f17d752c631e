import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cgroupTrees, removeCgroup } from './runc.ts';
import { until } from './until.ts';

/** Many cgroups that look like containers of docker, each with one sleeping process, in every hierarchy as runc makes them. */
export interface ManyCgroups extends AsyncDisposable {
  /** `--cgroup-root`, and docker's files for their names. */
  readonly flags: readonly string[];
  /** Makes so many more. */
  add(count: number): void;
  /** Ends and removes the oldest. */
  removeOldest(count: number): Promise<void>;
}

const idOf = (number: number): string => createHash('sha256').update(String(number)).digest('hex');

function writeDockerFile(dockerRoot: string, number: number): void {
  const id = idOf(number);
  const folder = join(dockerRoot, 'containers', id);
  mkdirSync(folder, { recursive: true });
  const config = {
    ID: id,
    Name: `/many-${number}`,
    Config: { Image: 'busybox', Labels: { 'com.docker.compose.project': 'shop' } },
  };
  writeFileSync(join(folder, 'config.v2.json'), JSON.stringify({ ...config, State: { Running: true } }));
}

export function manyCgroups(name: string): ManyCgroups {
  const parent = `/weft-test/${name}-${process.pid}`;
  const cgroupRoot = `${parent}/docker`;
  // A cpuset takes no process before it is set up, and nothing is measured there.
  const trees = cgroupTrees().filter((tree) => !/\/(?:systemd|cpuset)$/.test(tree));
  for (const tree of trees) mkdirSync(join(tree, cgroupRoot), { recursive: true });
  const dockerRoot = mkdtempSync(join(tmpdir(), 'weft-test-many-'));
  const living: { readonly path: string; readonly pid: number }[] = [];
  let made = 0;
  // Sleepers that end when this does.
  const start = (): number => {
    const child = spawn('sleep', ['86400'], { stdio: 'ignore' });
    if (child.pid === undefined) throw new RangeError('cannot start sleep');
    return child.pid;
  };
  const remove = async (which: readonly { readonly path: string; readonly pid: number }[]): Promise<void> => {
    for (const { pid } of which) process.kill(pid, 'SIGKILL');
    for (const { path, pid } of which) {
      await until(() => !existsSync(`/proc/${pid}/ns/net`), { what: `sleeper ${pid} ends` });
      await removeCgroup(path);
    }
  };
  return {
    flags: ['--cgroup-root', cgroupRoot, '--docker-root', dockerRoot],
    add(count) {
      for (let turn = 0; turn < count; turn += 1) {
        const path = `${cgroupRoot}/${idOf(made)}`;
        writeDockerFile(dockerRoot, made);
        made += 1;
        const pid = start();
        for (const tree of trees) {
          const directory = join(tree, path);
          mkdirSync(directory);
          writeFileSync(join(directory, 'cgroup.procs'), String(pid));
        }
        living.push({ path, pid });
      }
    },
    removeOldest: (count) => remove(living.splice(0, count)),
    [Symbol.asyncDispose]: async () => {
      await remove(living.splice(0));
      await removeCgroup(parent);
      rmSync(dockerRoot, { recursive: true, force: true });
    },
  };
}
