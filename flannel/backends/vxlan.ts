import type { MacAddress } from '../../native/net/mac.ts';
import type { Underlay } from '../model/interface-choice.ts';
import { innerMtu, outerMtu, type InnerMtu } from '../model/mtu.ts';
import type { VxlanBackend } from '../model/backend-config.ts';
import type { Range4 } from '../model/subnet-range.ts';
import type { DesiredOverlay, Peer, VxlanDevice } from '../model/overlay.ts';
import type { Cidr4 } from '../../native/net/cidr.ts';

/** A network configuration of vxlan over IPv4. */
export interface VxlanNetwork {
  readonly ipv4: Range4;
  readonly backend: VxlanBackend;
}

/** `flannel.<VNI>`. */
export function deviceName(config: VxlanNetwork): string {
  return `flannel.${config.backend.vni}`;
}

/** What containers may send in one piece: the configured MTU, else the underlay's, less the headers. @throws {RangeError} if that is nothing. */
export function overlayMtu(config: VxlanNetwork, underlay: Underlay): InnerMtu {
  return innerMtu(config.backend.mtu ?? outerMtu(underlay.mtu));
}

export interface VxlanInput {
  readonly config: VxlanNetwork;
  readonly underlay: Underlay;
  readonly vtepMac: MacAddress;
  readonly subnet: Cidr4;
  readonly peers: readonly Peer[];
  /** The port that the kernel takes when none is named. */
  readonly defaultPort: number;
}

/** The whole overlay of a host that holds `subnet`. @throws {RangeError} if the underlay is too small. */
export function vxlanOverlay({ config, underlay, vtepMac, subnet, peers, defaultPort }: VxlanInput): DesiredOverlay {
  const { vni, port, learning, gbp } = config.backend;
  if (underlay.ipv4 === undefined) throw new RangeError(`${underlay.name} has no IPv4 address`);
  const device: VxlanDevice = {
    name: deviceName(config),
    vni,
    lowerIfindex: underlay.ifindex,
    // The interface's address, never the public one: behind NAT the kernel could not send from that.
    local: underlay.ipv4,
    port: port === 0 ? defaultPort : port,
    learning,
    gbp,
    mac: vtepMac,
    mtu: overlayMtu(config, underlay),
  };
  // The network address of the subnet, as flannel has it: the bridge takes the first host address.
  return { device, address: subnet.address, network: config.ipv4.network, peers };
}
