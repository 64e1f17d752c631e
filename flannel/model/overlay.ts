import type { Cidr, IpAddress } from '../../native/net/ip.ts';
import type { Ipv4 } from '../../native/net/ipv4.ts';
import type { MacAddress } from '../../native/net/mac.ts';
import type { WireguardKey } from '../../native/net/wireguard-key.ts';
import type { WireguardData } from '../wire.ts';
import type { InnerMtu } from './mtu.ts';

/** Each family has its own device, peers and routes. */
export type Family = 'ipv4' | 'ipv6';

/** Another host of the overlay, as far as one family is concerned. */
export interface Peer {
  readonly subnet: Cidr;
  readonly publicIp: IpAddress;
  /** vxlan only. The subnet is reached through its network address, that one at this MAC, that one at `publicIp`. */
  readonly vtepMac: MacAddress | undefined;
  /** wireguard only. */
  readonly wireguard: WireguardData | undefined;
}

/** A peer that is reached through VXLAN. */
export type VxlanPeer = Pick<Peer, 'subnet' | 'publicIp'> & { readonly vtepMac: MacAddress };

/** The VXLAN device as it has to be; the names are those of `ip -d link`. */
export interface VxlanDevice {
  readonly name: string;
  readonly vni: number;
  readonly lowerIfindex: number;
  readonly local: IpAddress;
  /** UDP port of the outer packets, never 0. */
  readonly port: number;
  readonly learning: boolean;
  readonly gbp: boolean;
  readonly mac: MacAddress;
  readonly mtu: InnerMtu;
}

/** Everything that is wanted of one VXLAN device. */
export interface VxlanOverlay {
  readonly device: VxlanDevice;
  /** The device's own address, /32 or /128. */
  readonly address: IpAddress;
  /** The overlay's network: what lies outside it is not ours. */
  readonly network: Cidr;
  readonly peers: readonly VxlanPeer[];
  /** Routes over nexthop objects: a fraction of the time with thousands of peers, IPv4 only. */
  readonly nexthopObjects: boolean;
}

/** A subnet that is routed to its host without a tunnel. */
export interface DirectPeer {
  readonly subnet: Cidr;
  readonly publicIp: IpAddress;
}

/** Routes over the underlay interface. */
export interface DirectRoutes {
  readonly family: Family;
  readonly ifindex: number;
  readonly network: Cidr;
  readonly peers: readonly DirectPeer[];
}

/** A device without neighbours and forwarding entries: the route, or the device itself, knows the far end. */
export interface PlainDevice {
  readonly name: string;
  readonly kind: 'ipip' | 'wireguard';
  /** ipip only: source of the outer packets. */
  readonly local: Ipv4 | undefined;
  readonly mtu: InnerMtu;
}

export interface PlainRoute {
  readonly destination: Cidr;
  /** ipip: the far end. wireguard has none, its peers know their networks. */
  readonly gateway: IpAddress | undefined;
}

/** Everything that is wanted of such a device but its peers. */
export interface PlainTunnel {
  readonly device: PlainDevice;
  /** /32 and /128. */
  readonly addresses: readonly IpAddress[];
  readonly networks: readonly Cidr[];
  readonly routes: readonly PlainRoute[];
}

/** A peer of a wireguard device; the public key is who. */
export interface WireguardPeer {
  readonly publicKey: WireguardKey;
  readonly presharedKey: WireguardKey | undefined;
  readonly endpoint: { readonly address: IpAddress; readonly port: number };
  /** 0 is off. */
  readonly keepaliveSeconds: number;
  readonly allowedIps: readonly Cidr[];
}

/** What is wanted of a wireguard device beside its link. */
export interface WireguardSettings {
  readonly privateKey: WireguardKey;
  readonly listenPort: number;
  readonly peers: readonly WireguardPeer[];
}

/** Everything that is wanted of an ipip or wireguard device. */
export interface PlainOverlay extends PlainTunnel {
  readonly wireguard: WireguardSettings | undefined;
}

/** Everything that is wanted in the kernel. */
export interface DesiredState {
  readonly tunnels: readonly VxlanOverlay[];
  /** ipip and wireguard. */
  readonly plain: readonly PlainOverlay[];
  readonly direct: readonly DirectRoutes[];
  /** Networks that end here where no other route takes them. */
  readonly blackholes: readonly Cidr[];
  /** What containers may send in one piece, for each family that there is. */
  readonly mtus: { readonly ipv4: number | undefined; readonly ipv6: number | undefined };
}
