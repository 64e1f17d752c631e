import { cidr, type Cidr, type IpAddress } from '../net/ip.ts';
import {
  NO_WIREGUARD_KEY,
  WIREGUARD_KEY_BYTES,
  wireguardKeyFromBytes,
  type WireguardKey,
} from '../net/wireguard-key.ts';
import { attributesOf, type AttributeReader } from './attribute-reader.ts';
import { GENLMSGHDR_BYTES, type GenericFamily } from './genetlink.ts';
import { AF, malformed, type Message } from './message.ts';
import { decodeSocketAddress, type Endpoint } from './socket-address.ts';
import { WG_CMD, WGALLOWEDIP_A, WGDEVICE_A, WGPEER_A } from './wireguard.ts';

/** A wireguard device as the kernel tells it; `wg show DEV dump`. */
export interface WireguardDevice {
  readonly ifindex: number;
  readonly name: string;
  /** Secret. `undefined` while none is set. */
  readonly privateKey: WireguardKey | undefined;
  readonly publicKey: WireguardKey | undefined;
  /** UDP; 0 while the device is down and none was asked for. */
  readonly listenPort: number;
  /** 0 is none. */
  readonly fwmark: number;
  readonly peers: readonly WireguardPeer[];
}

export interface WireguardPeer {
  readonly publicKey: WireguardKey;
  /** Secret. `undefined` when there is none. */
  readonly presharedKey: WireguardKey | undefined;
  /** Where the peer was last heard from, or what was set. */
  readonly endpoint: Endpoint | undefined;
  /** 0 is off. */
  readonly persistentKeepaliveSeconds: number;
  /** Unix time, milliseconds; `undefined` before the first. */
  readonly lastHandshakeMs: number | undefined;
  readonly rxBytes: bigint;
  readonly txBytes: bigint;
  /** In the kernel's order, which is not the one they were set in. */
  readonly allowedIps: readonly Cidr[];
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };
type PeerReading = Writable<Omit<WireguardPeer, 'publicKey' | 'allowedIps'>> & {
  publicKey: WireguardKey | undefined;
  allowedIps: Cidr[];
};
type DeviceReading = Writable<Omit<WireguardDevice, 'ifindex' | 'peers'>> & {
  ifindex: number | undefined;
  peers: (PeerReading & { publicKey: WireguardKey })[];
};

const OPERATION = 'decode WireGuard device';

function readKey(reader: AttributeReader, name: string): WireguardKey | undefined {
  const key = wireguardKeyFromBytes(reader.bytesOf(name, WIREGUARD_KEY_BYTES));
  return key === NO_WIREGUARD_KEY ? undefined : key;
}

/** struct __kernel_timespec: s64 seconds, s64 nanoseconds; zero is never. */
function readTime(reader: AttributeReader): number | undefined {
  const bytes = reader.bytesOf('WGPEER_A_LAST_HANDSHAKE_TIME', 16);
  const seconds = Number(bytes.readBigInt64LE(0));
  const nanos = Number(bytes.readBigInt64LE(8));
  return seconds === 0 && nanos === 0 ? undefined : seconds * 1000 + Math.floor(nanos / 1e6);
}

/** `undefined` for a family that is neither. */
function readAllowedIp(reader: AttributeReader): Cidr | undefined {
  let family: number = AF.UNSPEC;
  let address: IpAddress | undefined;
  let prefixLength = 0;
  while (reader.next()) {
    if (reader.type === WGALLOWEDIP_A.FAMILY) family = reader.u16('WGALLOWEDIP_A_FAMILY');
    else if (reader.type === WGALLOWEDIP_A.IPADDR) address = reader.ipOfAnyFamily('WGALLOWEDIP_A_IPADDR');
    else if (reader.type === WGALLOWEDIP_A.CIDR_MASK) prefixLength = reader.u8('WGALLOWEDIP_A_CIDR_MASK');
  }
  if (address === undefined || (family !== AF.INET && family !== AF.INET6)) return undefined;
  const longest = typeof address === 'bigint' ? 128 : 32;
  if (prefixLength <= longest) return cidr(address, prefixLength);
  throw malformed(OPERATION, 'WGALLOWEDIP_A_CIDR_MASK', `${prefixLength}, expected 0 to ${longest}`);
}

function* readList<T>(list: AttributeReader, read: (entry: AttributeReader) => T | undefined): Generator<T> {
  while (list.next()) {
    const value = read(list.nested());
    if (value !== undefined) yield value;
  }
}

