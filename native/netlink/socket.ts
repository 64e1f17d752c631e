import { loadAddon, type NativeAddon, type NativeDump, type NativeOutcomes, type NativeSocket } from '../addon.ts';
import { systemClock, systemRandom, type RandomSource } from '../host/clock.ts';
import { decodedOf, messagesOf } from './dump-data.ts';
import { ERRNO, NetlinkError } from './errors.ts';
import { DUMP_ATTEMPTS, repeatInterrupted } from './interrupted-dump.ts';
import { NETLINK, RTM, type Message, type NetlinkProtocol } from './message.ts';
import { netnsPath, netnsText, type Netns } from './netns.ts';

export type { Netns } from './netns.ts';

/** What the kernel said to one message. */
export interface Outcome {
  /** 0 = done, else a positive errno. ETIMEDOUT: sent, not answered; ECANCELED: never sent, the socket was closed. */
  readonly errno: number;
  /** The kernel's own sentence; at times a warning beside errno 0. */
  readonly kernelMessage: string | undefined;
}

/** A socket of one protocol in one network namespace. Requests only: events come from {@link watchNetlink}. */
export interface NetlinkSocket extends AsyncDisposable {
  /**
   * Sends all messages, ≤ 128 to a sendmsg, on a worker thread; one outcome each, in their order. An abort stops between
   * slices of {@link SLICE_MESSAGES}: what was sent stays done. @throws {NetlinkError} EBADF after close; the signal's reason.
   */
  transact(messages: readonly Buffer[], signal?: AbortSignal): Promise<Outcome[]>;
  /** The same on the calling thread: for one peer's three messages (about 25 µs). @throws {NetlinkError} EBADF after close. */
  transactSync(messages: readonly Buffer[]): Outcome[];
  /**
   * One dump, repeated with back-off while the kernel marks it interrupted. A dump of a route table that never held a route
   * is empty. @throws {NetlinkError} what the kernel answered; EINTR if it never came uninterrupted; the signal's reason.
   */
  dump(request: Buffer, signal?: AbortSignal): Promise<Message[]>;
  /**
   * {@link dump}, each message decoded as it is met, so that 10,000 of them are never in memory together; what decodes to
   * `undefined` is left out.
   */
  collect<T>(request: Buffer, decode: (message: Message) => T | undefined, signal?: AbortSignal): Promise<T[]>;
  /** {@link dump}, as the bytes that the kernel sent; the caller's own. */
  dumpData(request: Buffer, signal?: AbortSignal): Promise<Buffer>;
  /** The answer to a single GET. @throws {NetlinkError} what the kernel answered, such as ENODEV. */
  get(request: Buffer, signal?: AbortSignal): Promise<Message>;
  /** Ends it; a running batch stops at its next sendmsg. Twice is harmless. */
  close(): void;
}

export interface RouteSocketOptions {
  readonly netns?: Netns | undefined;
  /** How long an unanswered request is waited for. */
  readonly receiveTimeoutMs?: number | undefined;
  readonly receiveBufferBytes?: number | undefined;
  /** For the jitter between repeated dumps. */
  readonly random?: RandomSource | undefined;
}

export interface NetlinkSocketOptions extends RouteSocketOptions {
  /** {@link NETLINK} number. */
  readonly protocol: NetlinkProtocol;
}

const PROTOCOL_NAMES: Readonly<Record<NetlinkProtocol, string>> = {
  [NETLINK.ROUTE]: 'route',
  [NETLINK.NETFILTER]: 'netfilter',
  [NETLINK.GENERIC]: 'generic netlink',
};
const RECEIVE_TIMEOUT_MS = 5_000;
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;
/** Messages handed to a worker thread at once: the grain of an abort. */
const SLICE_MESSAGES = 1_024;
const DONE: Outcome = Object.freeze({ errno: 0, kernelMessage: undefined });

interface NativeFailure {
  readonly errno: number;
  readonly syscall: string;
}

function isNativeFailure(error: unknown): error is Error & NativeFailure {
  return error instanceof Error && 'errno' in error && typeof error.errno === 'number' && 'syscall' in error;
}

/** Gives an error of the addon the name of what was done; anything else is passed on as it is. */
function explained(error: unknown, operation: string, target: string): unknown {
  if (!isNativeFailure(error)) return error;
  return new NetlinkError({ operation, errno: error.errno, target, kernelMessage: error.syscall, cause: error });
}

