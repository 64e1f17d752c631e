import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HostFileError, writeFileAtomic } from '../../native/host/atomic-file.ts';
import { FatalError } from '../../native/host/lifecycle.ts';
import { parseMac, type MacAddress } from '../../native/net/mac.ts';

/** Text of a file, `undefined` when there is none. @throws {HostFileError} */
export async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw new HostFileError('read', path, cause);
  }
}

const macPath = (stateDir: string, device: string): string => join(stateDir, `${device}.mac`);

/** The VTEP MAC this host had before. A damaged file counts as none: a new MAC costs peers one update. @throws {HostFileError} */
export async function readVtepMac(stateDir: string, device: string): Promise<MacAddress | undefined> {
  const text = await readIfPresent(macPath(stateDir, device));
  if (text === undefined) return undefined;
  try {
    return parseMac(text.trim());
  } catch {
    return undefined;
  }
}

/** Keeps the VTEP MAC over restarts and reboots, so that no peer has to learn a new one. @throws {HostFileError} */
export async function writeVtepMac(stateDir: string, device: string, mac: MacAddress): Promise<void> {
  await writeFileAtomic(macPath(stateDir, device), `${mac}\n`);
}

/** Turns the failure of a state file into the end of the start, with what to do. @throws {FatalError} */
export async function onStateFolder<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof HostFileError)) throw error;
    throw new FatalError(`${error.message}; name a writable folder with --state-dir`, { cause: error });
  }
}
