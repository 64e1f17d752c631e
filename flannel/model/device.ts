import { formatIp, type IpAddress } from '../../native/net/ip.ts';
import type { MacAddress } from '../../native/net/mac.ts';
import type { InnerMtu } from './mtu.ts';
import type { VxlanDevice } from './overlay.ts';

/** The interface that bears our device's name, as the kernel tells it. */
export interface ActualDevice {
  readonly ifindex: number;
  readonly name: string;
  readonly kind: string | undefined;
  readonly mac: MacAddress | undefined;
  readonly mtu: number;
  readonly up: boolean;
  /** `net.ipv6.conf.<name>.accept_ra`; `undefined` without IPv6. */
  readonly acceptRa: number | undefined;
  /** `net.ipv6.conf.<name>.disable_ipv6`; `undefined` without IPv6. */
  readonly disableIpv6: number | undefined;
  /** `undefined` for anything but a vxlan device. */
  readonly vxlan:
    | {
        readonly vni: number;
        readonly lowerIfindex: number | undefined;
        readonly local: IpAddress | undefined;
        readonly port: number;
        readonly learning: boolean;
        readonly gbp: boolean;
        /** Asks user space for unknown MACs: an older flannel's way, not ours. */
        readonly l2miss: boolean;
        readonly group: IpAddress | undefined;
      }
    | undefined;
}

/** What can be put right without making the device anew. */
export interface DeviceCorrection {
  readonly mac?: MacAddress;
  readonly mtu?: InnerMtu;
  readonly up?: true;
  readonly learning?: boolean;
  /** A router's advertisement out of the overlay must not set routes here. */
  readonly acceptRa?: 0;
  /** Of a device that carries IPv6: the kernel takes its addresses and routes away, and refuses new ones. */
  readonly disableIpv6?: 0;
}

/** Switches IPv6 on again where an address is wanted that is one of IPv6; elsewhere the setting is the operator's. */
export function ipv6Correction(
  wanted: IpAddress | readonly IpAddress[],
  { disableIpv6 }: Pick<ActualDevice, 'disableIpv6'>,
): Pick<DeviceCorrection, 'disableIpv6'> {
  const isIpv6 = [wanted].flat().some((address) => typeof address === 'bigint');
  return isIpv6 && (disableIpv6 ?? 0) !== 0 ? { disableIpv6: 0 } : {};
}

const addressText = (address: IpAddress | undefined): string => (address === undefined ? 'none' : formatIp(address));

const hasGroup = (group: IpAddress | undefined): boolean => group !== undefined && group !== 0 && group !== 0n;

/**
 * The first difference that only a new device can mend, in flannel's words: `vni: 1 vs 7`. `undefined` when there is none.
 * Flannel's own list of what it compares; unset values of the found device count as equal there as well.
 */
export function incompatibility(wanted: VxlanDevice, found: ActualDevice): string | undefined {
  const { vxlan } = found;
  if (vxlan === undefined) return `link type: vxlan vs ${found.kind ?? 'none'}`;
  if (vxlan.vni !== wanted.vni) return `vni: ${wanted.vni} vs ${vxlan.vni}`;
  if (vxlan.lowerIfindex !== wanted.lowerIfindex) {
    return `vtep (external) interface: ${wanted.lowerIfindex} vs ${vxlan.lowerIfindex ?? 'none'}`;
  }
  if (vxlan.local !== wanted.local) return `vtep IP: ${addressText(wanted.local)} vs ${addressText(vxlan.local)}`;
  if (hasGroup(vxlan.group)) return `group: none vs ${addressText(vxlan.group)}`;
  if (vxlan.l2miss) return 'l2miss: false vs true';
  if (vxlan.port !== wanted.port) return `port: ${wanted.port} vs ${vxlan.port}`;
  if (vxlan.gbp !== wanted.gbp) return `gbp: ${String(wanted.gbp)} vs ${String(vxlan.gbp)}`;
  return undefined;
}

/** What has to be set on a compatible device; `undefined` when it is as wanted. */
export function correctionsOf(wanted: VxlanDevice, found: ActualDevice): DeviceCorrection | undefined {
  const correction: DeviceCorrection = {
    ...(found.mac === wanted.mac ? {} : { mac: wanted.mac }),
    ...(found.mtu === wanted.mtu ? {} : { mtu: wanted.mtu }),
    ...(found.vxlan?.learning === wanted.learning ? {} : { learning: wanted.learning }),
    ...(found.up ? {} : { up: true as const }),
    ...((found.acceptRa ?? 0) === 0 ? {} : { acceptRa: 0 as const }),
    ...ipv6Correction(wanted.local, found),
  };
  return Object.keys(correction).length === 0 ? undefined : correction;
}
