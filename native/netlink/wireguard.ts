import type { Cidr } from '../net/ip.ts';
import { wireguardKeyToBytes, type WireguardKey } from '../net/wireguard-key.ts';
import { MessageWriter } from './attribute-writer.ts';
import { genericMessage, NLA_F_NESTED, type GenericFamily } from './genetlink.ts';
import { familyOf, HEADER_BYTES, NLM_F } from './message.ts';
import { encodeSocketAddress, type Endpoint } from './socket-address.ts';

/** Name of the generic netlink family, for {@link resolveFamily}. */
export const WIREGUARD = 'wireguard';

/** What a wireguard device is to be: what is left out stays as it is. `wg set DEV …`, without the tool. */
export interface WireguardChange {
  readonly ifindex: number;
  /** NO_WIREGUARD_KEY takes the device's key away. */
  readonly privateKey?: WireguardKey | undefined;
  /** UDP; 0 lets the kernel choose. */
  readonly listenPort?: number | undefined;
  /** Mark of the outer packets; 0 is none. */
  readonly fwmark?: number | undefined;
  /** Removes all peers that the device has before those of this change are set. */
  readonly replacePeers?: boolean | undefined;
  readonly peers?: readonly WireguardPeerChange[] | undefined;
}

/** A peer to be added, changed or removed; the public key is who. */
export interface WireguardPeerChange {
  readonly publicKey: WireguardKey;
  readonly remove?: boolean | undefined;
  /** Passes over a peer that the device does not have, instead of adding it. */
  readonly updateOnly?: boolean | undefined;
  /** NO_WIREGUARD_KEY takes it away. */
  readonly presharedKey?: WireguardKey | undefined;
  readonly endpoint?: Endpoint | undefined;
  /** 0 is off. */
  readonly persistentKeepaliveSeconds?: number | undefined;
  /** Removes all networks that the peer has before those of this change are set. */
  readonly replaceAllowedIps?: boolean | undefined;
  /** A network that another peer has moves over to this one. */
  readonly allowedIps?: readonly Cidr[] | undefined;
}

export const WG_CMD = { GET_DEVICE: 0, SET_DEVICE: 1 } as const;
export const WGDEVICE_A = {
  IFINDEX: 1,
  IFNAME: 2,
  PRIVATE_KEY: 3,
  PUBLIC_KEY: 4,
  FLAGS: 5,
  LISTEN_PORT: 6,
  FWMARK: 7,
  PEERS: 8,
} as const;
export const WGPEER_A = {
  PUBLIC_KEY: 1,
  PRESHARED_KEY: 2,
  FLAGS: 3,
  ENDPOINT: 4,
  PERSISTENT_KEEPALIVE_INTERVAL: 5,
  LAST_HANDSHAKE_TIME: 6,
  RX_BYTES: 7,
  TX_BYTES: 8,
  ALLOWEDIPS: 9,
} as const;
export const WGALLOWEDIP_A = { FAMILY: 1, IPADDR: 2, CIDR_MASK: 3 } as const;

const WGDEVICE_F_REPLACE_PEERS = 1;
const WGPEER_F = { REMOVE_ME: 1, REPLACE_ALLOWEDIPS: 2, UPDATE_ONLY: 4 } as const;

/** Peers in one message: far below the 64 KiB that an attribute can hold. */
const MAX_PEERS_BYTES = 32 * 1024;
/** Networks of one peer in one message, of at most 40 bytes each. */
const MAX_ALLOWED_IPS = 256;

/** Dump of one device with its peers; `wg show DEV dump`. ENODEV if it is gone, EOPNOTSUPP if it is none of wireguard. */
export function encodeGetWireguard(family: GenericFamily, { ifindex }: { readonly ifindex: number }): Buffer {
  return genericMessage({ family, command: WG_CMD.GET_DEVICE, flags: NLM_F.DUMP })
    .u32(WGDEVICE_A.IFINDEX, ifindex)
    .finish();
}

function writeAllowedIp(writer: MessageWriter, { address, prefixLength }: Cidr): void {
  writer
    .u16(WGALLOWEDIP_A.FAMILY, familyOf(address))
    .ip(WGALLOWEDIP_A.IPADDR, address)
    .u8(WGALLOWEDIP_A.CIDR_MASK, prefixLength);
}

function flagsOf({ remove, replaceAllowedIps, updateOnly }: WireguardPeerChange): number {
  return (
    (remove === true ? WGPEER_F.REMOVE_ME : 0) |
    (replaceAllowedIps === true ? WGPEER_F.REPLACE_ALLOWEDIPS : 0) |
    (updateOnly === true ? WGPEER_F.UPDATE_ONLY : 0)
  );
}

