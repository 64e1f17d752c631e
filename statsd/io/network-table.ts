import { readFileSync, readlinkSync } from 'node:fs';
import { NetlinkError } from '../../native/netlink/errors.ts';
import { decodeLink, encodeGetLink, encodeGetLinksOf, type Link } from '../../native/netlink/link.ts';
import type { Message } from '../../native/netlink/message.ts';
import { decodeNsid, encodeGetNsid, encodeNewNsid } from '../../native/netlink/nsid.ts';
import type { NetlinkSocket } from '../../native/netlink/socket.ts';
import { decodeLinkStats, encodeGetStats, type LinkStats } from '../../native/netlink/stats.ts';
import type { HostInterface } from '../model/host-reading.ts';
import { parseNetDev } from '../model/host-text.ts';
import { hostInterface, NetworkNamespace } from '../model/network.ts';

export interface NetworkTableParts {
  /** In the host's own network namespace; `undefined` where netlink may not be used. */
  readonly socket: NetlinkSocket | undefined;
  readonly procfs: string;
}

/** Each namespace is asked for new interfaces, and for what its peers do not tell, once in so many ticks. */
const SURVEY_EVERY = 10;
/** A namespace that failed is left alone for so many ticks. */
const REST_AFTER_FAILURE = 30;
/** Interfaces of the host that are asked for their names in one tick. */
const MAX_NEW_LINKS = 64;

/** The inode in `net:[4026531840]`. */
export function netnsInodeOf(procfs: string, pid: number | 'self'): number | undefined {
  try {
    const match = /^net:\[(\d+)\]$/.exec(readlinkSync(`${procfs}/${pid}/ns/net`));
    return match === null ? undefined : Number(match[1]);
  } catch {
    return undefined; // the process ended, or this is not allowed
  }
}

/**
 * Traffic by network namespace. The counters of every veth come from one dump in the host's namespace (6 µs for ten links); its
 * other end's name, and interfaces that have no end here, from dumps of the other namespace by its number. Nothing is opened
 * inside a namespace, and no descriptor of one is held: either would keep it, and its veth, alive after its container.
 */
export class NetworkTable implements AsyncDisposable {
  readonly #parts: NetworkTableParts;
  readonly #namespaces = new Map<number, NetworkNamespace>();
  readonly #hostLinks = new Map<number, Link>();
  #hostInterfaces: HostInterface[] | undefined;

  constructor(parts: NetworkTableParts) {
    this.#parts = parts;
  }

  get namespaces(): number {
    return this.#namespaces.size;
  }

  /** Every namespace that a container is in, with one of its processes. */
  known(): Iterable<NetworkNamespace> {
    return this.#namespaces.values();
  }

  /** The host's own interfaces as of the last {@link refresh}, without ends of containers' veths. */
  get hostInterfaces(): readonly HostInterface[] | undefined {
    return this.#hostInterfaces;
  }

  /** A container of process `pid` is in namespace `inode`. */
  join(inode: number, pid: number): NetworkNamespace {
    const known = this.#namespaces.get(inode) ?? new NetworkNamespace(inode);
    known.pid = pid;
    known.sharedBy += 1;
    this.#namespaces.set(inode, known);
    return known;
  }

  leave(namespace: NetworkNamespace): void {
    namespace.sharedBy -= 1;
    if (namespace.sharedBy <= 0) this.#namespaces.delete(namespace.inode);
  }

