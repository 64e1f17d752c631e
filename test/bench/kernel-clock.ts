import { RTM, RTNLGRP, type Message } from '../../native/netlink/message.ts';
import { RT_TABLE_MAIN, RTN } from '../../native/netlink/route.ts';
import { watchRoute } from '../../native/netlink/socket.ts';
import { until } from '../support/until.ts';

/** A change of the kernel and the monotonic time at which it was heard of. */
export interface KernelWrite {
  readonly kind: 'route' | 'neighbor' | 'nexthop';
  readonly atNanos: bigint;
}

const RECEIVE_BUFFER_BYTES = 128 * 1024 * 1024;
const KINDS: Readonly<Record<number, KernelWrite['kind']>> = {
  [RTM.NEWROUTE]: 'route',
  [RTM.DELROUTE]: 'route',
  [RTM.NEWNEIGH]: 'neighbor',
  [RTM.DELNEIGH]: 'neighbor',
  [RTM.NEWNEXTHOP]: 'nexthop',
  [RTM.DELNEXTHOP]: 'nexthop',
};
/** Where rtmsg holds table and type, and ndmsg the interface. */
const TABLE = 4;
const TYPE = 7;
const IFINDEX = 4;

export interface KernelClockOptions {
  readonly namespace: string;
  /** An interface whose neighbours come and go by themselves. */
  readonly quietIfindex: number;
}

/** Notes every change of main-table routes, neighbours, forwarding entries and nexthop objects in a namespace. */
export class KernelClock implements Disposable {
  readonly writes: KernelWrite[] = [];
  readonly routes: bigint[] = [];
  readonly #quietIfindex: number;
  readonly #watch;

  constructor({ namespace, quietIfindex }: KernelClockOptions) {
    this.#quietIfindex = quietIfindex;
    this.#watch = watchRoute({
      netns: { kind: 'name', name: namespace },
      groups: [RTNLGRP.IPV4_ROUTE, RTNLGRP.NEIGH, RTNLGRP.NEXTHOP],
      receiveBufferBytes: RECEIVE_BUFFER_BYTES,
      onFatal: (error) => {
        throw error;
      },
      onEvents: ({ messages, overrun }) => {
        if (overrun) throw new RangeError('kernel events were lost');
        const atNanos = process.hrtime.bigint();
        for (const message of messages) this.#note(message, atNanos);
      },
    });
  }

  /** The time of the first change noted. */
  get firstNanos(): bigint | undefined {
    return this.writes[0]?.atNanos;
  }

  /** Resolves with the time at which route number `count` came or went. @throws {RangeError} after 60 s, or when `failed` says why. */
  async route(count: number, failed: () => string | undefined = () => undefined): Promise<bigint> {
    const probe = (): boolean => this.routes.length >= count || failed() !== undefined;
    await until(probe, { what: `${count} route events`, timeoutMs: 60_000, everyMs: 1 });
    const at = this.routes[count - 1];
    if (at === undefined) throw new RangeError(failed() ?? 'no such route event');
    return at;
  }

  [Symbol.dispose](): void {
    this.#watch.close();
  }

  #note({ type, payload }: Message, atNanos: bigint): void {
    const kind = KINDS[type];
    if (kind === undefined) return;
    if (kind === 'route' && (payload[TABLE] !== RT_TABLE_MAIN || payload[TYPE] !== RTN.UNICAST)) return;
    if (kind === 'neighbor' && payload.readInt32LE(IFINDEX) === this.#quietIfindex) return;
    this.writes.push({ kind, atNanos });
    if (kind === 'route') this.routes.push(atNanos);
  }
}

/** Seconds between two monotonic times. */
export function secondsBetween(from: bigint, to: bigint): number {
  return Number(to - from) / 1e9;
}
