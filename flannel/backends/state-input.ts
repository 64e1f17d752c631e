import type { MacAddress } from '../../native/net/mac.ts';
import type { WireguardKey } from '../../native/net/wireguard-key.ts';
import type { UnderlayRoute } from '../model/direct-routing.ts';
import type { Underlay } from '../model/interface-choice.ts';
import type { NetworkConfig } from '../model/network-config.ts';
import type { Peer } from '../model/overlay.ts';
import type { PerFamily, SubnetPair } from '../wire.ts';

/** All that decides what a host has in the kernel. */
export interface StateInput {
  readonly network: NetworkConfig;
  readonly underlay: Underlay;
  readonly subnets: SubnetPair;
  /** VTEP MACs; vxlan only. */
  readonly macs: PerFamily<MacAddress>;
  /** The private key; wireguard only. */
  readonly wireguardKey: WireguardKey | undefined;
  readonly peers: PerFamily<readonly Peer[]>;
  /** What decides whether a peer is on our link; read for DirectRouting only. */
  readonly routes: PerFamily<readonly UnderlayRoute[]>;
  /** The port that the kernel takes when none is named. */
  readonly defaultPort: number;
  readonly nexthopObjects: boolean;
  readonly blackhole: 'on' | 'off';
}
