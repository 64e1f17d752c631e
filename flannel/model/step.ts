import type { Cidr, IpAddress } from '../../native/net/ip.ts';
import type { MacAddress } from '../../native/net/mac.ts';
import type { WireguardKey } from '../../native/net/wireguard-key.ts';
import type { DeviceCorrection } from './device.ts';
import type { PlainDevice, VxlanDevice, WireguardPeer } from './overlay.ts';

/** One change to the kernel. */
export type Step =
  | { readonly kind: 'delete-link'; readonly ifindex: number; readonly name: string; readonly because: string }
  | { readonly kind: 'create-link'; readonly device: VxlanDevice }
  | { readonly kind: 'set-link'; readonly correction: DeviceCorrection }
  | { readonly kind: 'add-address'; readonly address: IpAddress }
  | { readonly kind: 'set-neighbor'; readonly address: IpAddress; readonly mac: MacAddress }
  | { readonly kind: 'set-fdb'; readonly mac: MacAddress; readonly remote: IpAddress }
  | { readonly kind: 'set-nexthop'; readonly nexthopId: number; readonly gateway: IpAddress }
  /** Fails when a route of somebody else's has the destination: that one is not ours to replace. */
  | { readonly kind: 'add-route'; readonly destination: Cidr; readonly nexthopId: number | undefined }
  /** Takes the place of a route of our own that differs. */
  | { readonly kind: 'replace-route'; readonly destination: Cidr; readonly nexthopId: number | undefined }
  /** Takes the place of a foreign IPv6 route, without a gateway: the kernel refuses ours while the foreign one covers it. */
  | { readonly kind: 'hold-route'; readonly destination: Cidr }
  | { readonly kind: 'remove-route'; readonly destination: Cidr; readonly gateway: IpAddress | undefined }
  | { readonly kind: 'remove-nexthop'; readonly nexthopId: number }
  | { readonly kind: 'remove-fdb'; readonly mac: MacAddress; readonly remote: IpAddress }
  | { readonly kind: 'remove-neighbor'; readonly address: IpAddress }
  | { readonly kind: 'remove-address'; readonly address: IpAddress; readonly prefixLength: number }
  /** The same three of routes over the underlay interface. */
  | { readonly kind: 'add-direct-route'; readonly destination: Cidr; readonly gateway: IpAddress }
  | { readonly kind: 'replace-direct-route'; readonly destination: Cidr; readonly gateway: IpAddress }
  | { readonly kind: 'remove-direct-route'; readonly destination: Cidr; readonly gateway: IpAddress | undefined }
  /** Of ipip and wireguard devices. */
  | { readonly kind: 'create-tunnel'; readonly tunnel: PlainDevice }
  | { readonly kind: 'add-tunnel-route'; readonly destination: Cidr; readonly gateway: IpAddress | undefined }
  | { readonly kind: 'replace-tunnel-route'; readonly destination: Cidr; readonly gateway: IpAddress | undefined }
  | { readonly kind: 'remove-tunnel-route'; readonly destination: Cidr; readonly gateway: IpAddress | undefined }
  | { readonly kind: 'set-wireguard'; readonly privateKey: WireguardKey; readonly listenPort: number }
  | { readonly kind: 'set-wireguard-peer'; readonly peer: WireguardPeer }
  | { readonly kind: 'remove-wireguard-peer'; readonly publicKey: WireguardKey; readonly allowedIps: readonly Cidr[] }
  | { readonly kind: 'add-blackhole'; readonly destination: Cidr }
  | { readonly kind: 'remove-blackhole'; readonly destination: Cidr };

const MAKING_STEPS: ReadonlySet<Step['kind']> = new Set(['delete-link', 'create-link', 'create-tunnel']);
const LINK_STEPS: ReadonlySet<Step['kind']> = new Set([
  ...MAKING_STEPS,
  'set-link',
  'set-wireguard',
  'add-address',
  'remove-address',
]);

/** A step on the device itself; the failure of another one leaves the other peers reachable. */
export const isLinkStep = ({ kind }: Step): boolean => LINK_STEPS.has(kind);

/** The steps of one device that were done: of a device that could not be made, those that came before. */
export function stepsDone(steps: readonly Step[], failed: ReadonlySet<Step>): Step[] {
  const end = steps.findIndex((step) => failed.has(step) && MAKING_STEPS.has(step.kind));
  return (end === -1 ? steps : steps.slice(0, end)).filter((step) => !failed.has(step));
}
