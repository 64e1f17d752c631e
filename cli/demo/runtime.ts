import { spawn } from 'node:child_process';
import { access, constants, open, readFile } from 'node:fs/promises';
import { CommandError } from './command.ts';

/** An OCI runtime: how its command line begins. */
export interface OciRuntime {
  readonly name: 'runc' | 'crun';
  readonly command: readonly string[];
}

/** crun refuses a hybrid cgroup tree; in a mount namespace of its own the version 2 part can be out of its sight. */
const CRUN_WITHOUT_UNIFIED = 'umount /sys/fs/cgroup/unified 2>/dev/null; exec crun "$@"';
const CRUN = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', CRUN_WITHOUT_UNIFIED, 'crun'];

/** The first folder of a PATH that holds an executable of this name; `undefined` if none. */
export async function findProgram(name: string, path: string): Promise<string | undefined> {
  for (const folder of path.split(':')) {
    const candidate = `${folder === '' ? '.' : folder}/${name}`;
    try {
      await access(candidate, constants.X_OK);
      return candidate;
    } catch {
      // not here
    }
  }
  return undefined;
}

/** runc if there is one, else crun. */
export async function findRuntime(path: string): Promise<OciRuntime | undefined> {
  if ((await findProgram('runc', path)) !== undefined) return { name: 'runc', command: ['runc'] };
  if ((await findProgram('crun', path)) !== undefined) return { name: 'crun', command: CRUN };
  return undefined;
}

/**
 * Runs a runtime's command with its output in a file: `create` hands its output on to the container, so a pipe would stay
 * open for the container's life. @throws {CommandError} with the end of what it wrote.
 */
async function runWithLog(argv: readonly string[], logFile: string): Promise<void> {
  const log = await open(logFile, 'a');
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const start = (await log.stat()).size;
  try {
    const [file = '', ...rest] = argv;
    const child = spawn(file, rest, { stdio: ['ignore', log.fd, log.fd] });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      resolve(code === 0 ? '' : String(code ?? signal));
    });
    const code = await promise;
    if (code !== '') {
      const stderr = (await readFile(logFile)).subarray(start).toString('utf8');
      throw new CommandError(argv.join(' '), { code, stderr });
    }
  } finally {
    await log.close();
  }
}

export interface ContainerFiles {
  readonly id: string;
  /** The runtime's `--root`: its own records of containers. */
  readonly runtimeRoot: string;
  /** Folder with `config.json`. */
  readonly bundle: string;
  readonly logFile: string;
}

/** `create`: everything but the container's program. Gives its process id. @throws {CommandError} */
export async function createContainer(runtime: OciRuntime, files: ContainerFiles): Promise<number> {
  const pidFile = `${files.bundle}/pid`;
  const { command } = runtime;
  const create = ['--root', files.runtimeRoot, 'create', '--bundle', files.bundle, '--pid-file', pidFile, files.id];
  await runWithLog([...command, ...create], files.logFile);
  return Number(await readFile(pidFile, 'utf8'));
}

/** `start`: lets the program run. @throws {CommandError} */
export async function startContainer(runtime: OciRuntime, files: ContainerFiles): Promise<void> {
  await runWithLog([...runtime.command, '--root', files.runtimeRoot, 'start', files.id], files.logFile);
}

/** `delete --force`: ends it if it runs and forgets it; a container that is unknown is none to delete. @throws {CommandError} */
export async function deleteContainer(runtime: OciRuntime, files: ContainerFiles): Promise<void> {
  const argv = [...runtime.command, '--root', files.runtimeRoot, 'delete', '--force', files.id];
  await runWithLog(argv, files.logFile);
}
