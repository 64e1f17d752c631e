import type { Link } from '../../native/netlink/link.ts';
import { decodeFdb, decodeNeighbor, encodeGetFdb, encodeGetNeighbors, NUD } from '../../native/netlink/neighbor.ts';
import { decodeNexthop, encodeGetNexthops } from '../../native/netlink/nexthop.ts';
import type { NetlinkSocket } from '../../native/netlink/socket.ts';
import type { ActualDevice } from '../model/device.ts';
import type { Family } from '../model/overlay.ts';
import type { ActualFdb, ActualNeighbor, ActualNexthop, ActualOverlay } from '../model/plan.ts';
import { addressesOf, addressFamily, decoded, findLink, isGone, readAcceptRa } from './links.ts';
import { readMainRoutes, routesOfDevice } from './read-routes.ts';
import { RTPROT_WEFT } from './steps.ts';

const EMPTY: ActualOverlay = { device: undefined, addresses: [], neighbors: [], fdb: [], nexthops: [], routes: [] };

function actualDevice({ ifindex, name, kind, mac, mtu, up, vxlan }: Link): ActualDevice {
  const settings = vxlan && { ...vxlan, l2miss: vxlan.l2miss ?? false, group: vxlan.group };
  const acceptRa = readAcceptRa(name);
  return { ifindex, name, kind, mac, mtu, up, acceptRa, vxlan: kind === 'vxlan' ? settings : undefined };
}

interface Place {
  readonly ifindex: number;
  readonly family: Family;
}

async function neighborsOf(socket: NetlinkSocket, place: Place, signal: AbortSignal): Promise<ActualNeighbor[]> {
  const entries = decoded(
    await socket.dump(encodeGetNeighbors({ family: addressFamily(place.family), ifindex: place.ifindex }), signal),
    decodeNeighbor,
  );
  return entries.map(({ destination, mac, state }) => ({
    address: destination,
    mac,
    permanent: (state & NUD.PERMANENT) !== 0,
  }));
}

async function fdbOf(socket: NetlinkSocket, { ifindex }: Place, signal: AbortSignal): Promise<ActualFdb[]> {
  const entries = decoded(await socket.dump(encodeGetFdb({ ifindex }), signal), decodeFdb);
  return entries.map(({ mac, remote, state, vni, port }) => ({
    mac,
    // An entry with a VNI or port of its own leads elsewhere than ours do.
    remote: vni === undefined && port === undefined ? remote : undefined,
    permanent: (state & NUD.PERMANENT) !== 0,
  }));
}

async function nexthopsOf(socket: NetlinkSocket, { ifindex }: Place, signal: AbortSignal): Promise<ActualNexthop[]> {
  const objects = decoded(await socket.dump(encodeGetNexthops({ oif: ifindex }), signal), decodeNexthop);
  return objects
    .filter(({ protocol }) => protocol === RTPROT_WEFT)
    .map(({ id, gateway, onlink }) => ({ id, gateway, onlink }));
}

/** One VXLAN device and all that is on it; empty where there is none. @throws {NetlinkError} */
export async function readTunnel(
  socket: NetlinkSocket,
  which: { readonly name: string; readonly family: Family },
  signal: AbortSignal,
): Promise<ActualOverlay> {
  const link = await findLink(socket, which.name, signal);
  if (link === undefined) return EMPTY;
  const device = actualDevice(link);
  const place = { ifindex: link.ifindex, family: which.family };
  // Anything but a vxlan device has no forwarding table that could be dumped, and goes anyway.
  if (device.vxlan === undefined) return { ...EMPTY, device };
  try {
    return {
      device,
      addresses: await addressesOf(socket, { ifindex: link.ifindex, families: [which.family] }, signal),
      neighbors: await neighborsOf(socket, place, signal),
      fdb: await fdbOf(socket, place, signal),
      nexthops: await nexthopsOf(socket, place, signal),
      routes: routesOfDevice(await readMainRoutes(socket, { family: which.family, oif: link.ifindex }, signal)),
    };
  } catch (error) {
    if (isGone(error)) return EMPTY; // deleted while it was read: the event wakes us again
    throw error;
  }
}
