import { parseCidr4 } from '../../native/net/cidr.ts';
import { ipv4ToBytes, type Ipv4 } from '../../native/net/ipv4.ts';
import { macFromBytes, type MacAddress } from '../../native/net/mac.ts';
import { NetlinkError } from '../../native/netlink/errors.ts';
import { encodeDelLink, encodeSetLink } from '../../native/netlink/link.ts';
import { encodeNewBridge, encodeNewVeth } from '../../native/netlink/new-link.ts';
import { encodeNewRoute, RT_SCOPE, RT_TABLE_MAIN, RTN, RTPROT } from '../../native/netlink/route.ts';
import { CONTAINER_BRIDGE } from './plan.ts';
import { openRouteClient, setAddress, setUp } from './route-client.ts';
import type { SubnetEnv } from './subnet-env.ts';

const ANYWHERE = parseCidr4('0.0.0.0/0');

/**
 * CNI's form: 0a:58 and the four bytes of the address. A bridge left to itself changes its MAC with its ports, and a container
 * that is made again would have another one: either way the neighbours would send to a MAC that is gone, for many seconds.
 */
export function macOf(address: Ipv4): MacAddress {
  return macFromBytes(Uint8Array.of(0x0a, 0x58, ...ipv4ToBytes(address)));
}

/** The bridge of a host's containers, with the gateway address of its lease. @throws {NetlinkError} */
export async function buildContainerBridge(namespace: string, subnet: SubnetEnv): Promise<void> {
  await using client = openRouteClient({ kind: 'name', name: namespace });
  const message = encodeNewBridge({
    name: CONTAINER_BRIDGE,
    mtu: subnet.mtu,
    mac: macOf(subnet.gateway.address),
  });
  await client.apply([{ operation: 'add bridge', target: `${CONTAINER_BRIDGE} in ${namespace}`, message }]);
  await setAddress(client, CONTAINER_BRIDGE, subnet.gateway);
}

export interface Attachment {
  readonly namespace: string;
  /** Interface name on the host, such as `v-web`. */
  readonly port: string;
  /** A process in the container's namespace. */
  readonly pid: number;
  readonly address: Ipv4;
  readonly subnet: SubnetEnv;
}

/** Gives a container its `eth0`: veth to the host's bridge, address, default route over the gateway. @throws {NetlinkError} */
export async function attachContainer({ namespace, port, pid, address, subnet }: Attachment): Promise<void> {
  await using host = openRouteClient({ kind: 'name', name: namespace });
  const bridge = await host.link(CONTAINER_BRIDGE);
  const wire = encodeNewVeth({ name: port, peerName: 'eth0', peerNetnsPid: pid, mtu: subnet.mtu });
  await host.apply([{ operation: 'add veth', target: `${port} in ${namespace}`, message: wire }]);
  await host.apply([setUp((await host.link(port)).ifindex, port, bridge.ifindex)]);
  await using inside = openRouteClient({ kind: 'pid', pid });
  const { ifindex: oif } = await inside.link('eth0');
  await inside.apply([
    setUp((await inside.link('lo')).ifindex, 'lo'),
    { operation: 'set MAC', target: `eth0 of ${port}`, message: encodeSetLink(oif, { mac: macOf(address) }) },
  ]);
  await setAddress(inside, 'eth0', { address, prefixLength: subnet.gateway.prefixLength });
  const route = encodeNewRoute({
    destination: ANYWHERE,
    gateway: subnet.gateway.address,
    oif,
    table: RT_TABLE_MAIN,
    protocol: RTPROT.BOOT,
    scope: RT_SCOPE.UNIVERSE,
    type: RTN.UNICAST,
    onlink: false,
    priority: undefined,
    nexthopId: undefined,
    prefSource: undefined,
  });
  await inside.apply([{ operation: 'add default route', target: `container ${port} in ${namespace}`, message: route }]);
}

/** Removes a port that a dead container left; the kernel takes it with the container's namespace, but in its own time. */
export async function removePort(namespace: string, port: string): Promise<void> {
  await using host = openRouteClient({ kind: 'name', name: namespace });
  try {
    const { ifindex } = await host.link(port);
    await host.apply([{ operation: 'remove', target: `${port} in ${namespace}`, message: encodeDelLink(ifindex) }]);
  } catch (error) {
    if (!(error instanceof NetlinkError && error.code === 'ENODEV')) throw error;
  }
}