  /** Brings every namespace up to date. @throws {NetlinkError} when not even the host's own counters can be had. */
  async refresh(tickIndex: number, signal: AbortSignal): Promise<void> {
    const { socket } = this.#parts;
    if (socket === undefined) {
      for (const namespace of this.#namespaces.values()) this.#readProc(namespace);
      return;
    }
    const stats = new Map<number, Float64Array>();
    for (const message of await socket.dump(encodeGetStats(), signal)) {
      const found = decodeLinkStats(message);
      if (found !== undefined) stats.set(found.ifindex, found.counters);
    }
    await this.#nameLinks(socket, stats, signal);
    for (const namespace of this.#namespaces.values()) {
      namespace.takePeers(stats);
      if (namespace.isDue(tickIndex, SURVEY_EVERY)) await this.#survey(socket, namespace, tickIndex);
    }
    this.#hostInterfaces = [...this.#hostLinks.values()].flatMap((link) => {
      const counters = stats.get(link.ifindex);
      return link.linkNetnsid !== undefined || counters === undefined ? [] : [hostInterface(link.name, counters)];
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.socket?.[Symbol.asyncDispose]();
  }

  /** Asks for the names of interfaces that are new, and forgets those that are gone. */
  async #nameLinks(socket: NetlinkSocket, stats: ReadonlyMap<number, unknown>, signal: AbortSignal): Promise<void> {
    for (const ifindex of this.#hostLinks.keys()) if (!stats.has(ifindex)) this.#hostLinks.delete(ifindex);
    let asked = 0;
    for (const ifindex of stats.keys()) {
      if (this.#hostLinks.has(ifindex) || asked >= MAX_NEW_LINKS) continue;
      asked += 1;
      const link = await this.#link(socket, ifindex, signal);
      if (link === undefined) continue;
      // A veth is made with both ends here and one of them is moved away: until then it is asked again.
      if (link.kind !== 'veth' || link.linkNetnsid !== undefined) this.#hostLinks.set(ifindex, link);
      for (const namespace of this.#namespaces.values())
        if (namespace.nsid !== undefined && namespace.nsid === link.linkNetnsid) namespace.surveyNow();
    }
  }

  async #link(socket: NetlinkSocket, ifindex: number, signal: AbortSignal): Promise<Link | undefined> {
    try {
      return decodeLink(await socket.get(encodeGetLink({ ifindex }), signal));
    } catch (error) {
      if (error instanceof NetlinkError) return undefined; // gone meanwhile
      throw error;
    }
  }

  /** One dump of the namespace's own interfaces, and of the host's end of each one that has one. */
  async #survey(socket: NetlinkSocket, namespace: NetworkNamespace, tickIndex: number): Promise<void> {
    try {
      namespace.nsid ??= await this.#nsidOf(socket, namespace);
      if (namespace.nsid === undefined) {
        this.#readProc(namespace);
        return;
      }
      const messages = await socket.dump(encodeGetLinksOf(namespace.nsid));
      const seen = messages.flatMap((message) => seenIn(message) ?? []);
      namespace.takeSurvey(seen, tickIndex);
      for (const { ifindex, peer } of namespace.withoutPeer()) {
        const link = decodeLink(await socket.get(encodeGetLink({ ifindex: peer })));
        if (link?.linkNetnsid === namespace.nsid && link.lowerIfindex === ifindex) namespace.setPeer(ifindex, peer);
      }
    } catch (error) {
      if (!(error instanceof NetlinkError)) throw error;
      // The namespace ended, or is not ours to look into: the way through one of its processes is left.
      namespace.rest(tickIndex + REST_AFTER_FAILURE);
      this.#readProc(namespace);
    }
  }

  async #nsidOf(socket: NetlinkSocket, { pid, inode }: NetworkNamespace): Promise<number | undefined> {
    const ask = async (): Promise<number | undefined> => decodeNsid(await socket.get(encodeGetNsid(pid)));
    let nsid = await ask();
    if (nsid === undefined) {
      await socket.transact([encodeNewNsid(pid)]);
      nsid = await ask();
    }
    // The number is that of the process's namespace now: a pid that was given out again has another.
    return netnsInodeOf(this.#parts.procfs, pid) === inode ? nsid : undefined;
  }

  /** The slower way, for hosts without netlink or the right to it: opened and closed each time, since it pins the namespace. */
  #readProc(namespace: NetworkNamespace): void {
    const { procfs } = this.#parts;
    const path = `${procfs}/${namespace.pid}/net/dev`;
    try {
      const bytes = readFileSync(path);
      if (netnsInodeOf(procfs, namespace.pid) !== namespace.inode) return;
      namespace.takeProc(parseNetDev({ bytes, start: 0, end: bytes.length, path }));
    } catch {
      // the process ended: the next look at its container tells
    }
  }
}

/** An interface and its counters, from one message of a dump. */
function seenIn(message: Message): { readonly link: Link; readonly stats: LinkStats } | undefined {
  const link = decodeLink(message);
  const stats = decodeLinkStats(message);
  return link === undefined || stats === undefined ? undefined : { link, stats };
}