/** The attributes of one peer. The types of a list's entries mean nothing to the kernel; they count from 1 here. */
function peerBytes(peer: WireguardPeerChange): Buffer {
  const { presharedKey, endpoint, persistentKeepaliveSeconds: keepalive, allowedIps = [] } = peer;
  const flags = flagsOf(peer);
  const writer = new MessageWriter(0, 0, 0).bytes(WGPEER_A.PUBLIC_KEY, wireguardKeyToBytes(peer.publicKey));
  if (presharedKey !== undefined) writer.bytes(WGPEER_A.PRESHARED_KEY, wireguardKeyToBytes(presharedKey));
  if (flags !== 0) writer.u32(WGPEER_A.FLAGS, flags);
  if (endpoint !== undefined) writer.bytes(WGPEER_A.ENDPOINT, encodeSocketAddress(endpoint));
  if (keepalive !== undefined) writer.u16(WGPEER_A.PERSISTENT_KEEPALIVE_INTERVAL, keepalive);
  if (allowedIps.length > 0) {
    writer.nested(WGPEER_A.ALLOWEDIPS | NLA_F_NESTED, (list) => {
      for (const [index, network] of allowedIps.entries()) {
        list.nested((index + 1) | NLA_F_NESTED, (entry) => {
          writeAllowedIp(entry, network);
        });
      }
    });
  }
  return writer.finish().subarray(HEADER_BYTES);
}

/** A peer with very many networks comes in parts, of which the later ones only add networks to a peer that is still there. */
function partsOf(peer: WireguardPeerChange): WireguardPeerChange[] {
  const { publicKey, allowedIps = [] } = peer;
  if (allowedIps.length <= MAX_ALLOWED_IPS) return [peer];
  const parts: WireguardPeerChange[] = [{ ...peer, allowedIps: allowedIps.slice(0, MAX_ALLOWED_IPS) }];
  for (let first = MAX_ALLOWED_IPS; first < allowedIps.length; first += MAX_ALLOWED_IPS) {
    parts.push({ publicKey, updateOnly: true, allowedIps: allowedIps.slice(first, first + MAX_ALLOWED_IPS) });
  }
  return parts;
}

/** Peers by message; one empty group when there are none. */
function groupsOf(peers: readonly WireguardPeerChange[]): Buffer[][] {
  const groups: Buffer[][] = [];
  let group: Buffer[] = [];
  let length = 0;
  for (const part of peers.flatMap(partsOf)) {
    const bytes = peerBytes(part);
    if (group.length > 0 && length + bytes.length > MAX_PEERS_BYTES) {
      groups.push(group);
      group = [];
      length = 0;
    }
    group.push(bytes);
    length += bytes.length;
  }
  return [...groups, group];
}

function writeDevice(writer: MessageWriter, change: WireguardChange): void {
  const { privateKey, listenPort, fwmark, replacePeers } = change;
  if (privateKey !== undefined) writer.bytes(WGDEVICE_A.PRIVATE_KEY, wireguardKeyToBytes(privateKey));
  if (listenPort !== undefined) writer.u16(WGDEVICE_A.LISTEN_PORT, listenPort);
  if (fwmark !== undefined) writer.u32(WGDEVICE_A.FWMARK, fwmark);
  if (replacePeers === true) writer.u32(WGDEVICE_A.FLAGS, WGDEVICE_F_REPLACE_PEERS);
}

/**
 * The messages that make a change, to be sent in their order. One of them takes about 200 peers and is not atomic: the kernel
 * stops at the first peer it refuses. The device's own settings, and the removal of its peers, go with the first. EADDRINUSE if
 * the port is taken, EADDRNOTAVAIL if the device is not there.
 */
export function encodeSetWireguard(family: GenericFamily, change: WireguardChange): Buffer[] {
  return groupsOf(change.peers ?? []).map((group, index) => {
    const writer = genericMessage({ family, command: WG_CMD.SET_DEVICE, flags: NLM_F.ACK });
    writer.u32(WGDEVICE_A.IFINDEX, change.ifindex);
    if (index === 0) writeDevice(writer, change);
    if (group.length > 0) {
      writer.nested(WGDEVICE_A.PEERS | NLA_F_NESTED, (list) => {
        for (const [place, bytes] of group.entries()) list.bytes((place + 1) | NLA_F_NESTED, bytes);
      });
    }
    return writer.finish();
  });
}
