import { stat } from 'node:fs/promises';
import { runCommand } from './command.ts';

const FOLDER = '/run/netns';

/** Where `ip netns` keeps the name: `/run/netns/weft-h1`. */
export function namespacePath(name: string): string {
  return `${FOLDER}/${name}`;
}

/** The inode number of the namespace behind a name: its identity. `undefined` when there is none. */
export async function namespaceInode(name: string): Promise<number | undefined> {
  try {
    return (await stat(namespacePath(name))).ino;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function ipBatch(lines: readonly string[], flags: readonly string[]): Promise<void> {
  if (lines.length === 0) return;
  await runCommand(['ip', ...flags, '-batch', '-'], { input: `${lines.join('\n')}\n` });
}

/** Makes named network namespaces in one call of `ip`; `ip netns add NAME`. @throws {CommandError} */
export async function createNamespaces(names: readonly string[]): Promise<void> {
  await ipBatch(
    names.map((name) => `netns add ${name}`),
    [],
  );
}

/** Removes named network namespaces, with every interface in them; names that do not exist are passed over. @throws {CommandError} */
export async function removeNamespaces(names: readonly string[]): Promise<void> {
  const present = await Promise.all(names.map(async (name) => (await namespaceInode(name)) !== undefined));
  await ipBatch(
    names.filter((_, index) => present[index] === true).map((name) => `netns del ${name}`),
    ['-force'],
  );
}

/** Prefixes a command so that it runs in a namespace. Not `ip netns exec`: that mounts a fresh /sys and hides the cgroups. */
export function inNamespace(name: string | undefined, argv: readonly string[]): string[] {
  return name === undefined ? [...argv] : ['nsenter', `--net=${namespacePath(name)}`, '--', ...argv];
}

/**
 * Prefixes a command so that the kernel kills it when the process that started it ends, however that ends. The process id
 * stays the one of the command: both prefixes replace themselves.
 */
export function tiedToParent(argv: readonly string[]): string[] {
  return ['setpriv', '--pdeathsig', 'KILL', '--', ...argv];
}
