import { open } from 'node:fs/promises';
import type { InterfaceAddress4 } from '../../native/net/cidr.ts';
import { encodeNewAddress } from '../../native/netlink/address.ts';
import { decodeLink, encodeGetLink, encodeSetLink, type Link } from '../../native/netlink/link.ts';
import { encodeNewVeth } from '../../native/netlink/new-link.ts';
import { NetlinkError } from '../../native/netlink/errors.ts';
import { openRouteSocket, type Netns, type NetlinkSocket } from '../../native/netlink/socket.ts';
import { namespacePath } from './namespaces.ts';

/** A change together with the words for its failure. */
export interface Change {
  readonly operation: string;
  readonly target: string;
  readonly message: Buffer;
}

/** A route socket that treats a refusal as a failure: the demo builds on ground it has checked. */
export interface RouteClient extends AsyncDisposable {
  readonly socket: NetlinkSocket;
  /** All changes in one batch. @throws {NetlinkError} of the first that was refused. */
  apply(changes: readonly Change[]): Promise<void>;
  /** @throws {NetlinkError} ENODEV when there is none. */
  link(name: string): Promise<Link>;
}

/** Opens a client in a namespace. @throws {NetlinkError} */
export function openRouteClient(netns: Netns): RouteClient {
  const socket = openRouteSocket({ netns });
  return {
    socket,
    apply: async (changes) => {
      const outcomes = await socket.transact(changes.map((change) => change.message));
      for (const [index, change] of changes.entries()) {
        const outcome = outcomes[index];
        if (outcome !== undefined && outcome.errno !== 0) throw new NetlinkError({ ...change, ...outcome });
      }
    },
    link: async (name) => {
      const link = decodeLink(await socket.get(encodeGetLink({ name })));
      if (link === undefined) throw new TypeError(`the kernel's answer about ${name} is not a link`);
      return link;
    },
    [Symbol.asyncDispose]: () => socket[Symbol.asyncDispose](),
  };
}

/** `ip link set IF [master BRIDGE] up`. */
export const setUp = (ifindex: number, target: string, masterIfindex?: number): Change => ({
  operation: 'set up',
  target,
  message: encodeSetLink(ifindex, { up: true, masterIfindex }),
});

export interface Wire {
  readonly name: string;
  readonly peerName: string;
  readonly peerNamespace: string;
}

/** A veth pair whose far end is born in another namespace. @throws {NetlinkError} */
export async function addWire(client: RouteClient, { name, peerName, peerNamespace }: Wire): Promise<void> {
  const peer = await open(namespacePath(peerNamespace), 'r');
  try {
    const message = encodeNewVeth({ name, peerName, peerNetnsFd: peer.fd });
    await client.apply([{ operation: 'add veth', target: `${name} to ${peerName} in ${peerNamespace}`, message }]);
  } finally {
    await peer.close();
  }
}

/** Gives a link its address and sets it up. @throws {NetlinkError} */
export async function setAddress(client: RouteClient, name: string, at: InterfaceAddress4): Promise<void> {
  const { ifindex } = await client.link(name);
  await client.apply([
    { operation: 'add address', target: name, message: encodeNewAddress({ ifindex, ...at }) },
    setUp(ifindex, name),
  ]);
}
