import type { VxlanBackend } from '../model/backend-config.ts';
import { partByReach } from '../model/direct-routing.ts';
import type { InnerMtu } from '../model/mtu.ts';
import type { DesiredState, DirectRoutes, Family, Peer, VxlanOverlay } from '../model/overlay.ts';
import { vxlanPeer } from '../model/plan.ts';
import { overlayMtus } from './mtus.ts';
import type { StateInput } from './state-input.ts';

/** `flannel.<VNI>`, and `flannel-v6.<VNI>` for IPv6. */
export function vxlanDeviceName({ vni }: VxlanBackend, family: Family): string {
  return family === 'ipv4' ? `flannel.${vni}` : `flannel-v6.${vni}`;
}

interface FamilyPart {
  readonly tunnel: VxlanOverlay;
  readonly direct: DirectRoutes | undefined;
}

function partOf(input: StateInput, backend: VxlanBackend, family: Family): FamilyPart | undefined {
  const { underlay, defaultPort, nexthopObjects } = input;
  const network = input.network[family]?.network;
  const subnet = input.subnets[family];
  const mac = input.macs[family];
  // The interface's address, never the public one: behind NAT the kernel could not send from that.
  const local = underlay[family];
  const mtu = overlayMtus(input.network, underlay)[family];
  if (network === undefined || subnet === undefined || mac === undefined || local === undefined || mtu === undefined) {
    return undefined;
  }
  const all = input.peers[family] ?? [];
  const { direct, tunnelled } = backend.directRouting
    ? partByReach(all, input.routes[family] ?? [], underlay.ifindex)
    : { direct: [], tunnelled: all };
  const tunnel: VxlanOverlay = {
    device: {
      name: vxlanDeviceName(backend, family),
      vni: backend.vni,
      lowerIfindex: underlay.ifindex,
      local,
      port: backend.port === 0 ? defaultPort : backend.port,
      learning: backend.learning,
      gbp: backend.gbp,
      mac,
      mtu: mtu as InnerMtu,
    },
    // The network address of the subnet, as flannel has it: the bridge takes the first host address.
    address: subnet.address,
    network,
    peers: tunnelled.flatMap((peer: Peer) => vxlanPeer(peer) ?? []),
    nexthopObjects,
  };
  const routes: DirectRoutes = { family, ifindex: underlay.ifindex, network, peers: direct };
  return { tunnel, direct: backend.directRouting ? routes : undefined };
}

/** Everything that a vxlan host has in the kernel. @throws {RangeError} if the underlay is too small. */
export function vxlanState(input: StateInput, backend: VxlanBackend): DesiredState {
  const parts = (['ipv4', 'ipv6'] as const).flatMap((family) => partOf(input, backend, family) ?? []);
  return {
    tunnels: parts.map(({ tunnel }) => tunnel),
    direct: parts.flatMap(({ direct }) => direct ?? []),
    plain: [],
    blackholes: [],
    mtus: overlayMtus(input.network, input.underlay),
  };
}
