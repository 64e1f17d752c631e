import { join } from 'node:path';
import type { RawMetadata } from '../model/identity.ts';
import { readBounded } from './bounded-file.ts';

const MAX_BYTES = 64 * 1024;

/** `KEY=VALUE` or `key: value` lines; the first of a key counts. */
export function parseAssignments(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, key, value] = /^\s*([\w.-]+)\s*[=:]\s*(.*?)\s*$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined && !found.has(key)) found.set(key, value);
  }
  return found;
}

/** What machined wrote of an nspawn container or virtual machine, in `/run/systemd/machines/<name>`. */
export async function readMachined(hostRoot: string, name: string): Promise<RawMetadata | undefined> {
  const text = await readBounded(join(hostRoot, '/run/systemd/machines', name), MAX_BYTES);
  if (text === undefined) return undefined;
  const micros = Number(parseAssignments(text).get('REALTIME'));
  return { annotations: {}, labels: {}, startedAtUnixMs: micros > 0 ? Math.round(micros / 1000) : undefined };
}

/** The name that Proxmox shows for the number of a container or virtual machine. */
export async function readProxmox(hostRoot: string, vmid: string): Promise<RawMetadata | undefined> {
  for (const [folder, key] of [
    ['lxc', 'hostname'],
    ['qemu-server', 'name'],
  ] as const) {
    const text = await readBounded(join(hostRoot, '/etc/pve', folder, `${vmid}.conf`), MAX_BYTES);
    const runtimeName = text === undefined ? undefined : parseAssignments(text).get(key);
    if (runtimeName !== undefined) return { runtimeName, annotations: {}, labels: {} };
  }
  return undefined;
}
