import { decodeAddress, encodeGetAddresses } from '../../native/netlink/address.ts';
import { decodeLink, encodeGetLinks } from '../../native/netlink/link.ts';
import type { NetlinkSocket } from '../../native/netlink/socket.ts';
import type { ConflictAddress, ConflictRoute, ConflictView } from '../model/conflicts.ts';
import type { Family } from '../model/overlay.ts';
import { addressFamily } from './links.ts';
import { readMainRoutes } from './read-routes.ts';
import { RTPROT_WEFT } from './steps.ts';

/** Everything on this host that can be in the overlay's way. @throws {NetlinkError} */
export async function readConflictView(
  socket: NetlinkSocket,
  families: readonly Family[],
  signal: AbortSignal,
): Promise<ConflictView> {
  const links = await socket.collect(encodeGetLinks(), decodeLink, signal);
  const addresses: ConflictAddress[] = [];
  const routes: ConflictRoute[] = [];
  for (const family of families) {
    const request = encodeGetAddresses({ family: addressFamily(family) });
    for (const entry of await socket.collect(request, decodeAddress, signal)) {
      const { ifindex, address, prefixLength } = entry;
      const place = typeof address === 'bigint' ? { address, prefixLength } : { address, prefixLength };
      addresses.push({ ifindex, address: place });
    }
    for (const { destination, oif, protocol } of await readMainRoutes(socket, { family }, signal)) {
      routes.push({ destination, oif, ours: protocol === RTPROT_WEFT });
    }
  }
  return { links: links.map(({ ifindex, name, vxlan }) => ({ ifindex, name, vxlan })), addresses, routes };
}
