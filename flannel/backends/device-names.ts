import type { NetworkConfig } from '../model/network-config.ts';
import type { Family } from '../model/overlay.ts';
import { IPIP_DEVICE } from './ipip.ts';
import { vxlanDeviceName } from './vxlan.ts';
import { wireguardDevices } from './wireguard.ts';

/** The names of our devices under a configuration. */
export function deviceNames({ backend, ipv4, ipv6 }: NetworkConfig): string[] {
  const families: Family[] = [...(ipv4 ? ['ipv4' as const] : []), ...(ipv6 ? ['ipv6' as const] : [])];
  switch (backend.kind) {
    case 'vxlan':
      return families.map((family) => vxlanDeviceName(backend, family));
    case 'wireguard':
      return wireguardDevices(backend, families);
    case 'ipip':
      return [IPIP_DEVICE];
    case 'host-gw':
    case 'alloc':
      return [];
  }
}