type Reading<T> = (value: T, reader: AttributeReader) => void;

const PEER_READINGS: ReadonlyMap<number, Reading<PeerReading>> = new Map<number, Reading<PeerReading>>([
  [WGPEER_A.PUBLIC_KEY, (p, r) => (p.publicKey = readKey(r, 'WGPEER_A_PUBLIC_KEY'))],
  [WGPEER_A.PRESHARED_KEY, (p, r) => (p.presharedKey = readKey(r, 'WGPEER_A_PRESHARED_KEY'))],
  [WGPEER_A.ENDPOINT, (p, r) => (p.endpoint = decodeSocketAddress(r.bytes()))],
  [
    WGPEER_A.PERSISTENT_KEEPALIVE_INTERVAL,
    (p, r) => (p.persistentKeepaliveSeconds = r.u16('WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL')),
  ],
  [WGPEER_A.LAST_HANDSHAKE_TIME, (p, r) => (p.lastHandshakeMs = readTime(r))],
  [WGPEER_A.RX_BYTES, (p, r) => (p.rxBytes = r.u64('WGPEER_A_RX_BYTES'))],
  [WGPEER_A.TX_BYTES, (p, r) => (p.txBytes = r.u64('WGPEER_A_TX_BYTES'))],
  [WGPEER_A.ALLOWEDIPS, (p, r) => (p.allowedIps = [...readList(r.nested(), readAllowedIp)])],
]);

function readPeer(reader: AttributeReader): DeviceReading['peers'][number] | undefined {
  const peer: PeerReading = {
    publicKey: undefined,
    presharedKey: undefined,
    endpoint: undefined,
    persistentKeepaliveSeconds: 0,
    lastHandshakeMs: undefined,
    rxBytes: 0n,
    txBytes: 0n,
    allowedIps: [],
  };
  while (reader.next()) PEER_READINGS.get(reader.type)?.(peer, reader);
  const { publicKey } = peer;
  return publicKey === undefined ? undefined : { ...peer, publicKey };
}

/** A peer whose networks filled a message goes on in the next one, with its public key and the rest of them. */
function addPeers({ peers }: DeviceReading, reader: AttributeReader): void {
  for (const peer of readList(reader, readPeer)) {
    const last = peers.at(-1);
    if (last?.publicKey === peer.publicKey) last.allowedIps.push(...peer.allowedIps);
    else peers.push(peer);
  }
}

const DEVICE_READINGS: ReadonlyMap<number, Reading<DeviceReading>> = new Map<number, Reading<DeviceReading>>([
  [WGDEVICE_A.IFINDEX, (d, r) => (d.ifindex = r.u32('WGDEVICE_A_IFINDEX'))],
  [WGDEVICE_A.IFNAME, (d, r) => (d.name = r.text())],
  [WGDEVICE_A.PRIVATE_KEY, (d, r) => (d.privateKey = readKey(r, 'WGDEVICE_A_PRIVATE_KEY'))],
  [WGDEVICE_A.PUBLIC_KEY, (d, r) => (d.publicKey = readKey(r, 'WGDEVICE_A_PUBLIC_KEY'))],
  [WGDEVICE_A.LISTEN_PORT, (d, r) => (d.listenPort = r.u16('WGDEVICE_A_LISTEN_PORT'))],
  [WGDEVICE_A.FWMARK, (d, r) => (d.fwmark = r.u32('WGDEVICE_A_FWMARK'))],
  [
    WGDEVICE_A.PEERS,
    (d, r) => {
      addPeers(d, r.nested());
    },
  ],
]);

/**
 * Puts the messages of one dump together: the device is told in the first, its peers in as many as it takes. `undefined` when
 * none tells of a device. @throws {NetlinkError} EBADMSG.
 */
export function decodeWireguard(family: GenericFamily, dump: readonly Message[]): WireguardDevice | undefined {
  const device: DeviceReading = {
    ifindex: undefined,
    name: '',
    privateKey: undefined,
    publicKey: undefined,
    listenPort: 0,
    fwmark: 0,
    peers: [],
  };
  for (const message of dump) {
    if (message.type !== family.id) continue;
    const reader = attributesOf(message, GENLMSGHDR_BYTES, OPERATION);
    // The kernel answers with the command of the request.
    if (message.payload.readUInt8(0) !== WG_CMD.GET_DEVICE) continue;
    while (reader.next()) DEVICE_READINGS.get(reader.type)?.(device, reader);
  }
  const { ifindex } = device;
  return ifindex === undefined ? undefined : { ...device, ifindex };
}
