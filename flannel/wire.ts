import { z } from 'zod';
import { formatCidr4, parseCidr4, type Cidr4 } from '../native/net/cidr.ts';
import { formatIpv4, parseIpv4, type Ipv4 } from '../native/net/ipv4.ts';
import { formatIpv6, parseCidr6, parseIpv6, type Cidr6, type Ipv6 } from '../native/net/ipv6.ts';
import { parseMac, type MacAddress } from '../native/net/mac.ts';

/** Lifetime of a subnet lease in etcd, seconds; flannel uses a day. */
export const SUBNET_LEASE_TTL_SECONDS = 86_400;

/** Where every flannel agent writes its leases and reads its configuration; flannel's default `--etcd-prefix`. */
export const DEFAULT_ETCD_PREFIX = '/coreos.com/network';

/** Where subnets are kept for hosts. Outside flannel's prefix, for flannel would lease or drop what it finds there. */
export const RESERVATIONS_PREFIX = '/weft/reservations/';

/** A host's part of the overlay: one subnet for each family that the network has; never none. */
export interface SubnetPair {
  readonly ipv4: Cidr4 | undefined;
  readonly ipv6: Cidr6 | undefined;
}

/** What a vxlan host tells of one of its devices. */
export interface VxlanData {
  readonly vni: number | undefined;
  readonly vtepMac: MacAddress;
}

/** What a wireguard host tells of one of its devices. */
export interface WireguardData {
  /** 32 bytes as base64, as `wg show` prints it. */
  readonly publicKey: string;
  /** UDP port; `undefined` from flanneld before v0.26.6, which takes 51820 (51821 for IPv6). */
  readonly port: number | undefined;
}

/** Twin values of a lease: `BackendData` and `BackendV6Data`. */
export interface PerFamily<T> {
  readonly ipv4: T | undefined;
  readonly ipv6: T | undefined;
}

/** How a host is reached. `other`: nothing is programmed for it, its subnets are taken all the same. */
export type LeaseBackend =
  | ({ readonly kind: 'vxlan' } & PerFamily<VxlanData>)
  | ({ readonly kind: 'wireguard' } & PerFamily<WireguardData>)
  | { readonly kind: 'host-gw' }
  | { readonly kind: 'ipip' }
  /** alloc and udp write no type; a bare reservation has none either. */
  | { readonly kind: 'other'; readonly type: string | undefined };

/** The value of a subnet key together with the subnets in its name. */
export interface Lease {
  readonly subnets: SubnetPair;
  /** `undefined` for a host of IPv6 alone, which flannel writes as 0.0.0.0. */
  readonly publicIp: Ipv4 | undefined;
  readonly publicIpv6: Ipv6 | undefined;
  readonly backend: LeaseBackend;
  /** weft's own extra key; real flannel ignores it and never writes it. */
  readonly nodeId: string | undefined;
}

/** A key or value under `<prefix>/subnets` that no flannel agent could have written. */
export class LeaseFormatError extends Error {
  override readonly name = 'LeaseFormatError';
  readonly key: string;

  constructor(key: string, reason: string, options?: ErrorOptions) {
    super(`${key}: ${reason}`, options);
    this.key = key;
  }
}

/** Joins like Go's path.Join: doubled and trailing slashes vanish. */
export function joinEtcdPath(...parts: readonly string[]): string {
  const joined = parts.join('/').replace(/\/{2,}/g, '/');
  return joined.length > 1 && joined.endsWith('/') ? joined.slice(0, -1) : joined;
}

/** `<prefix>/config`. */
export function configKey(prefix: string): string {
  return joinEtcdPath(prefix, 'config');
}

/** `<prefix>/subnets`, without a trailing slash: flannel lists and watches this string as a prefix. */
export function subnetsPrefix(prefix: string): string {
  return joinEtcdPath(prefix, 'subnets');
}

/** `10.5.1.0-24`, `10.5.1.0-24&fc00:5:0:1::-64`; a host of IPv6 alone has `0.0.0.0-0` in front, as flannel writes it. */
export function subnetKeyName({ ipv4, ipv6 }: SubnetPair): string {
  const first = ipv4 === undefined ? '0.0.0.0-0' : formatCidr4(ipv4).replace('/', '-');
  return ipv6 === undefined ? first : `${first}&${formatIpv6(ipv6.address)}-${ipv6.prefixLength}`;
}

