import { writeFileAtomic } from '../../native/host/atomic-file.ts';
import { previousSubnets, renderSubnetEnv, type SubnetEnv } from '../model/subnet-env.ts';
import type { SubnetPair } from '../wire.ts';
import { readIfPresent } from './state.ts';

/** The subnets that the file names, from the run before; `undefined` without file or subnet. @throws {HostFileError} */
export async function readPreviousSubnets(path: string): Promise<SubnetPair | undefined> {
  const text = await readIfPresent(path);
  return text === undefined ? undefined : previousSubnets(text);
}

/** Writes the file for container runtimes, mode 0644, and only when it would change. @throws {HostFileError} */
export async function writeSubnetEnv(path: string, env: SubnetEnv): Promise<void> {
  const text = renderSubnetEnv(env);
  // A runtime that watches the file need not be woken for nothing.
  if ((await readIfPresent(path).catch(() => undefined)) === text) return;
  await writeFileAtomic(path, text, 0o644);
}