function openNative(addon: NativeAddon, options: NetlinkSocketOptions & Pick<WatchOptions, 'groups'>): NativeSocket {
  try {
    return addon.open({
      protocol: options.protocol,
      netnsPath: netnsPath(options.netns),
      groups: options.groups,
      receiveBufferBytes: options.receiveBufferBytes ?? RECEIVE_BUFFER_BYTES,
      receiveTimeoutMs: options.receiveTimeoutMs ?? RECEIVE_TIMEOUT_MS,
    });
  } catch (error) {
    throw explained(error, `open a ${PROTOCOL_NAMES[options.protocol]} socket in`, netnsText(options.netns));
  }
}

function outcomesOf({ errnos, kernelMessages }: NativeOutcomes): Outcome[] {
  const outcomes: Outcome[] = [];
  for (const [index, errno] of errnos.entries()) {
    const kernelMessage = kernelMessages?.[index];
    outcomes.push(errno === 0 && kernelMessage === undefined ? DONE : { errno, kernelMessage });
  }
  return outcomes;
}

/** What a request to rtnetlink asks for, for messages to people. */
const NOUNS: Readonly<Record<number, string>> = {
  [RTM.GETLINK]: 'links',
  [RTM.GETADDR]: 'addresses',
  [RTM.GETROUTE]: 'routes',
  [RTM.GETNEIGH]: 'neighbours',
  [RTM.GETNEXTHOP]: 'nexthops',
};

class KernelSocket implements NetlinkSocket {
  readonly #addon: NativeAddon;
  readonly #native: NativeSocket;
  readonly #protocol: NetlinkProtocol;
  readonly #target: string;
  readonly #random: RandomSource;
  /** Ends when the last request queued ends: one worker thread at a time waits for this socket. */
  #tail: Promise<unknown> = Promise.resolve();

  constructor(addon: NativeAddon, options: NetlinkSocketOptions) {
    this.#addon = addon;
    this.#protocol = options.protocol;
    this.#native = openNative(addon, { ...options, groups: [] });
    this.#target = netnsText(options.netns);
    this.#random = options.random ?? systemRandom;
  }

