import { readFileSync } from 'node:fs';
import { decodeAddress, encodeGetAddresses, type Address } from '../../native/netlink/address.ts';
import { NetlinkError } from '../../native/netlink/errors.ts';
import { decodeLink, encodeGetLink, type Link } from '../../native/netlink/link.ts';
import { AF, type IpFamily } from '../../native/netlink/message.ts';
import type { NetlinkSocket } from '../../native/netlink/socket.ts';
import type { Family } from '../model/overlay.ts';

/** The kernel's number of a family. */
export const addressFamily = (family: Family): IpFamily => (family === 'ipv4' ? AF.INET : AF.INET6);

/** Whether an error says that the interface does not exist. */
export const isGone = (error: unknown): boolean => error instanceof NetlinkError && error.code === 'ENODEV';

/** One interface by name, `undefined` if there is none. @throws {NetlinkError} */
export async function findLink(socket: NetlinkSocket, name: string, signal: AbortSignal): Promise<Link | undefined> {
  try {
    return decodeLink(await socket.get(encodeGetLink({ name }), signal));
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** The addresses of one interface; none when it is gone. @throws {NetlinkError} */
export async function addressesOf(
  socket: NetlinkSocket,
  which: { readonly ifindex: number; readonly families: readonly Family[] },
  signal: AbortSignal,
): Promise<Address[]> {
  const found: Address[] = [];
  for (const family of which.families) {
    try {
      const request = encodeGetAddresses({ family: addressFamily(family), ifindex: which.ifindex });
      found.push(...(await socket.collect(request, decodeAddress, signal)));
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }
  return found;
}

/** Where the kernel keeps whether an interface takes router advertisements. */
export const acceptRaFile = (name: string): string => `/proc/sys/net/ipv6/conf/${name}/accept_ra`;

/** Where the kernel keeps whether an interface has no IPv6 at all. */
export const disableIpv6File = (name: string): string => `/proc/sys/net/ipv6/conf/${name}/disable_ipv6`;

function readSetting(file: string): number | undefined {
  try {
    return Number(readFileSync(file, 'utf8').trim());
  } catch {
    return undefined;
  }
}

/** @returns `undefined` without IPv6. */
export const readAcceptRa = (name: string): number | undefined => readSetting(acceptRaFile(name));

/** @returns `undefined` without IPv6. */
export const readDisableIpv6 = (name: string): number | undefined => readSetting(disableIpv6File(name));
