import type { Cidr4 } from '../../native/net/cidr.ts';
import type { Cidr } from '../../native/net/ip.ts';
import type { Cidr6 } from '../../native/net/ipv6.ts';

/**
 * `--ip-blackhole-route`: the networks for which a route of type blackhole has to be in the main table, in both families; the
 * same as `ip route add blackhole SUBNET`. What no bridge's more specific route takes then ends here instead of looping.
 */
export function blackholeNetworks(
  subnets: { readonly ipv4: Cidr4 | undefined; readonly ipv6: Cidr6 | undefined },
  setting: 'on' | 'off',
): Cidr[] {
  if (setting === 'off') return [];
  return [subnets.ipv4, subnets.ipv6].filter((subnet) => subnet !== undefined);
}
