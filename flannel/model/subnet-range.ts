import type { Cidr4 } from '../../native/net/cidr.ts';
import type { Ipv4 } from '../../native/net/ipv4.ts';
import type { Cidr6, Ipv6 } from '../../native/net/ipv6.ts';

/** What may be leased of one family. */
export interface SubnetRange<Address, Network> {
  readonly network: Network;
  readonly subnetLength: number;
  /** First and last subnet address that may be leased. */
  readonly subnetMin: Address;
  readonly subnetMax: Address;
}

export type Range4 = SubnetRange<Ipv4, Cidr4>;
export type Range6 = SubnetRange<Ipv6, Cidr6>;
