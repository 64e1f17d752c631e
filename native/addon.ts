import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { packageRoot } from './host/package-root.ts';

/** An open socket inside the addon. Opaque: only the addon's own functions take it. */
export interface NativeSocket {
  readonly __brand: 'NativeSocket';
}

export interface NativeOpenOptions {
  /** NETLINK_*: 0 is NETLINK_ROUTE. */
  readonly protocol: number;
  /** A namespace file, such as /run/netns/h1; `undefined` is the caller's own namespace. */
  readonly netnsPath: string | undefined;
  /** Multicast groups to join. */
  readonly groups: readonly number[];
  readonly receiveBufferBytes: number;
  readonly receiveTimeoutMs: number;
}

export interface NativeOutcomes {
  /** One positive errno for each message, 0 where it was done. */
  readonly errnos: Int32Array;
  /** Extended acknowledgements by index of the message; only those that have one. */
  readonly kernelMessages: Readonly<Record<number, string>> | undefined;
}

export interface NativeDump {
  /** The messages, without those that end the dump. */
  readonly data: Buffer;
  /** The kernel's tables changed while they were read: entries may be missing or twice. */
  readonly interrupted: boolean;
  readonly errno: number;
  readonly kernelMessage: string | undefined;
}

/**
 * What a watch hands over: whole datagrams end to end; `overrun` if the kernel dropped some before them; `errno` not 0 if the
 * socket failed and the watch is over.
 */
export type NativeWatchListener = (data: Buffer, overrun: boolean, errno: number) => void;

export type NativeReadBatch = readonly [
  fds: Int32Array,
  lengths: Int32Array,
  paths: readonly string[],
  bytes: Uint8Array,
  /** Index after the last file of each group, ascending. */
  groupEnds: Int32Array,
  stamps: Float64Array,
];

/** `struct timex` of adjtimex(2) as the kernel fills it, and what the call gave; see the manual for the units. */
export interface NativeClockState {
  /** TIME_OK and others; 5 is TIME_ERROR, the clock is not synchronised. */
  readonly state: number;
  readonly offset: number;
  readonly freq: number;
  readonly maxerror: number;
  readonly esterror: number;
  readonly status: number;
  readonly constant: number;
  readonly tick: number;
  readonly ppsfreq: number;
  readonly jitter: number;
  readonly shift: number;
  readonly stabil: number;
  readonly jitcnt: number;
  readonly calcnt: number;
  readonly errcnt: number;
  readonly stbcnt: number;
  readonly tai: number;
}

/**
 * The addon's functions. A failure throws an Error with `errno` (positive) and `syscall`; a closed socket gives EBADF, a
 * socket that is being watched EBUSY for transact and dump.
 */
export interface NativeAddon {
  open(options: NativeOpenOptions): NativeSocket;
  /** Closes at once, or when the running transaction ends; ends the watch. Twice is harmless. */
  close(socket: NativeSocket): void;
  /** Sends `messages` (several, end to end; sequence numbers and ACK are written into the buffer) and waits for each acknowledgement. */
  transactSync(socket: NativeSocket, messages: Buffer): NativeOutcomes;
  /** The same on a worker thread. The buffer must be left alone until the promise settles. */
  transact(socket: NativeSocket, messages: Buffer): Promise<NativeOutcomes>;
  /** Sends one request and collects what it gives up to the end mark or acknowledgement, on a worker thread. */
  dump(socket: NativeSocket, request: Buffer): Promise<NativeDump>;
  /**
   * Reads many files from their start into `bytes`, end to end, on a worker thread; gives how many were read. `fds` holds
   * descriptors, or -1 (open once) and -2 (open and keep: the descriptor is written back) with one path each in `paths`.
   * `lengths` gets bytes or a negative errno; `stamps` CLOCK_MONOTONIC in ms before the first file and after each group.
   * All buffers must be left alone until the promise settles. `TypeError` and EINVAL when they do not fit together.
   */
  readFiles(...batch: NativeReadBatch): Promise<number>;
  /**
   * The same with more arguments: the keys of each shape (none: the file is one number), the shape of each of the first files,
   * and room for their numbers, end to end. Those files leave nothing in `bytes`; one that is not of its shape has -EBADMSG.
   * `marks`, which may be left out and is as long as `fds` at least, gets for each of the other files a positive number that the
   * same text always has in this process, and another text almost never; or its negative errno.
   */
  readNumbers(
    ...batch: [
      ...NativeReadBatch,
      keys: readonly (readonly string[])[],
      shapes: Int32Array,
      values: Float64Array,
      marks?: Float64Array,
    ]
  ): Promise<number>;
  /** The same as `readFiles` on the calling thread. */
  readFilesSync(...batch: NativeReadBatch): number;
  /**
   * The text of one regular file, read in one go on a worker thread; `undefined` when it is absent, unreadable, larger than
   * `maxBytes`, a link or no regular file. Files of proc, which have no size, are read up to `maxBytes`. Bytes that are no UTF-8
   * become U+FFFD. `TypeError` for other arguments, EINVAL for a path that holds a zero byte.
   */
  readText(path: string, maxBytes: number): Promise<string | undefined>;
  /**
   * stat(2) of each of `paths` (UTF-8, each ended by a zero byte) on the calling thread: five numbers each into `rows`: inode, time
   * of change in Unix ms, bytes, links, mode; all NaN for what cannot be looked at. Gives how many. `TypeError` for other arrays;
   * EINVAL for a path without its end and for too little room.
   */
  statFiles(paths: Uint8Array, rows: Float64Array): number;
  /** malloc_trim(3): gives pages of freed memory back to the kernel; false where there were none. */
  trimMemory(): boolean;
  /** Calls `listener` with what arrives until the socket is closed; keeps the event loop alive meanwhile. */
  watch(socket: NativeSocket, listener: NativeWatchListener): void;
  /** How the kernel disciplines its clock. Changes nothing. */
  clockState(): NativeClockState;
  /** Sends one datagram to a unix socket, by its path or, after an @, its abstract name; EAGAIN when its queue is full. */
  sendDatagram(datagram: { readonly path: string; readonly text: string }): void;
}

/** The addon is not built, or not for this Node. */
export class AddonError extends Error {
  override readonly name = 'AddonError';
}

/** Loads `native/build/Release/weft.node`. @throws {AddonError} with what to run if it is missing or does not load. */
export function loadAddon(root: string = packageRoot()): NativeAddon {
  const path = join(root, 'native', 'build', 'Release', 'weft.node');
  if (!existsSync(path)) {
    throw new AddonError(`${path} is missing: run "npm run build:native" in ${root}`);
  }
  try {
    return createRequire(import.meta.url)(path) as NativeAddon;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AddonError(`${path} does not load (${why}): run "npm run build:native" in ${root}`, { cause });
  }
}
