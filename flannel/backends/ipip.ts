import type { IpipBackend } from '../model/backend-config.ts';
import { partByReach } from '../model/direct-routing.ts';
import type { InnerMtu } from '../model/mtu.ts';
import type { DesiredState } from '../model/overlay.ts';
import { overlayMtus } from './mtus.ts';
import type { StateInput } from './state-input.ts';

/** flannel's name. */
export const IPIP_DEVICE = 'flannel.ipip';

/** IP in IP: the route to each subnet names the far end. IPv4 only. */
export function ipipState(input: StateInput, { directRouting }: IpipBackend): DesiredState {
  const { underlay, subnets, network } = input;
  const mtus = overlayMtus(network, underlay);
  const range = network.ipv4?.network;
  const nothing = { tunnels: [], plain: [], direct: [], blackholes: [], mtus };
  if (range === undefined || subnets.ipv4 === undefined || underlay.ipv4 === undefined) return nothing;
  const all = input.peers.ipv4 ?? [];
  const { direct, tunnelled } = directRouting
    ? partByReach(all, input.routes.ipv4 ?? [], underlay.ifindex)
    : { direct: [], tunnelled: all };
  const tunnel = {
    device: { name: IPIP_DEVICE, kind: 'ipip', local: underlay.ipv4, mtu: mtus.ipv4 as InnerMtu } as const,
    addresses: [subnets.ipv4.address],
    networks: [range],
    routes: tunnelled.map(({ subnet, publicIp }) => ({ destination: subnet, gateway: publicIp })),
    wireguard: undefined,
  };
  const routes = { family: 'ipv4', ifindex: underlay.ifindex, network: range, peers: direct } as const;
  // Where the table was read although nothing goes direct, what did so before is to be found.
  return { ...nothing, plain: [tunnel], direct: input.routes.ipv4 === undefined ? [] : [routes] };
}
