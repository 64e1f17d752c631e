import { z } from 'zod';
import { formatCidr4, parseCidr4, type Cidr4 } from '../native/net/cidr.ts';
import { formatIpv4, parseIpv4, type Ipv4 } from '../native/net/ipv4.ts';
import { parseMac, type MacAddress } from '../native/net/mac.ts';

/** Lifetime of a subnet lease in etcd, seconds; flannel uses a day. */
export const SUBNET_LEASE_TTL_SECONDS = 86_400;

/** Lifetime of an agent's presence key, seconds. */
export const PRESENCE_TTL_SECONDS = 15;

/** Where every flannel agent writes its leases and reads its configuration; flannel's default `--etcd-prefix`. */
export const DEFAULT_ETCD_PREFIX = '/coreos.com/network';

/** Where weft's agents announce themselves. Never below flannel's prefix: its peers watch that as a string prefix. */
export const AGENT_PRESENCE_PREFIX = '/weft/agents/';

export const LEASE_BACKEND_VXLAN = 'vxlan';

/** What a vxlan host tells its peers about itself; the value of its subnet key. */
export interface VxlanLease {
  readonly kind: 'vxlan';
  readonly subnet: Cidr4;
  readonly publicIp: Ipv4;
  readonly vni: number | undefined;
  readonly vtepMac: MacAddress;
  /** weft's own extra key; real flannel ignores it and never writes it. */
  readonly nodeId: string | undefined;
}

/** A lease of another backend, or a bare reservation: its subnet is taken, nothing is programmed for it. */
export interface ForeignLease {
  readonly kind: 'foreign';
  readonly subnet: Cidr4;
  readonly publicIp: Ipv4;
  readonly backendType: string | undefined;
  readonly nodeId: string | undefined;
}

export type Lease = VxlanLease | ForeignLease;

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

/** `<prefix>/subnets/10.5.1.0-24`. */
export function subnetKey(prefix: string, subnet: Cidr4): string {
  return joinEtcdPath(subnetsPrefix(prefix), formatCidr4(subnet).replace('/', '-'));
}

const MAX_NODE_ID_CHARACTERS = 64;

const SUBNET_KEY = /(\d+\.\d+.\d+.\d+)-(\d+)(?:&([a-f\d:]+)-(\d+))?$/;

/**
 * Reads the subnet out of a key as flannel does: anchored on the right only, an IPv4 length of 0-31.
 * @throws {LeaseFormatError}
 */
export function parseSubnetKey(key: string): Cidr4 {
  const match = SUBNET_KEY.exec(key);
  const [, address, length] = match ?? [];
  if (address === undefined || length === undefined || Number(length) > 31) {
    throw new LeaseFormatError(key, 'not a subnet key: expected ADDRESS-LENGTH, such as 10.5.1.0-24');
  }
  try {
    return parseCidr4(`${address}/${Number(length)}`);
  } catch (cause) {
    throw new LeaseFormatError(key, 'not a subnet key: expected ADDRESS-LENGTH, such as 10.5.1.0-24', { cause });
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

function parseVxlanData(data: unknown): { vni: number | undefined; vtepMac: MacAddress } {
  const record = objectOf(data, 'BackendData');
  const vni = goField(record, 'VNI') ?? undefined;
  if (vni !== undefined && !(typeof vni === 'number' && Number.isInteger(vni) && vni >= 0)) {
    throw new RangeError('VNI: expected a whole number');
  }
  return { vni, vtepMac: parseMac(textOf(record, 'VtepMAC')) };
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
  const subnet = parseSubnetKey(key);
  try {
    const record = parseValue(value);
    const publicIp = parseIpv4(textOf(record, 'PublicIP'));
    const type = goField(record, 'BackendType') ?? undefined;
    const backendType = type === undefined ? undefined : textOf(record, 'BackendType');
    const node = record['NodeID'];
    const nodeId = typeof node === 'string' && node.length <= MAX_NODE_ID_CHARACTERS ? node : undefined;
    if (backendType !== LEASE_BACKEND_VXLAN) return { kind: 'foreign', subnet, publicIp, backendType, nodeId };
    return { kind: 'vxlan', subnet, publicIp, nodeId, ...parseVxlanData(goField(record, 'BackendData')) };
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new LeaseFormatError(key, cause.message, { cause });
  }
}

/** The value as flannel writes it, byte for byte, with weft's `NodeID` behind flannel's own keys. */
export function encodeLease(lease: VxlanLease): string {
  return JSON.stringify({
    PublicIP: formatIpv4(lease.publicIp),
    PublicIPv6: null,
    BackendType: LEASE_BACKEND_VXLAN,
    BackendData: { VNI: lease.vni, VtepMAC: lease.vtepMac },
    NodeID: lease.nodeId,
  });
}

/** `/weft/agents/<nodeId>/flannel`. */
export function flannelPresenceKey(nodeId: string): string {
  return `${AGENT_PRESENCE_PREFIX}${nodeId}/flannel`;
}

/** What an overlay agent announces about itself, kept alive by a lease of {@link PRESENCE_TTL_SECONDS}. */
export const flannelPresenceSchema = z.object({
  v: z.literal(1),
  nodeId: z.string().min(1).max(64),
  hostname: z.string().max(253),
  version: z.string().max(64),
  pid: z.number().int(),
  startedAtUnixMs: z.number(),
  publicIp: z.string(),
  subnet: z.string(),
  backendType: z.string(),
  vni: z.number().int(),
  vtepMac: z.string(),
  mtu: z.number().int(),
  /** `ADDRESS:PORT` of the status server, or absent when it is off. */
  statusListen: z.string().optional(),
});

export type FlannelPresence = z.infer<typeof flannelPresenceSchema>;
