import type { Cidr4 } from '../../../native/net/cidr.ts';
import { parseIpv4, type Ipv4 } from '../../../native/net/ipv4.ts';
import { macFromBytes, type MacAddress } from '../../../native/net/mac.ts';
import { encodeNewAddress } from '../../../native/netlink/address.ts';
import { decodeLink, encodeGetLink, encodeSetLink } from '../../../native/netlink/link.ts';
import { encodeNewVeth, encodeNewVxlan } from '../../../native/netlink/new-link.ts';
import { NTF, NUD, type FdbEntry, type Neighbor } from '../../../native/netlink/neighbor.ts';
import { RT_TABLE_MAIN, RTN, type Route } from '../../../native/netlink/route.ts';
import {
  openRouteSocket,
  type NetlinkSocket,
  type Outcome,
  type RouteSocketOptions,
} from '../../../native/netlink/socket.ts';
import { makeNamespace, type TestNamespace } from '../../support/netns.ts';

export interface Overlay extends AsyncDisposable {
  readonly namespace: TestNamespace;
  readonly socket: NetlinkSocket;
  /** Of `eth0`, the end of a veth. */
  readonly lowerIfindex: number;
  /** Of the vxlan device `flannel.1`. */
  readonly ifindex: number;
}

/** Throws unless every outcome is good. */
export function allDone(outcomes: readonly Outcome[]): void {
  const bad = outcomes.find((outcome) => outcome.errno !== 0);
  if (bad !== undefined) throw new RangeError(`errno ${bad.errno}: ${bad.kernelMessage ?? ''}`);
}

export async function ifindexOf(socket: NetlinkSocket, name: string): Promise<number> {
  const link = decodeLink(await socket.get(encodeGetLink({ name })));
  if (link === undefined) throw new RangeError(`${name} is no link`);
  return link.ifindex;
}

/** A socket in a namespace of its own. */
export async function inNewNamespace(
  options: Omit<RouteSocketOptions, 'netns'> = {},
): Promise<AsyncDisposable & { namespace: TestNamespace; socket: NetlinkSocket }> {
  const stack = new AsyncDisposableStack();
  const namespace = stack.use(await makeNamespace('nl'));
  const socket = stack.use(openRouteSocket({ ...options, netns: { kind: 'name', name: namespace.name } }));
  return { namespace, socket, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** A namespace with `flannel.1` up over `eth0`, all made through the socket. */
export async function makeOverlay(): Promise<Overlay> {
  const base = await inNewNamespace();
  const { namespace, socket } = base;
  allDone(await socket.transact([encodeNewVeth({ name: 'eth0', peerName: 'peer0' })]));
  const lowerIfindex = await ifindexOf(socket, 'eth0');
  const local = parseIpv4('192.168.77.11');
  const vxlan = { vni: 1, lowerIfindex, local, port: 8472, learning: false, gbp: false };
  allDone(
    await socket.transact([
      encodeSetLink(lowerIfindex, { up: true }),
      encodeNewVxlan({ name: 'flannel.1', mtu: 1450, txQueueLength: 0, vxlan }),
    ]),
  );
  const ifindex = await ifindexOf(socket, 'flannel.1');
  const address = encodeNewAddress({ ifindex, address: parseIpv4('10.128.0.0'), prefixLength: 32 });
  allDone(await socket.transact([encodeSetLink(ifindex, { up: true }), address]));
  return { namespace, socket, lowerIfindex, ifindex, [Symbol.asyncDispose]: () => base[Symbol.asyncDispose]() };
}

export interface Peer {
  readonly subnet: Cidr4;
  readonly mac: MacAddress;
  readonly host: Ipv4;
}

/** The peer with subnet 10.129.0.0/24 + n, n below 16,384. */
export function peer(n: number): Peer {
  return {
    subnet: { address: (0x0a810000 + n * 256) as Ipv4, prefixLength: 24 },
    mac: macFromBytes(Uint8Array.of(2, 0, 0, 0, n >> 8, n & 0xff)),
    host: (0xc0a80000 + n) as Ipv4,
  };
}

export function routeOf(ifindex: number, { subnet }: Peer): Route {
  return {
    destination: subnet,
    gateway: subnet.address,
    oif: ifindex,
    table: RT_TABLE_MAIN,
    protocol: 80,
    scope: 0,
    type: RTN.UNICAST,
    onlink: true,
    priority: undefined,
    nexthopId: undefined,
    prefSource: undefined,
  };
}

export function neighborOf(ifindex: number, { subnet, mac }: Peer): Neighbor {
  return { ifindex, destination: subnet.address, mac, state: NUD.PERMANENT, flags: 0 };
}

export function fdbOf(ifindex: number, { mac, host }: Peer): FdbEntry {
  return { ifindex, mac, remote: host, state: NUD.PERMANENT, flags: NTF.SELF };
}
