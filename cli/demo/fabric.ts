import { cidr4, cidr4Contains, parseCidr4, type Cidr4 } from '../../native/net/cidr.ts';
import { isCidr6 } from '../../native/net/ip.ts';
import { decodeAddress, encodeGetAddresses } from '../../native/netlink/address.ts';
import { NetlinkError } from '../../native/netlink/errors.ts';
import { AF } from '../../native/netlink/message.ts';
import { encodeDelLink } from '../../native/netlink/link.ts';
import { encodeNewBridge } from '../../native/netlink/new-link.ts';
import { decodeRoute, encodeGetRoutes } from '../../native/netlink/route.ts';
import { runCommand } from './command.ts';
import { inNamespace } from './namespaces.ts';
import { FABRIC_BRIDGE, FABRIC_NAMESPACE, MACHINE_LINK, type ClusterPlan } from './plan.ts';
import { addWire, openRouteClient, setAddress, setUp, type RouteClient } from './route-client.ts';

const LOOPBACK = parseCidr4('127.0.0.0/8');

/** Every IPv4 network that the machine's own namespace has an address in or a route to. */
export async function machineNetworks(): Promise<Cidr4[]> {
  await using client = openRouteClient({ kind: 'current' });
  const addresses = (await client.socket.dump(encodeGetAddresses({ family: AF.INET }))).flatMap((message) => {
    const address = decodeAddress(message);
    return typeof address?.address === 'number' ? [cidr4(address.address, address.prefixLength)] : [];
  });
  const routes = (await client.socket.dump(encodeGetRoutes({ family: AF.INET }))).flatMap((message) => {
    const route = decodeRoute(message);
    return route === undefined || isCidr6(route.destination) ? [] : [route.destination];
  });
  return [...addresses, ...routes].filter((network) => !cidr4Contains(LOOPBACK, network.address));
}

/** Forwarding is on in a host's namespace only; writing needs a process inside it. */
async function forwardIn(namespace: string): Promise<void> {
  await runCommand(inNamespace(namespace, ['sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward']));
}

async function wireHost(fabric: RouteClient, host: ClusterPlan['hosts'][number], prefixLength: number): Promise<void> {
  const port = `h${host.number}`;
  await addWire(fabric, { name: port, peerName: 'eth0', peerNamespace: host.name });
  const bridge = await fabric.link(FABRIC_BRIDGE);
  await fabric.apply([setUp((await fabric.link(port)).ifindex, port, bridge.ifindex)]);
  await using inside = openRouteClient({ kind: 'name', name: host.name });
  await inside.apply([setUp((await inside.link('lo')).ifindex, 'lo')]);
  await setAddress(inside, 'eth0', { address: host.underlayAddress, prefixLength });
  await forwardIn(host.name);
}

/** Lays the machine's one wire and one for each host to the bridge in the fabric's namespace. @throws {NetlinkError} */
export async function buildFabric(plan: ClusterPlan): Promise<void> {
  const { prefixLength } = plan.underlay;
  await using fabric = openRouteClient({ kind: 'name', name: FABRIC_NAMESPACE });
  await fabric.apply([
    setUp((await fabric.link('lo')).ifindex, 'lo'),
    { operation: 'add bridge', target: FABRIC_BRIDGE, message: encodeNewBridge({ name: FABRIC_BRIDGE }) },
  ]);
  const bridge = await fabric.link(FABRIC_BRIDGE);
  await fabric.apply([setUp(bridge.ifindex, FABRIC_BRIDGE)]);
  await using machine = openRouteClient({ kind: 'current' });
  await addWire(machine, { name: MACHINE_LINK, peerName: 'machine', peerNamespace: FABRIC_NAMESPACE });
  await setAddress(machine, MACHINE_LINK, { address: plan.machineAddress, prefixLength });
  await fabric.apply([setUp((await fabric.link('machine')).ifindex, 'machine', bridge.ifindex)]);
  await Promise.all(plan.hosts.map((host) => wireHost(fabric, host, prefixLength)));
}

/** The interface number of the machine's one wire; `undefined` when it is not there. */
export async function machineLinkIndex(): Promise<number | undefined> {
  await using client = openRouteClient({ kind: 'current' });
  try {
    return (await client.link(MACHINE_LINK)).ifindex;
  } catch (error) {
    if (error instanceof NetlinkError && error.code === 'ENODEV') return undefined;
    throw error;
  }
}

/** Takes the machine's wire away; one that is gone is none to take. @throws {NetlinkError} */
export async function removeMachineLink(ifindex: number): Promise<void> {
  await using client = openRouteClient({ kind: 'current' });
  try {
    await client.apply([{ operation: 'remove', target: MACHINE_LINK, message: encodeDelLink(ifindex) }]);
  } catch (error) {
    if (!(error instanceof NetlinkError && error.code === 'ENODEV')) throw error;
  }
}
