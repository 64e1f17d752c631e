import { cidrKey, sameCidr, type Cidr, type IpAddress } from '../native/net/ip.ts';
import type { Ipv4 } from '../native/net/ipv4.ts';
import { vxlanDeviceName } from './backends/vxlan.ts';
import type { EventFilter, TunnelFilter } from './io/kernel-events.ts';
import type { OverlayPlace } from './model/conflicts.ts';
import type { Underlay } from './model/interface-choice.ts';
import type { NetworkConfig } from './model/network-config.ts';
import type { DesiredState, Family } from './model/overlay.ts';
import { nexthopIdOf } from './model/plan.ts';
import type { PeerView } from './peer-view.ts';
import { deviceNames } from './backends/device-names.ts';
import type { SubnetPair } from './wire.ts';

export interface EventFilterParts {
  readonly network: NetworkConfig;
  readonly underlay: Underlay;
  readonly views: readonly PeerView[];
  readonly ifindexOf: (family: Family) => number | undefined;
  /** Where subnets are routed over the underlay, by {@link cidrKey}. */
  readonly directGateways: ReadonlyMap<number | string, IpAddress>;
  readonly blackholes: readonly Cidr[];
  readonly nexthopObjects: boolean;
  /** Of ipip and wireguard devices. */
  readonly plainIfindexes: readonly number[];
}

/** A peer that is reached directly has nothing on our device. */
function tunnelFilter(view: PeerView, { directGateways, nexthopObjects }: EventFilterParts): TunnelFilter {
  const peerAt: TunnelFilter['peerAt'] = (address) => {
    const peer = view.peerAt(address);
    return peer !== undefined && directGateways.has(cidrKey(peer.subnet)) ? undefined : peer;
  };
  return {
    peerAt,
    remoteOf: (mac) => view.remoteOf(mac),
    peerOfNexthop: (id) => {
      const peer = nexthopObjects ? peerAt(id as Ipv4) : undefined;
      return peer && nexthopIdOf({ nexthopObjects }, peer.subnet) === id ? peer : undefined;
    },
  };
}

/** Which events of the kernel concern this host's overlay now. */
export function eventFilterOf(parts: EventFilterParts): EventFilter {
  const { network, underlay, views, ifindexOf, directGateways, blackholes } = parts;
  const { backend, ipv4, ipv6 } = network;
  const tunnels = new Map<number, TunnelFilter>();
  for (const view of views) {
    const ifindex = ifindexOf(view.family);
    if (ifindex !== undefined) tunnels.set(ifindex, tunnelFilter(view, parts));
  }
  return {
    ownIfindexes: new Set(parts.plainIfindexes),
    linkNames: new Set([underlay.name, ...deviceNames(network)]),
    underlayIfindex: underlay.ifindex,
    tunnels,
    networks: [ipv4?.network, ipv6?.network].filter((range) => range !== undefined),
    isBlackhole: (subnet) => blackholes.some((network) => sameCidr(network, subnet)),
    directGateway: (subnet) => directGateways.get(cidrKey(subnet)),
    followsRoutes: (backend.kind === 'vxlan' || backend.kind === 'ipip') && backend.directRouting,
  };
}

/** The index of a family's device, if the backend has devices. */
export function deviceIndex(
  { backend }: NetworkConfig,
  family: Family,
  ifindexOf: (device: string) => number | undefined,
): number | undefined {
  return backend.kind === 'vxlan' ? ifindexOf(vxlanDeviceName(backend, family)) : undefined;
}

export interface PlaceParts {
  readonly network: NetworkConfig;
  readonly subnets: SubnetPair;
  readonly views: readonly PeerView[];
  readonly defaultPort: number;
}

/** Where this host's overlay is, for the search for conflicts. */
export function placeOf({ network, subnets, views, defaultPort }: PlaceParts): OverlayPlace {
  const { backend, ipv4, ipv6 } = network;
  return {
    deviceNames: deviceNames(network),
    vxlan: backend.kind === 'vxlan' ? { vni: backend.vni, port: backend.port || defaultPort } : undefined,
    networks: [ipv4?.network, ipv6?.network].filter((range) => range !== undefined),
    subnets: [subnets.ipv4, subnets.ipv6].filter((subnet) => subnet !== undefined),
    peers: new Set(views.flatMap((view) => view.peers.map(({ subnet }) => cidrKey(subnet)))),
  };
}

/** Where subnets are routed over the underlay, by {@link cidrKey}. */
export function gatewaysOf({ direct }: DesiredState): Map<number | string, IpAddress> {
  return new Map(
    direct.flatMap(({ peers }) =>
      peers.map(({ subnet, publicIp }): [number | string, IpAddress] => [cidrKey(subnet), publicIp]),
    ),
  );
}
