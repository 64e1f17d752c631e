import type { Link } from '../../native/netlink/link.ts';
import { decodeFdb, decodeNeighbor, encodeGetFdb, encodeGetNeighbors, NUD } from '../../native/netlink/neighbor.ts';
import { decodeNexthop, encodeGetNexthops } from '../../native/netlink/nexthop.ts';
import { KnownDump } from '../../native/netlink/known-dump.ts';
import type { Message } from '../../native/netlink/message.ts';
import { encodeGetRoutes, RT_TABLE_MAIN } from '../../native/netlink/route.ts';
import type { NetlinkSocket } from '../../native/netlink/socket.ts';
import type { ActualDevice } from '../model/device.ts';
import type { Family } from '../model/overlay.ts';
import type { ActualFdb, ActualNeighbor, ActualNexthop, ActualOverlay, ActualRoute } from '../model/plan.ts';
import { addressesOf, addressFamily, findLink, isGone, readAcceptRa, readDisableIpv6 } from './links.ts';
import { routeOfDevice, routeOfMainTable } from './read-routes.ts';
import { RTPROT_WEFT } from './steps.ts';

const EMPTY: ActualOverlay = { device: undefined, addresses: [], neighbors: [], fdb: [], nexthops: [], routes: [] };

function actualDevice({ ifindex, name, kind, mac, mtu, up, vxlan }: Link): ActualDevice {
  const settings = vxlan && { ...vxlan, l2miss: vxlan.l2miss ?? false, group: vxlan.group };
  const ipv6 = { acceptRa: readAcceptRa(name), disableIpv6: readDisableIpv6(name) };
  return { ifindex, name, kind, mac, mtu, up, ...ipv6, vxlan: kind === 'vxlan' ? settings : undefined };
}

/** An ARP or NDP entry, as far as it is planned with. */
function actualNeighbor(message: Message): ActualNeighbor | undefined {
  const neighbor = decodeNeighbor(message);
  if (neighbor === undefined) return undefined;
  const { destination, mac, state } = neighbor;
  return { address: destination, mac, permanent: (state & NUD.PERMANENT) !== 0 };
}

function actualFdb(message: Message): ActualFdb | undefined {
  const entry = decodeFdb(message);
  if (entry === undefined) return undefined;
  const { mac, remote, state, vni, port } = entry;
  // An entry with a VNI or port of its own leads elsewhere than ours do.
  const isPlain = vni === undefined && port === undefined;
  return { mac, remote: isPlain ? remote : undefined, permanent: (state & NUD.PERMANENT) !== 0 };
}

function actualNexthop(message: Message): ActualNexthop | undefined {
  const nexthop = decodeNexthop(message);
  if (nexthop?.protocol !== RTPROT_WEFT) return undefined;
  const { id, gateway, onlink } = nexthop;
  return { id, gateway, onlink };
}

function actualRoute(message: Message): ActualRoute | undefined {
  const route = routeOfMainTable(message);
  return route && routeOfDevice(route);
}

/** One VXLAN device and all that is on it. Of tables that have not changed it gives the very arrays of the time before. */
export class TunnelReader {
  readonly #socket: NetlinkSocket;
  readonly #name: string;
  readonly #family: Family;
  readonly #neighbors = new KnownDump(actualNeighbor);
  readonly #fdb = new KnownDump(actualFdb);
  readonly #nexthops = new KnownDump(actualNexthop);
  readonly #routes = new KnownDump(actualRoute);

  constructor(socket: NetlinkSocket, { name, family }: { readonly name: string; readonly family: Family }) {
    this.#socket = socket;
    this.#name = name;
    this.#family = family;
  }

  /** Empty where there is no such device. @throws {NetlinkError} */
  async read(signal: AbortSignal): Promise<ActualOverlay> {
    const link = await findLink(this.#socket, this.#name, signal);
    if (link === undefined) return EMPTY;
    const device = actualDevice(link);
    // Anything but a vxlan device has no forwarding table that could be dumped, and goes anyway.
    if (device.vxlan === undefined) return { ...EMPTY, device };
    try {
      return { device, ...(await this.#readTables(link.ifindex, signal)) };
    } catch (error) {
      if (isGone(error)) return EMPTY; // deleted while it was read: the event wakes us again
      throw error;
    }
  }

  async #readTables(ifindex: number, signal: AbortSignal): Promise<Omit<ActualOverlay, 'device'>> {
    const socket = this.#socket;
    const family = addressFamily(this.#family);
    const routes = encodeGetRoutes({ family, table: RT_TABLE_MAIN, oif: ifindex });
    return {
      addresses: await addressesOf(socket, { ifindex, families: [this.#family] }, signal),
      neighbors: await this.#neighbors.collect(socket, encodeGetNeighbors({ family, ifindex }), signal),
      fdb: await this.#fdb.collect(socket, encodeGetFdb({ ifindex }), signal),
      nexthops: await this.#nexthops.collect(socket, encodeGetNexthops({ oif: ifindex }), signal),
      routes: await this.#routes.collect(socket, routes, signal),
    };
  }
}
