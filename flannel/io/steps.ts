import { formatCidr, formatIp, isCidr6, type Cidr, type IpAddress } from '../../native/net/ip.ts';
import { encodeDelAddress, encodeNewAddress, IFA_F } from '../../native/netlink/address.ts';
import { ERRNO } from '../../native/netlink/errors.ts';
import { encodeSetLink, encodeSetVxlanLearning } from '../../native/netlink/link.ts';
import { encodeNewIpip, encodeNewVxlan, encodeNewWireguard } from '../../native/netlink/new-link.ts';
import { AF } from '../../native/netlink/message.ts';
import {
  encodeDelFdb,
  encodeDelNeighbor,
  encodeReplaceFdb,
  encodeReplaceNeighbor,
  NTF,
  NUD,
} from '../../native/netlink/neighbor.ts';
import { encodeDelNexthop, encodeNewNexthop, type Nexthop } from '../../native/netlink/nexthop.ts';
import {
  DEFAULT_PRIORITY6,
  encodeDelRoute,
  encodeNewRoute,
  encodeReplaceRoute,
  RT_SCOPE,
  RT_TABLE_MAIN,
  RTN,
  RTPROT,
  type Route,
} from '../../native/netlink/route.ts';
import type { DeviceCorrection } from '../model/device.ts';
import type { PlainDevice, VxlanDevice } from '../model/overlay.ts';
import type { Step } from '../model/step.ts';
import { isWireguardStep, type WireguardStep } from './wireguard-control.ts';

/** Marks what weft sets outside its own devices, so that it is found again: the number is nobody else's (see rtnetlink.h). */
export const RTPROT_WEFT = 119;

/** A step that is one message to a device which exists. */
export type PeerStep = Exclude<
  Step,
  WireguardStep | { kind: 'delete-link' | 'create-link' | 'create-tunnel' | 'set-link' }
>;

/** As flannel sends it; the port goes unsaid where it is the kernel's default. */
export function encodeCreate(device: VxlanDevice, defaultPort: number): Buffer {
  const { name, mac, mtu, vni, lowerIfindex, local, learning, gbp } = device;
  const port = device.port === defaultPort ? 0 : device.port;
  return encodeNewVxlan({ name, mac, mtu, txQueueLength: 0, vxlan: { vni, lowerIfindex, local, port, learning, gbp } });
}

/** As flannel sends it: an ipip device that takes its far end from the route, or a wireguard device. */
export function encodeCreateTunnel({ name, kind, local, mtu }: PlainDevice): Buffer {
  if (kind === 'wireguard') return encodeNewWireguard({ name, mtu });
  const ipip = { lowerIfindex: undefined, local, remote: undefined, ttl: 0, pmtuDiscovery: false };
  return encodeNewIpip({ name, mtu, ipip });
}

/** One message each, so that a refused MTU does not keep the MAC from being set. */
export function encodeCorrections({ mac, mtu, learning, up }: DeviceCorrection, ifindex: number): Buffer[] {
  return [
    ...(mac === undefined ? [] : [encodeSetLink(ifindex, { mac })]),
    ...(mtu === undefined ? [] : [encodeSetLink(ifindex, { mtu })]),
    ...(learning === undefined ? [] : [encodeSetVxlanLearning(ifindex, { learning })]),
    ...(up === undefined ? [] : [encodeSetLink(ifindex, { up })]),
  ];
}

interface RoutePlace {
  readonly destination: Cidr;
  readonly gateway: IpAddress | undefined;
  readonly oif: number;
}

function overlayRoute(place: RoutePlace, nexthopId?: number): Route {
  return {
    ...place,
    table: RT_TABLE_MAIN,
    protocol: RTPROT.BOOT,
    scope: RT_SCOPE.UNIVERSE,
    type: RTN.UNICAST,
    onlink: true,
    priority: undefined,
    nexthopId,
    prefSource: undefined,
  };
}

const directRoute = (place: RoutePlace): Route => ({
  ...overlayRoute(place),
  protocol: RTPROT_WEFT,
  onlink: false,
});

