import type { Content } from './cgroup-text.ts';
import type { ContainerDetails } from './details.ts';
import { CONTAINER_COLUMNS, CONTAINER_EXTRA_COLUMNS } from '../wire.ts';

/**
 * What is kept of a container after each tick, one Float64 each; NaN is unknown. The first ones are the wire's columns in the
 * wire's order, so that a frame is a copy. Lists (per device, per interface) are in model/details.ts.
 */
export const FIELDS = [
  ...CONTAINER_COLUMNS,
  ...CONTAINER_EXTRA_COLUMNS,
  'memoryMappedFileBytes',
  'memoryDirtyBytes',
  'memoryWritebackBytes',
  'memoryActiveAnonBytes',
  'memoryInactiveAnonBytes',
  'memoryActiveFileBytes',
  'memoryInactiveFileBytes',
  'memoryUnevictableBytes',
  'memorySlabReclaimableBytes',
  /** memory.events; v2 only. */
  'memoryHighEvents',
  'memoryMaxEvents',
  'memoryOomEvents',
  /** Effective limit over all ancestors; `Infinity` is none. */
  'memoryLimitBytes',
  /** Memory and swap together (v1) or swap alone (v2), the container's own; `Infinity` is none. */
  'memorySwapLimitBytes',
  /** What reclaim leaves alone as long as it can: the soft limit (v1), memory.low (v2). */
  'memoryReservationBytes',
  /** The container's own quota, microseconds per period; `Infinity` is none. */
  'cpuQuotaMicros',
  'cpuPeriodMicros',
  /** Effective over all ancestors; `Infinity` is none. */
  'cpuLimitCores',
  /** cpu.shares, or what cpu.weight stands for in shares. */
  'cpuShares',
  /** CPUs in the effective cpuset. */
  'cpusetCpus',
  'pidsLimit',
  /** Forks that a limit on pids refused. */
  'pidsFailures',
  /** 1 while frozen. */
  'paused',
  /** OOM kills of this container under all its cgroups since the agent began: they survive a restart, unlike `oomKills`. */
  'oomKillsTotal',
  'startTimeUnixSeconds',
  'lastSeenUnixSeconds',
] as const;

export type Field = (typeof FIELDS)[number];

/** Index of each field in a sample. */
export const FIELD = Object.freeze(Object.fromEntries(FIELDS.map((field, index) => [field, index]))) as Readonly<
  Record<Field, number>
>;

/** A sample in which nothing is known yet. */
export function emptySample(): Float64Array {
  return new Float64Array(FIELDS.length).fill(Number.NaN);
}

/** A kernel file that is read again and again. */
export interface KernelFile {
  /** The content, valid until the next read of any file; `undefined` when it is absent or its cgroup is gone. */
  read(): Content | undefined;
  readonly path: string;
  /** Each reading opens it, since no descriptor is left: it is to be read seldom. */
  readonly isOpenedAnew?: boolean;
  /** What it said was not understood: the same again is news. */
  forget?(): void;
}

/** One container's directories, one per hierarchy. */
export interface CgroupView<File extends KernelFile = KernelFile> {
  /** 1 or 2: which layout the controller's files have here; `undefined` when it is mounted nowhere. */
  version(controller: string): 1 | 2 | undefined;
  /** A file of the container's cgroup, kept open between reads; `undefined` when the controller is mounted nowhere. */
  file(controller: string, name: string): File | undefined;
  /** The same, for a file that is read seldom: opened for each read. */
  rareFile(controller: string, name: string): File | undefined;
  /** The same as `file`, looked for at each read while it is missing: its controller may be switched on at any time. */
  limitFile(controller: string, name: string): File | undefined;
  /** A file of the container's cgroup in the v2 tree, also on a hybrid host; `undefined` where there is no such tree. */
  unifiedFile(name: string): File | undefined;
  /** What the ancestors' files of this name say, nearest first; each is read at most once a tick for all containers. */
  ancestry(controller: string, name: string): readonly KernelFile[];
}

export interface Tick {
  /** The slower tier is due for this container: files that cost more or change less. */
  readonly slow: boolean;
  /** The slowest tier is due for this container: what hardly ever changes. */
  readonly rare: boolean;
  /** The container's processes are in the v2 tree's cgroup of its path, so that the files there are about them. */
  readonly unified: boolean;
  /** The numbers of {@link Reader.quick} were stored already. */
  readonly numbered?: boolean;
}

/** Where readings go. */
export interface Target {
  readonly sample: Float64Array;
  readonly details: ContainerDetails;
}

/** A file whose numbers become fields as they are, each divided by what stands for it in `per`. */
export interface NumberFile {
  readonly file: KernelFile | undefined;
  /** Keys of a flat keyed file, always the same array for the same keys; none for a file that is one number. */
  readonly keys: readonly string[];
  /** One for each key, or one. */
  readonly fields: readonly Field[];
  readonly per: readonly number[];
  /** Called when a number is another one than before. @throws {CgroupTextError} */
  readonly changed?: (target: Target) => void;
}

/** Of a collector that reads nothing at a tick of no slower tier. */
export const NO_NUMBERS: readonly NumberFile[] = [];

/** Reads one aspect of one container. What it requests is fetched together with that of others, and `collect` follows. */
export interface Reader {
  /** Files that `collect` will read at such a tick; what is not requested is read on the spot. */
  request(add: (file: KernelFile | undefined) => void, tick: Tick): void;
  /** @throws {CgroupTextError} when a file cannot be understood. */
  collect(target: Target, tick: Tick): void;
  /**
   * Files that `collect` reads besides those that it requests, and that give the same object while they say the same. Where all of
   * both say what they said before, it is not called.
   */
  readonly beside?: readonly KernelFile[];
  /**
   * All that `collect` does at a tick of no slower tier, where that is nothing but numbers: then it need not be called. Asked again
   * after it was called; the same array as before means that nothing is different.
   */
  quick?(): readonly NumberFile[] | undefined;
}

export interface Collector {
  readonly name: string;
  /** Fields that become NaN when the collector fails. */
  readonly fields: readonly Field[];
  /** Lists that become unknown when it fails. */
  readonly lists?: readonly (keyof Omit<ContainerDetails, 'network'>)[];
  attach(view: CgroupView): Reader;
}
