import { readFileSync } from 'node:fs';

/** Descriptors left for sockets, logs and watches. */
const RESERVED_DESCRIPTORS = 256;
/** As many as a thousand containers have on v1. The kernel keeps a page for each, which no RSS shows: more is not worth it. */
const MAX_DESCRIPTORS = 26_624;

/** How many cgroup files may stay open: what the process may open, less a reserve, from /proc/self/limits. */
export function descriptorCap(procfs: string): number {
  let limits: string;
  try {
    limits = readFileSync(`${procfs}/self/limits`, 'utf8');
  } catch {
    return 512; // the smallest usual limit is 1024
  }
  const soft = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? 1024);
  return Math.min(MAX_DESCRIPTORS, Math.max(0, soft - RESERVED_DESCRIPTORS));
}
