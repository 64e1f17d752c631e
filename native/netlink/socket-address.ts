import type { IpAddress } from '../net/ip.ts';
import { ipv4FromBytes, ipv4ToBytes } from '../net/ipv4.ts';
import { ipv6FromBytes, ipv6ToBytes } from '../net/ipv6.ts';
import { AF, familyOf } from './message.ts';

/** Where UDP packets go to. */
export interface Endpoint {
  readonly address: IpAddress;
  readonly port: number;
  /** Interface index of a link-local IPv6 address. */
  readonly scopeId?: number;
}

/** struct sockaddr_in: u16 family, u16 port in network order, 4 bytes address, 8 bytes zero. */
const SOCKADDR_IN_BYTES = 16;
/** struct sockaddr_in6: u16 family, u16 port in network order, u32 flow info, 16 bytes address, u32 scope id. */
const SOCKADDR_IN6_BYTES = 28;

/** A struct sockaddr_in or sockaddr_in6. */
export function encodeSocketAddress({ address, port, scopeId = 0 }: Endpoint): Buffer {
  const bytes = Buffer.alloc(typeof address === 'bigint' ? SOCKADDR_IN6_BYTES : SOCKADDR_IN_BYTES);
  bytes.writeUInt16LE(familyOf(address), 0);
  bytes.writeUInt16BE(port, 2);
  if (typeof address === 'bigint') {
    bytes.set(ipv6ToBytes(address), 8);
    bytes.writeUInt32LE(scopeId, 24);
  } else {
    bytes.set(ipv4ToBytes(address), 4);
  }
  return bytes;
}

/** `undefined` for other families and sizes. */
export function decodeSocketAddress(bytes: Buffer): Endpoint | undefined {
  if (bytes.length === SOCKADDR_IN_BYTES && bytes.readUInt16LE(0) === AF.INET) {
    return { address: ipv4FromBytes(bytes.subarray(4, 8)), port: bytes.readUInt16BE(2) };
  }
  if (bytes.length === SOCKADDR_IN6_BYTES && bytes.readUInt16LE(0) === AF.INET6) {
    const scopeId = bytes.readUInt32LE(24);
    const endpoint = { address: ipv6FromBytes(bytes.subarray(8, 24)), port: bytes.readUInt16BE(2) };
    return scopeId === 0 ? endpoint : { ...endpoint, scopeId };
  }
  return undefined;
}
