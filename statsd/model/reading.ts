import { CONTAINER_COLUMNS } from '../wire.ts';

/**
 * What is kept of a container after each tick, one Float64 each; NaN is unknown. The first ones are the wire's columns in the
 * wire's order, so that a frame is a copy.
 */
export const FIELDS = [
  ...CONTAINER_COLUMNS,
  'cpuPeriods',
  'cpuThrottledPeriods',
  'memoryCacheBytes',
  'memoryRssBytes',
  /** Effective limit over all ancestors; `Infinity` is none. */
  'memoryLimitBytes',
  /** The container's own quota, microseconds per period; `Infinity` is none. */
  'cpuQuotaMicros',
  'cpuPeriodMicros',
  /** Effective over all ancestors; `Infinity` is none. */
  'cpuLimitCores',
  'pidsLimit',
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

/** `read` found no such file: the controller is off, the kernel is older, or the cgroup is not complete yet. */
export const ABSENT = -1;
/** `read` found that the cgroup was removed. */
export const GONE = -2;

/** A kernel file that is read again and again; the content stands in `bytes` until the next read of any file. */
export interface KernelFile {
  /** Byte length of the content, or {@link ABSENT} or {@link GONE}. */
  read(): number;
  readonly bytes: Uint8Array;
  /** For error messages. */
  readonly path: string;
}

/** One container's directories, one per hierarchy. */
export interface CgroupView {
  /** 1 or 2: which layout the controller's files have here; `undefined` when it is mounted nowhere. */
  version(controller: string): 1 | 2 | undefined;
  /** A file of the container's cgroup, kept open between reads; `undefined` when the controller is mounted nowhere. */
  file(controller: string, name: string): KernelFile | undefined;
  /** The same file in the container's cgroup and each ancestor that has limits, nearest first; opened for each read. */
  ancestry(controller: string, name: string): readonly KernelFile[];
}

export interface Tick {
  /** The slower tier is due for this container: files that cost more or change less. */
  readonly slow: boolean;
  /** Limits are due for this container. */
  readonly limits: boolean;
}

/** Reads one aspect of one container into its sample. @throws {CgroupTextError} when a file cannot be understood. */
export interface Reader {
  collect(sample: Float64Array, tick: Tick): void;
}

export interface Collector {
  readonly name: string;
  /** Fields that become NaN when the collector fails. */
  readonly fields: readonly Field[];
  attach(view: CgroupView): Reader;
}
