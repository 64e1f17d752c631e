import { writeFileAtomic } from '../../native/host/atomic-file.ts';
import type { Cidr4 } from '../../native/net/cidr.ts';
import { previousSubnet, renderSubnetEnv, type SubnetEnv } from '../model/subnet-env.ts';
import { readIfPresent } from './state.ts';

/** The subnet that the file names, from the run before; `undefined` without file or subnet. @throws {HostFileError} */
export async function readPreviousSubnet(path: string): Promise<Cidr4 | undefined> {
  const text = await readIfPresent(path);
  return text === undefined ? undefined : previousSubnet(text);
}

/** Writes the file for container runtimes, mode 0644, and only when it would change. @throws {HostFileError} */
export async function writeSubnetEnv(path: string, env: SubnetEnv): Promise<void> {
  const text = renderSubnetEnv(env);
  // A runtime that watches the file need not be woken for nothing.
  if ((await readIfPresent(path).catch(() => undefined)) === text) return;
  await writeFileAtomic(path, text, 0o644);
}
