import type { HostView } from '../wire.ts';
import type { HostViewColumn } from '../view-wire.ts';
import { valueAt, type HostBlock } from './columns.ts';
import { formatDuration, UNAVAILABLE } from './format.ts';

/** Younger data is simply current: one frame a second would make the number dance between 0 and 1. */
const CURRENT_MS = 3_000;

/**
 * Age of a host's values, ms. The inventory tells a live host's last frame only now and then, while each frame that arrives
 * carries its values: its age is then that of the frame.
 */
export function hostDataAgeMs(
  host: Pick<HostView, 'state' | 'lastFrameUnixMs'>,
  frameUnixMs: number | undefined,
  nowUnixMs: number,
): number | undefined {
  const at = host.state === 'live' ? Math.max(frameUnixMs ?? 0, host.lastFrameUnixMs ?? 0) : host.lastFrameUnixMs;
  return at === undefined || at === 0 ? undefined : Math.max(0, nowUnixMs - at);
}

/** `now`, or the age in words. */
export function formatFreshness(ageMs: number | undefined): string {
  if (ageMs === undefined) return UNAVAILABLE;
  return ageMs < CURRENT_MS ? 'now' : formatDuration(ageMs);
}

export interface Usage {
  /** NaN when no host tells. */
  readonly used: number;
  /** Of the hosts whose use is known; NaN when none is. */
  readonly total: number;
}

/** What is used of what. */
export interface UsageKind {
  readonly column: HostViewColumn;
  readonly capacity: (host: HostView) => number | undefined;
}

export const CPU_USAGE: UsageKind = { column: 'cpuCores', capacity: (host) => host.cpuCores };
export const MEMORY_USAGE: UsageKind = { column: 'memoryUsedBytes', capacity: (host) => host.memoryTotalBytes };

/** Use and capacity over the hosts that tell both now, so that a silent host is neither used nor free capacity. */
export function clusterUsage(
  hosts: readonly HostView[],
  block: HostBlock | undefined,
  { column, capacity }: UsageKind,
): Usage {
  const known = hosts
    .map((host, row) => ({ used: valueAt(block, column, row), total: capacity(host) ?? Number.NaN }))
    .filter(({ used, total }, row) => !Number.isNaN(used + total) && hosts[row]?.state !== 'stale');
  if (known.length === 0) return { used: Number.NaN, total: Number.NaN };
  return known.reduce((sum, { used, total }) => ({ used: sum.used + used, total: sum.total + total }));
}
