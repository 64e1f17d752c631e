import type { Underlay } from '../model/interface-choice.ts';
import { innerMtu, innerMtu6, IPIP_OVERHEAD_BYTES, outerMtu, WIREGUARD_OVERHEAD_BYTES } from '../model/mtu.ts';
import type { NetworkConfig } from '../model/network-config.ts';
import type { DesiredState } from '../model/overlay.ts';

/** What containers may send in one piece, by family. @throws {RangeError} if the underlay carries too little. */
export function overlayMtus({ ipv4, ipv6, backend }: NetworkConfig, underlay: Underlay): DesiredState['mtus'] {
  if (backend.kind !== 'vxlan') {
    const mtu = plainMtu(backend, underlay);
    return { ipv4: ipv4 && mtu, ipv6: ipv6 && mtu };
  }
  const outer = backend.mtu ?? outerMtu(underlay.mtu);
  return { ipv4: ipv4 && innerMtu(outer), ipv6: ipv6 && innerMtu6(outer) };
}

/** The same for both families. */
function plainMtu(backend: Exclude<NetworkConfig['backend'], { kind: 'vxlan' }>, underlay: Underlay): number {
  if (backend.kind === 'wireguard') return (backend.mtu ?? underlay.mtu) - WIREGUARD_OVERHEAD_BYTES;
  return backend.kind === 'ipip' ? underlay.mtu - IPIP_OVERHEAD_BYTES : underlay.mtu;
}

/**
 * `FLANNEL_MTU`. flannel takes the overhead over IPv4 off also where containers send over IPv6; `strict` takes what the smallest
 * family carries. @throws {RangeError} as {@link overlayMtus}.
 */
export function subnetEnvMtu(network: NetworkConfig, underlay: Underlay, rule: 'flannel' | 'strict'): number {
  const { ipv4, ipv6 } = overlayMtus(network, underlay);
  if (rule === 'flannel' && network.backend.kind === 'vxlan') {
    return innerMtu(network.backend.mtu ?? outerMtu(underlay.mtu));
  }
  return Math.min(ipv4 ?? Infinity, ipv6 ?? Infinity);
}