/** `<prefix>/subnets/` and {@link subnetKeyName}. */
export function subnetKey(prefix: string, subnets: SubnetPair): string {
  return joinEtcdPath(subnetsPrefix(prefix), subnetKeyName(subnets));
}

const MAX_NODE_ID_CHARACTERS = 64;
/** What flannel writes for a host without IPv4. */
const NO_IPV4 = parseIpv4('0.0.0.0');

const SUBNET_KEY = /(\d+\.\d+.\d+.\d+)-(\d+)(?:&([a-f\d:]+)-(\d+))?$/;

/**
 * Reads the subnets out of a key as flannel does: anchored on the right only, an IPv4 length of 0-31, an IPv6 length of 0-127.
 * @throws {LeaseFormatError}
 */
export function parseSubnetKey(key: string): SubnetPair {
  const [, address, length, address6, length6] = SUBNET_KEY.exec(key) ?? [];
  const expected = 'not a subnet key: expected ADDRESS-LENGTH, such as 10.5.1.0-24 or 10.5.1.0-24&fc00:5:0:1::-64';
  if (address === undefined || length === undefined || Number(length) > 31 || Number(length6 ?? 0) > 127) {
    throw new LeaseFormatError(key, expected);
  }
  try {
    const ipv6 = address6 === undefined ? undefined : parseCidr6(`${address6}/${Number(length6)}`);
    const ipv4 = parseCidr4(`${address}/${Number(length)}`);
    return { ipv4: ipv6 !== undefined && ipv4.prefixLength === 0 ? undefined : ipv4, ipv6 };
  } catch (cause) {
    throw new LeaseFormatError(key, expected, { cause });
  }
}

/** A field as Go's encoding/json finds it: letter case does not matter and the last one wins. */
export function goField(record: Readonly<Record<string, unknown>>, name: string): unknown {
  // The common case first: a lease has one key of that name, spelled so.
  const lower = name.toLowerCase();
  const key = Object.keys(record).findLast((candidate) => candidate === name || candidate.toLowerCase() === lower);
  return key === undefined ? undefined : record[key];
}

type JsonObject = Readonly<Record<string, unknown>>;

// By hand: a list of 10,000 leases is read in one go, and a schema costs more than the rest of the reading.
function objectOf(value: unknown, what: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new RangeError(`${what}: expected a JSON object`);
}

function textOf(record: JsonObject, name: string): string {
  const value = goField(record, name);
  if (typeof value === 'string') return value;
  throw new RangeError(`${name}: expected a string`);
}

/** The data of one family; `undefined` when the lease has none for it. */
function dataOf<T>(value: unknown, read: (record: JsonObject) => T): T | undefined {
  return value === undefined || value === null ? undefined : read(objectOf(value, 'BackendData'));
}

function wholeNumber(record: JsonObject, name: string): number | undefined {
  const value = goField(record, name) ?? undefined;
  if (value === undefined || (typeof value === 'number' && Number.isInteger(value) && value >= 0)) return value;
  throw new RangeError(`${name}: expected a whole number`);
}

function vxlanData(record: JsonObject): VxlanData {
  return { vni: wholeNumber(record, 'VNI'), vtepMac: parseMac(textOf(record, 'VtepMAC')) };
}

function wireguardData(record: JsonObject): WireguardData {
  const publicKey = textOf(record, 'PublicKey');
  if (!/^[A-Za-z0-9+/]{43}=$/.test(publicKey)) throw new RangeError('PublicKey: expected 32 bytes as base64');
  return { publicKey, port: wholeNumber(record, 'Port') };
}

/** @throws {RangeError} if a family that has a subnet has no data: nothing could be sent there. */
function twins<T>(record: JsonObject, { ipv4, ipv6 }: SubnetPair, read: (data: JsonObject) => T): PerFamily<T> {
  const data = {
    ipv4: dataOf(goField(record, 'BackendData'), read),
    ipv6: dataOf(goField(record, 'BackendV6Data'), read),
  };
  if (ipv4 !== undefined && data.ipv4 === undefined) throw new RangeError('BackendData: expected a JSON object');
  if (ipv4 === undefined && ipv6 !== undefined && data.ipv6 === undefined) {
    throw new RangeError('BackendV6Data: expected a JSON object');
  }
  return data;
}

