import type { LayerUsage } from './layer.ts';
import type { ProcessCounts } from './process-text.ts';

/**
 * What is known of a container besides its sample: lists whose length differs from container to container. The objects live as
 * long as their container and are filled anew at each reading, so a reader copies what it wants to keep. A number that is not
 * known is NaN, a list that is not known `undefined`; an empty list says that there is nothing.
 */
export interface ContainerDetails {
  /** CPU seconds on each possible CPU; cpuacct.usage_percpu, which v2 does not have. */
  perCpuSeconds: Float64Array | undefined;
  /** memory.stat in the kernel's own words; the keys differ between v1 and v2 and grow with each kernel. */
  memoryStat: KeyedValues | undefined;
  /** Only devices with traffic are listed. `undefined` where the kernel does not count. */
  blockDevices: readonly BlockDevice[] | undefined;
  /** One for each page size that the kernel knows. */
  hugePages: readonly HugePages[] | undefined;
  network: NetworkReading;
  /** With `--process-metrics`, as of the last look. */
  processes: ProcessCounts | undefined;
  /** With `--layer-size`, as of the last look. */
  layer: LayerUsage | undefined;
}

/** A flat keyed file such as memory.stat: `keys[i]` has `values[i]`. The keys are shared by all files of the same layout. */
export interface KeyedValues {
  readonly keys: readonly string[];
  readonly values: Float64Array;
}

/** The value of a key, NaN where the kernel does not have it. */
export function valueOf(keyed: KeyedValues | undefined, key: string): number {
  const index = keyed?.keys.indexOf(key) ?? -1;
  return keyed?.values[index] ?? Number.NaN;
}

/** Traffic with one block device since the container began; NaN for what this hierarchy does not tell. */
export interface BlockDevice {
  readonly major: number;
  readonly minor: number;
  readBytes: number;
  writeBytes: number;
  discardBytes: number;
  reads: number;
  writes: number;
  discards: number;
  /** v1 only: the same bytes and operations by another cut. */
  syncBytes: number;
  asyncBytes: number;
  syncs: number;
  asyncs: number;
}

export interface HugePages {
  /** As the kernel names its files: `2MB`, `1GB`. */
  readonly pageSize: string;
  usageBytes: number;
  /** v1 only. */
  peakBytes: number;
  /** Allocations that the limit refused. */
  failures: number;
}

/** Counters of one interface, as the container sees them: `receive` is what came in. */
export interface InterfaceCounters {
  readonly name: string;
  /** Inside the container's network namespace. */
  readonly ifindex: number;
  receiveBytes: number;
  receivePackets: number;
  receiveErrors: number;
  receiveDropped: number;
  transmitBytes: number;
  transmitPackets: number;
  transmitErrors: number;
  transmitDropped: number;
}

/**
 * - `own`: in a network namespace that is not the host's. `sharedBy` containers are in it, and each shows the same counters: a
 *   sum over containers counts each `netnsInode` once. Without loopback.
 * - `host`: in the host's namespace, whose counters cannot be attributed to a container.
 * - `unknown`: not looked for yet, or not to be found.
 */
export type NetworkReading =
  | {
      readonly kind: 'own';
      readonly netnsInode: number;
      readonly sharedBy: number;
      readonly interfaces: readonly InterfaceCounters[];
    }
  | { readonly kind: 'host' }
  | { readonly kind: 'unknown' };

export function emptyDetails(): ContainerDetails {
  return {
    perCpuSeconds: undefined,
    memoryStat: undefined,
    blockDevices: undefined,
    hugePages: undefined,
    network: { kind: 'unknown' },
    processes: undefined,
    layer: undefined,
  };
}
