import { blackholeNetworks } from '../model/blackhole.ts';
import type { DesiredState, DirectRoutes } from '../model/overlay.ts';
import { ipipState } from './ipip.ts';
import { overlayMtus } from './mtus.ts';
import type { StateInput } from './state-input.ts';
import { vxlanState } from './vxlan.ts';
import { wireguardState } from './wireguard.ts';

/** Plain routes to every peer: all hosts are on one link. */
function hostGwState({ network, underlay, peers }: StateInput): DesiredState {
  const direct = (['ipv4', 'ipv6'] as const).flatMap((family): DirectRoutes[] => {
    const range = network[family];
    if (range === undefined) return [];
    return [{ family, ifindex: underlay.ifindex, network: range.network, peers: peers[family] ?? [] }];
  });
  return { tunnels: [], plain: [], direct, blackholes: [], mtus: overlayMtus(network, underlay) };
}

/** Everything that is wanted in the kernel under a network configuration. @throws {RangeError} if the underlay is too small. */
export function desiredState(input: StateInput): DesiredState {
  return { ...backendState(input), blackholes: blackholeNetworks(input.subnets, input.blackhole) };
}

function backendState(input: StateInput): DesiredState {
  const { backend } = input.network;
  switch (backend.kind) {
    case 'vxlan':
      return vxlanState(input, backend);
    case 'host-gw':
      return hostGwState(input);
    case 'wireguard':
      return wireguardState(input, backend);
    case 'ipip':
      return ipipState(input, backend);
    case 'alloc':
      return { tunnels: [], plain: [], direct: [], blackholes: [], mtus: overlayMtus(input.network, input.underlay) };
  }
}