/** Without a gateway the whole network is behind the device. */
const tunnelRoute = ({ destination, gateway, oif }: RoutePlace): Route => ({
  ...overlayRoute({ destination, gateway, oif }),
  scope: gateway === undefined ? RT_SCOPE.LINK : RT_SCOPE.UNIVERSE,
  onlink: gateway !== undefined,
});

const blackhole = (destination: Cidr): Route => ({
  ...directRoute({ destination, gateway: undefined, oif: 0 }),
  oif: undefined,
  type: RTN.BLACKHOLE,
});

/** Whoever set it: the caller has judged that it is ours. An IPv6 delete without a metric would take one of any. */
const anyProtocol = (route: Route): Route => ({
  ...route,
  protocol: RTPROT.UNSPEC,
  type: RTN.UNSPEC,
  priority: isCidr6(route.destination) ? DEFAULT_PRIORITY6 : undefined,
});

function nexthop(id: number, gateway: IpAddress, oif: number): Nexthop {
  const common = { id, oif, protocol: RTPROT_WEFT, onlink: true };
  return typeof gateway === 'bigint'
    ? { ...common, family: AF.INET6, gateway }
    : { ...common, family: AF.INET, gateway };
}

type RouteStep = Extract<PeerStep, { destination: Cidr }>;

type TunnelRouteStep = Extract<
  RouteStep,
  { kind: 'add-tunnel-route' | 'replace-tunnel-route' | 'remove-tunnel-route' }
>;

function encodeTunnelRoute(step: TunnelRouteStep, oif: number): Buffer {
  const route = tunnelRoute({ ...step, oif });
  if (step.kind === 'remove-tunnel-route') return encodeDelRoute(anyProtocol(route));
  return step.kind === 'add-tunnel-route' ? encodeNewRoute(route) : encodeReplaceRoute(route);
}

function isTunnelRoute(step: RouteStep): step is TunnelRouteStep {
  return step.kind.endsWith('-tunnel-route');
}

function encodeRouteStep(step: RouteStep, oif: number): Buffer {
  if (isTunnelRoute(step)) return encodeTunnelRoute(step, oif);
  const { destination } = step;
  switch (step.kind) {
    case 'add-route':
      return encodeNewRoute(overlayRoute({ destination, gateway: destination.address, oif }, step.nexthopId));
    case 'replace-route':
      return encodeReplaceRoute(overlayRoute({ destination, gateway: destination.address, oif }, step.nexthopId));
    case 'hold-route':
      return encodeReplaceRoute({ ...overlayRoute({ destination, gateway: undefined, oif }), onlink: false });
    case 'remove-route':
      return encodeDelRoute(anyProtocol(overlayRoute({ destination, gateway: step.gateway, oif })));
    case 'add-direct-route':
      return encodeNewRoute(directRoute({ destination, gateway: step.gateway, oif }));
    case 'replace-direct-route':
      return encodeReplaceRoute(directRoute({ destination, gateway: step.gateway, oif }));
    case 'add-blackhole':
      return encodeNewRoute(blackhole(destination));
    case 'remove-blackhole':
      return encodeDelRoute(blackhole(destination));
    case 'remove-direct-route':
      return encodeDelRoute({ ...anyProtocol(directRoute({ ...step, oif })), protocol: RTPROT_WEFT });
  }
}

/** The one netlink message of a step; `ifindex` is our device, or the underlay interface for direct routes. */
export function encodePeerStep(step: PeerStep, ifindex: number): Buffer {
  if ('destination' in step) return encodeRouteStep(step, ifindex);
  const neighbor = { ifindex, state: NUD.PERMANENT, flags: 0 };
  const fdb = { ifindex, state: NUD.PERMANENT, flags: NTF.SELF };
  switch (step.kind) {
    case 'add-address':
      return typeof step.address === 'bigint'
        ? // Nobody else can have it: without the wait for duplicates it works at once.
          encodeNewAddress({ ifindex, address: step.address, prefixLength: 128, flags: IFA_F.NODAD })
        : encodeNewAddress({ ifindex, address: step.address, prefixLength: 32 });
    case 'remove-address':
      return encodeDelAddress({ ifindex, address: step.address, prefixLength: step.prefixLength });
    case 'set-neighbor':
      return encodeReplaceNeighbor({ ...neighbor, destination: step.address, mac: step.mac });
    case 'remove-neighbor':
      return encodeDelNeighbor({ ...neighbor, destination: step.address, mac: undefined });
    case 'set-fdb':
      return encodeReplaceFdb({ ...fdb, mac: step.mac, remote: step.remote });
    case 'remove-fdb':
      return encodeDelFdb({ ...fdb, mac: step.mac, remote: step.remote });
    case 'set-nexthop':
      return encodeNewNexthop(nexthop(step.nexthopId, step.gateway, ifindex));
    case 'remove-nexthop':
      return encodeDelNexthop(step.nexthopId);
  }
}

