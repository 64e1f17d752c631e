import type { InterfaceCounters } from './details.ts';
import type { HostInterface } from './host-reading.ts';

/** What a dump of a namespace says of one interface. */
export interface SeenInterface {
  readonly link: {
    readonly ifindex: number;
    readonly name: string;
    /** The other end of a veth, in namespace `linkNetnsid`. */
    readonly lowerIfindex: number | undefined;
    readonly linkNetnsid: number | undefined;
  };
  readonly stats: { readonly counters: Float64Array };
}

/** The kernel's order of counters in struct rtnl_link_stats64. */
const AT = {
  receivePackets: 0,
  transmitPackets: 1,
  receiveBytes: 2,
  transmitBytes: 3,
  receiveErrors: 4,
  transmitErrors: 5,
  receiveDropped: 6,
  transmitDropped: 7,
} as const;

const LOOPBACK = 'lo';

interface Known {
  readonly counters: InterfaceCounters;
  /** Where its other end may be. */
  readonly lowerIfindex: number | undefined;
  /** The other end in the host's namespace, once that is sure. */
  peer: number | undefined;
}

function emptyCounters(name: string, ifindex: number): InterfaceCounters {
  return {
    name,
    ifindex,
    receiveBytes: Number.NaN,
    receivePackets: Number.NaN,
    receiveErrors: Number.NaN,
    receiveDropped: Number.NaN,
    transmitBytes: Number.NaN,
    transmitPackets: Number.NaN,
    transmitErrors: Number.NaN,
    transmitDropped: Number.NaN,
  };
}

/** One network namespace that is not the host's: its interfaces, and how many containers are in it. */
export class NetworkNamespace {
  readonly inode: number;
  /** Of one of its processes, to look through. */
  pid = 0;
  /** By which the host's namespace knows it. */
  nsid: number | undefined;
  sharedBy = 0;
  readonly #known = new Map<number, Known>();
  #interfaces: readonly InterfaceCounters[] = [];
  #isRead = false;
  #surveyAt = 0;
  /** Some interface has no end in the host's namespace. */
  #hasOthers = true;

  constructor(inode: number) {
    this.inode = inode;
  }

  /** Without loopback, in the kernel's order; `undefined` before the first reading. */
  get interfaces(): readonly InterfaceCounters[] | undefined {
    return this.#isRead ? this.#interfaces : undefined;
  }

  /** Whether its own interfaces are to be dumped at this tick; each namespace has its turn. */
  isDue(tickIndex: number, every: number): boolean {
    if (tickIndex < this.#surveyAt) return false;
    if (!this.#isRead || this.#hasOthers) return true;
    // Where there is nothing but loopback, an interface of the host would be the first to tell that there is more.
    return (tickIndex + this.inode) % (this.#known.size === 0 ? 6 * every : every) === 0;
  }

  surveyNow(): void {
    this.#hasOthers = true;
  }

  /** Leaves it alone until a tick. */
  rest(untilTick: number): void {
    this.#surveyAt = untilTick;
  }

  /** Takes what its own namespace says; interfaces that are gone go. */
  takeSurvey(seen: readonly SeenInterface[], tickIndex: number): void {
    const before = new Map(this.#known);
    this.#known.clear();
    for (const { link, stats } of seen) {
      if (link.name === LOOPBACK) continue;
      const known = before.get(link.ifindex);
      const kept = known?.counters.name === link.name && known.lowerIfindex === otherEnd(link) ? known : undefined;
      const now = kept ?? {
        counters: emptyCounters(link.name, link.ifindex),
        lowerIfindex: otherEnd(link),
        peer: undefined,
      };
      this.#known.set(link.ifindex, now);
      for (const [counter, at] of Object.entries(AT))
        now.counters[counter as keyof typeof AT] = stats.counters[at] ?? Number.NaN;
    }
    this.#surveyAt = tickIndex + 1;
    this.#settle();
  }

  /** Interfaces whose other end is to be found; `peer` is where it should be. */
  withoutPeer(): { readonly ifindex: number; readonly peer: number }[] {
    return [...this.#known].flatMap(([ifindex, { peer, lowerIfindex }]) =>
      peer !== undefined || lowerIfindex === undefined ? [] : [{ ifindex, peer: lowerIfindex }],
    );
  }

  setPeer(ifindex: number, peer: number): void {
    const known = this.#known.get(ifindex);
    if (known !== undefined) known.peer = peer;
    this.#settle();
  }

  /** Takes the counters of the host's ends. What one end sends the other receives; errors and drops each counts for itself. */
  takePeers(stats: ReadonlyMap<number, Float64Array>): void {
    for (const known of this.#known.values()) {
      if (known.peer === undefined) continue;
      const peer = stats.get(known.peer);
      if (peer === undefined) {
        known.peer = undefined;
        this.#hasOthers = true;
        continue;
      }
      const { counters } = known;
      counters.receiveBytes = peer[AT.transmitBytes] ?? Number.NaN;
      counters.receivePackets = peer[AT.transmitPackets] ?? Number.NaN;
      counters.transmitBytes = peer[AT.receiveBytes] ?? Number.NaN;
      counters.transmitPackets = peer[AT.receivePackets] ?? Number.NaN;
    }
  }

  /** Takes /proc/<pid>/net/dev. */
  takeProc(interfaces: readonly HostInterface[]): void {
    this.#known.clear();
    this.#interfaces = interfaces
      .filter(({ name }) => name !== LOOPBACK)
      .map((each) => ({ ...emptyCounters(each.name, 0), ...pick(each) }));
    this.#isRead = true;
  }

  #settle(): void {
    this.#interfaces = [...this.#known.values()].map(({ counters }) => counters);
    this.#hasOthers = [...this.#known.values()].some(({ peer }) => peer === undefined);
    this.#isRead = true;
  }
}

/** A veth's other end; the kernel gives LINK_NETNSID only where that is in another namespace. */
const otherEnd = ({ lowerIfindex, linkNetnsid }: SeenInterface['link']): number | undefined =>
  linkNetnsid === undefined ? undefined : lowerIfindex;

function pick(each: HostInterface): Omit<InterfaceCounters, 'name' | 'ifindex'> {
  const { receiveBytes, receivePackets, receiveErrors, receiveDropped } = each;
  const { transmitBytes, transmitPackets, transmitErrors, transmitDropped } = each;
  return {
    receiveBytes,
    receivePackets,
    receiveErrors,
    receiveDropped,
    transmitBytes,
    transmitPackets,
    transmitErrors,
    transmitDropped,
  };
}

/** An interface of the host, as /proc/net/dev would tell it, from struct rtnl_link_stats64. */
export function hostInterface(name: string, counters: Float64Array): HostInterface {
  const at = (index: number): number => counters[index] ?? Number.NaN;
  return {
    name,
    receiveBytes: at(AT.receiveBytes),
    receivePackets: at(AT.receivePackets),
    receiveErrors: at(AT.receiveErrors),
    // As the kernel prints it: with what was missed.
    receiveDropped: at(AT.receiveDropped) + at(15),
    receiveFifo: at(14),
    receiveFrame: at(10) + at(11) + at(12) + at(13),
    receiveCompressed: at(21),
    receiveMulticast: at(8),
    transmitBytes: at(AT.transmitBytes),
    transmitPackets: at(AT.transmitPackets),
    transmitErrors: at(AT.transmitErrors),
    transmitDropped: at(AT.transmitDropped),
    transmitFifo: at(18),
    transmitCollisions: at(9),
    transmitCarrier: at(17) + at(16) + at(20) + at(19),
    transmitCompressed: at(22),
  };
}