  async transact(messages: readonly Buffer[], signal?: AbortSignal): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    for (let first = 0; first < messages.length; first += SLICE_MESSAGES) {
      const slice = Buffer.concat(messages.slice(first, first + SLICE_MESSAGES));
      const result = await this.#inTurn(() => this.#addon.transact(this.#native, slice), 'transact in', signal);
      for (const outcome of outcomesOf(result)) outcomes.push(outcome);
    }
    return outcomes;
  }

  transactSync(messages: readonly Buffer[]): Outcome[] {
    if (messages.length === 0) return [];
    try {
      return outcomesOf(this.#addon.transactSync(this.#native, Buffer.concat(messages)));
    } catch (error) {
      throw explained(error, 'transact in', this.#target);
    }
  }

  async dump(request: Buffer, signal?: AbortSignal): Promise<Message[]> {
    return this.collect(request, (message) => message, signal);
  }

  async collect<T>(request: Buffer, decode: (message: Message) => T | undefined, signal?: AbortSignal): Promise<T[]> {
    return decodedOf(await this.dumpData(request, signal), decode);
  }

  async dumpData(request: Buffer, signal?: AbortSignal): Promise<Buffer> {
    const options = { clock: systemClock, random: this.#random };
    const dump = await repeatInterrupted(() => this.#ask(request, signal), options, signal);
    if (this.#isMissingTable(request, dump)) return Buffer.alloc(0);
    const operation = this.#operationOf('dump', request);
    this.#check(dump, operation);
    if (dump.interrupted) {
      const kernelMessage = `changed under each of ${DUMP_ATTEMPTS} attempts`;
      throw new NetlinkError({ operation, errno: ERRNO.EINTR, target: this.#target, kernelMessage });
    }
    return dump.data;
  }

  async get(request: Buffer, signal?: AbortSignal): Promise<Message> {
    const answer = await this.#ask(request, signal);
    const operation = this.#operationOf('get', request);
    this.#check(answer, operation);
    const [message] = messagesOf(answer.data);
    if (message === undefined) {
      const kernelMessage = 'acknowledged without an answer';
      throw new NetlinkError({ operation, errno: ERRNO.ENODATA, target: this.#target, kernelMessage });
    }
    return message;
  }

  close(): void {
    this.#addon.close(this.#native);
  }

  /** Closes and waits for what is running. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.#tail;
  }

  #ask(request: Buffer, signal: AbortSignal | undefined): Promise<NativeDump> {
    return this.#inTurn(() => this.#addon.dump(this.#native, request), 'dump in', signal);
  }

  async #inTurn<T>(work: () => Promise<T>, operation: string, signal: AbortSignal | undefined): Promise<T> {
    const turn = this.#tail.then(() => {
      signal?.throwIfAborted();
      return work();
    });
    this.#tail = turn.catch(() => undefined);
    try {
      const result = await turn;
      signal?.throwIfAborted();
      return result;
    } catch (error) {
      throw explained(error, operation, this.#target);
    }
  }

  #operationOf(verb: string, request: Buffer): string {
    if (this.#protocol !== NETLINK.ROUTE) return `${verb} ${PROTOCOL_NAMES[this.#protocol]} state of`;
    return `${verb} ${NOUNS[request.readUInt16LE(4)] ?? 'entries'} of`;
  }

  /** A route table comes into being with its first route, and until then the kernel knows no such table. */
  #isMissingTable(request: Buffer, { errno }: NativeDump): boolean {
    return this.#protocol === NETLINK.ROUTE && errno === ERRNO.ENOENT && request.readUInt16LE(4) === RTM.GETROUTE;
  }

  #check({ errno, kernelMessage }: NativeDump, operation: string): void {
    if (errno !== 0) throw new NetlinkError({ operation, errno, target: this.#target, kernelMessage });
  }
}

/**
 * Opens a socket in a network namespace; the process itself enters no other namespace. @throws {NetlinkError} ENOENT if the
 * namespace is not there, EPERM without CAP_SYS_ADMIN, EPROTONOSUPPORT if the kernel has no such protocol. @throws {AddonError}
 * if the addon is not built.
 */
export function openNetlink(options: NetlinkSocketOptions): NetlinkSocket {
  return new KernelSocket(loadAddon(), options);
}

/** {@link openNetlink} for links, addresses, routes, neighbours and nexthops. */
export function openRouteSocket(options: RouteSocketOptions = {}): NetlinkSocket {
  return openNetlink({ ...options, protocol: NETLINK.ROUTE });
}

/** Released by close or `using`; keeps the event loop alive until then. */
export interface NetlinkWatch extends Disposable {
  close(): void;
}

export interface WatchBatch {
  readonly messages: Message[];
  /** The kernel dropped events before these: dump everything again. */
  readonly overrun: boolean;
}

export interface WatchOptions {
  readonly netns?: Netns | undefined;
  /** Numbers of groups: {@link RTNLGRP}, NFNLGRP. */
  readonly groups: readonly number[];
  readonly receiveBufferBytes?: number | undefined;
  /** What arrived since the last call, at most about 1 MB. What it throws reaches `uncaughtException`; the watch goes on. */
  onEvents(batch: WatchBatch): void;
  /** The socket failed; the watch is over and closed. */
  onFatal(error: NetlinkError): void;
}

export interface NetlinkWatchOptions extends WatchOptions {
  /** {@link NETLINK} number. */
  readonly protocol: NetlinkProtocol;
}

/** Listens to multicast groups in a network namespace. @throws {NetlinkError} as {@link openNetlink}. */
export function watchNetlink(options: NetlinkWatchOptions): NetlinkWatch {
  const addon = loadAddon();
  const { protocol, netns, groups, receiveBufferBytes } = options;
  const native = openNative(addon, { protocol, netns, groups, receiveBufferBytes });
  const close = (): void => {
    addon.close(native);
  };
  const fail = (errno: number): void => {
    close();
    options.onFatal(new NetlinkError({ operation: 'watch', errno, target: netnsText(netns) }));
  };
  addon.watch(native, (data, overrun, errno) => {
    try {
      if (data.length > 0 || overrun) options.onEvents({ messages: messagesOf(data), overrun });
    } finally {
      if (errno !== 0) fail(errno);
    }
  });
  return { close, [Symbol.dispose]: close };
}

/** {@link watchNetlink} for groups of rtnetlink. */
export function watchRoute(options: WatchOptions): NetlinkWatch {
  return watchNetlink({ ...options, protocol: NETLINK.ROUTE });
}