function backendOf(record: JsonObject, subnets: SubnetPair): LeaseBackend {
  const type = goField(record, 'BackendType') ?? undefined;
  const name = type === undefined ? undefined : textOf(record, 'BackendType');
  switch (name) {
    case 'vxlan':
      return { kind: name, ...twins(record, subnets, vxlanData) };
    case 'wireguard':
      return { kind: name, ...twins(record, subnets, wireguardData) };
    case 'host-gw':
    case 'ipip':
      return { kind: name };
    case undefined:
    default:
      return { kind: 'other', type: name };
  }
}

function parseValue(value: string): JsonObject {
  try {
    return objectOf(JSON.parse(value), 'the value');
  } catch (cause) {
    throw new RangeError('the value is not a lease: expected {"PublicIP":…,"BackendType":…}', { cause });
  }
}

/** One key and its JSON value as a lease. @throws {LeaseFormatError} for anything that flannel's own readers would skip. */
export function decodeLease(key: string, value: string): Lease {
  const subnets = parseSubnetKey(key);
  try {
    const record = parseValue(value);
    const publicIp = parseIpv4(textOf(record, 'PublicIP'));
    const ipv6 = goField(record, 'PublicIPv6') ?? undefined;
    const publicIpv6 = ipv6 === undefined ? undefined : parseIpv6(textOf(record, 'PublicIPv6'));
    const node = record['NodeID'];
    const nodeId = typeof node === 'string' && node.length <= MAX_NODE_ID_CHARACTERS ? node : undefined;
    const known = publicIp === 0 ? undefined : publicIp;
    return { subnets, publicIp: known, publicIpv6, backend: backendOf(record, subnets), nodeId };
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new LeaseFormatError(key, cause.message, { cause });
  }
}

const vxlanJson = (data: VxlanData | undefined): object | undefined => data && { VNI: data.vni, VtepMAC: data.vtepMac };

const wireguardJson = (data: WireguardData | undefined): object | undefined =>
  data && { PublicKey: data.publicKey, Port: data.port };

function backendJson(backend: LeaseBackend): object {
  switch (backend.kind) {
    case 'vxlan':
      return { BackendType: 'vxlan', BackendData: vxlanJson(backend.ipv4), BackendV6Data: vxlanJson(backend.ipv6) };
    case 'wireguard':
      return {
        BackendType: 'wireguard',
        BackendData: wireguardJson(backend.ipv4),
        BackendV6Data: wireguardJson(backend.ipv6),
      };
    case 'host-gw':
    case 'ipip':
      return { BackendType: backend.kind };
    case 'other':
      return { BackendType: backend.type };
  }
}

/** The value as flannel writes it, byte for byte, with weft's `NodeID` behind flannel's own keys. */
export function encodeLease({ publicIp, publicIpv6, backend, nodeId }: Lease): string {
  return JSON.stringify({
    PublicIP: formatIpv4(publicIp ?? NO_IPV4),
    PublicIPv6: publicIpv6 === undefined ? null : formatIpv6(publicIpv6),
    ...backendJson(backend),
    NodeID: nodeId,
  });
}

/** {@link RESERVATIONS_PREFIX} and {@link subnetKeyName}. */
export function reservationKey(subnets: SubnetPair): string {
  return `${RESERVATIONS_PREFIX}${subnetKeyName(subnets)}`;
}

/** For whom a subnet is kept: the first of node id, public IP and host name that is there decides; nobody's without any. */
export const reservationSchema = z.object({
  v: z.literal(1),
  nodeId: z.string().min(1).max(MAX_NODE_ID_CHARACTERS).optional(),
  /** IPv4 or IPv6 text. */
  publicIp: z.union([z.ipv4(), z.ipv6()]).optional(),
  hostname: z.string().min(1).max(253).optional(),
  /** For people. */
  note: z.string().max(200).optional(),
});

export type ReservationValue = z.infer<typeof reservationSchema>;