const GONE: ReadonlySet<number> = new Set([ERRNO.ENOENT, ERRNO.ESRCH, ERRNO.EADDRNOTAVAIL, ERRNO.ENODEV]);

/** Somebody did it first: what was to be removed is not there, the address to be added is. */
export function isDoneAlready(step: Step, errno: number): boolean {
  if (step.kind.startsWith('remove-') || step.kind === 'delete-link') return GONE.has(errno);
  // Where a bridge has the whole subnet no packet is without a way.
  return (step.kind === 'add-address' || step.kind === 'add-blackhole') && errno === ERRNO.EEXIST;
}

export interface StepText {
  readonly operation: string;
  readonly target: string;
  /** What the error number means here, where the kernel says nothing. */
  readonly hint: string | undefined;
}

const correctionText = (correction: DeviceCorrection): string =>
  Object.entries(correction)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ');

/** Never the private key. */
function wireguardTarget(step: WireguardStep): string {
  if (step.kind === 'set-wireguard') return `listen port ${step.listenPort}`;
  return step.kind === 'set-wireguard-peer' ? step.peer.publicKey : step.publicKey;
}

function targetOf(step: Step): string {
  if ('device' in step) return step.device.name;
  if ('tunnel' in step) return step.tunnel.name;
  if (isWireguardStep(step)) return wireguardTarget(step);
  if ('correction' in step) return correctionText(step.correction);
  if ('destination' in step) return formatCidr(step.destination);
  if ('remote' in step) return `${step.mac} dst ${formatIp(step.remote)}`;
  if ('name' in step) return step.name;
  if ('nexthopId' in step) return `id ${step.nexthopId}`;
  return 'prefixLength' in step ? formatCidr(step) : formatIp(step.address);
}

function hintOf(step: Step, errno: number): string | undefined {
  if (errno === ERRNO.EEXIST && step.kind === 'create-link') {
    const { vni, port } = step.device;
    return `another vxlan device has VNI ${vni} and port ${port}: delete it, or change VNI or Port`;
  }
  if (errno === ERRNO.EEXIST && (step.kind === 'add-route' || step.kind === 'add-direct-route')) {
    return 'a route of somebody else to this subnet is in the way: see `ip route show`';
  }
  if (errno === ERRNO.ENETUNREACH && step.kind.endsWith('direct-route')) {
    return 'the host is not on a link of this one: host-gw needs all hosts on one link, vxlan does not';
  }
  if (errno === ERRNO.EOPNOTSUPP && step.kind === 'create-tunnel') {
    return `this kernel has no ${step.tunnel.kind}: load the module, or choose another backend`;
  }
  return errno === ERRNO.EPERM ? 'CAP_NET_ADMIN is missing' : undefined;
}

/** The kernel says `permission denied`, which sends a person after capabilities. */
function ipv6Hint(step: Step, errno: number): string | undefined {
  const isRefused = errno === ERRNO.EACCES && step.kind === 'add-address' && typeof step.address === 'bigint';
  return isRefused
    ? 'IPv6 is switched off on the device: `echo 0 >/proc/sys/net/ipv6/conf/DEVICE/disable_ipv6`'
    : undefined;
}

/** A step and its failure in a person's words. */
export function stepText(step: Step, errno: number): StepText {
  const hint = ipv6Hint(step, errno) ?? hintOf(step, errno);
  return { operation: step.kind.replaceAll('-', ' '), target: targetOf(step), hint };
}
