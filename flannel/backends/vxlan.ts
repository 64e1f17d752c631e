import type { VxlanBackend } from '../model/backend-config.ts';
import { partByReach } from '../model/direct-routing.ts';
import type { InnerMtu } from '../model/mtu.ts';
import type { DesiredState, DirectRoutes, Family, Peer, VxlanOverlay, VxlanPeer } from '../model/overlay.ts';
import { vxlanPeer } from '../model/plan.ts';
import { overlayMtus } from './mtus.ts';
import type { StateInput } from './state-input.ts';

/** `flannel.<VNI>`, and `flannel-v6.<VNI>` for IPv6. */
export function vxlanDeviceName({ vni }: VxlanBackend, family: Family): string {
  return family === 'ipv4' ? `flannel.${vni}` : `flannel-v6.${vni}`;
}

/** By the array they were made of: as long as nobody comes or goes, what is wanted is the very same. */
const known = new WeakMap<readonly Peer[], readonly VxlanPeer[]>();

function vxlanPeers(peers: readonly Peer[]): readonly VxlanPeer[] {
  const before = known.get(peers);
  if (before !== undefined) return before;
  const now = peers.flatMap((peer) => vxlanPeer(peer) ?? []);
  known.set(peers, now);
  return now;
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
    peers: vxlanPeers(tunnelled),
    nexthopObjects,
  };
  const routes: DirectRoutes = { family, ifindex: underlay.ifindex, network, peers: direct };
  // Where the table was read although nothing goes direct, what did so before is to be found.
  return { tunnel, direct: input.routes[family] === undefined ? undefined : routes };
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
