import {
  boolean,
  bounded,
  fault,
  isObject,
  NetworkConfigError,
  plainField,
  shortened,
  unsigned,
  type JsonObject,
} from './config-fields.ts';
import { outerMtu, type OuterMtu } from './mtu.ts';

/** VXLAN devices, one for each family, and routes over them. */
export interface VxlanBackend {
  readonly kind: 'vxlan';
  readonly vni: number;
  /** UDP port as configured; 0 leaves the choice to the kernel (8472). */
  readonly port: number;
  readonly gbp: boolean;
  readonly learning: boolean;
  /** Peers on the same link are reached without VXLAN. */
  readonly directRouting: boolean;
  /** Overrides the underlay interface's MTU. */
  readonly mtu: OuterMtu | undefined;
}

/** Plain routes: all hosts are on one link. */
export interface HostGwBackend {
  readonly kind: 'host-gw';
}

/** A lease and subnet.env, nothing in the kernel. */
export interface AllocBackend {
  readonly kind: 'alloc';
}

/** How the tunnels of two families are laid. */
export const WIREGUARD_MODES = ['separate', 'auto', 'ipv4', 'ipv6'] as const;
export type WireguardMode = (typeof WIREGUARD_MODES)[number];

/** Kernel WireGuard devices. */
export interface WireguardBackend {
  readonly kind: 'wireguard';
  readonly listenPort: number;
  readonly listenPortV6: number;
  readonly mode: WireguardMode;
  /** Preshared key of all peers, base64 of 32 bytes; a secret. */
  readonly psk: string | undefined;
  /** 0 = off. */
  readonly keepaliveSeconds: number;
  readonly mtu: OuterMtu | undefined;
}

/** IP in IP (RFC 2003), IPv4 only. */
export interface IpipBackend {
  readonly kind: 'ipip';
  readonly directRouting: boolean;
}

export type Backend = VxlanBackend | HostGwBackend | AllocBackend | WireguardBackend | IpipBackend;

const MAX_VNI = 2 ** 24 - 1;
const MAX_PORT = 65_535;
const NANOS_PER_SECOND = 1e9;

/** Real backends of flannel that this agent does not carry; a cluster can be moved to vxlan by changing its config. */
const OTHER_BACKENDS = new Set(['udp', 'ipsec', 'extension', 'tencent-vpc', 'ali-vpc', 'aws-vpc', 'gce']);

const WAY_OUT = 'write "Backend": {"Type": "vxlan"}, or run flanneld on this cluster';

function parseVxlan(object: JsonObject): VxlanBackend {
  return {
    kind: 'vxlan',
    vni: bounded(object, 'VNI', { fallback: 1, maximum: MAX_VNI }),
    port: bounded(object, 'Port', { fallback: 0, maximum: MAX_PORT }),
    gbp: boolean(object, 'GBP', false),
    learning: boolean(object, 'Learning', false),
    directRouting: boolean(object, 'DirectRouting', false),
    mtu: mtuOf(object),
  };
}

function parseMode(object: JsonObject): WireguardMode {
  const value = plainField(object, 'Mode') ?? 'separate';
  const mode = WIREGUARD_MODES.find((candidate) => candidate === value || value === '');
  if (mode === undefined) throw fault('Mode', `one of ${WIREGUARD_MODES.join(', ')}`, value);
  return mode;
}

function parsePsk(object: JsonObject): string | undefined {
  const value = plainField(object, 'PSK') ?? '';
  if (value === '') return undefined;
  // A secret: the fault does not show it.
  if (typeof value !== 'string' || !/^[A-Za-z0-9+/]{43}=$/.test(value)) {
    throw new NetworkConfigError('PSK: expected 32 bytes as base64, as `wg genpsk` prints them');
  }
  return value;
}

function parseWireguard(object: JsonObject): WireguardBackend {
  return {
    kind: 'wireguard',
    listenPort: bounded(object, 'ListenPort', { fallback: 51_820, maximum: MAX_PORT }),
    listenPortV6: bounded(object, 'ListenPortV6', { fallback: 51_821, maximum: MAX_PORT }),
    mode: parseMode(object),
    psk: parsePsk(object),
    keepaliveSeconds: keepaliveOf(object),
    mtu: mtuOf(object),
  };
}

/** flannel reads a Go duration here: a number is nanoseconds. Small numbers are taken for seconds, which is what people write. */
function keepaliveOf(object: JsonObject): number {
  const value = unsigned(object, 'PersistentKeepaliveInterval', 0);
  const seconds = value >= NANOS_PER_SECOND ? Math.round(value / NANOS_PER_SECOND) : value;
  if (seconds > MAX_PORT) throw fault('PersistentKeepaliveInterval', 'at most 65535 seconds', value);
  return seconds;
}

function mtuOf(object: JsonObject): OuterMtu | undefined {
  const mtu = unsigned(object, 'MTU', 0);
  if (mtu === 0) return undefined;
  try {
    return outerMtu(mtu);
  } catch (cause) {
    throw new NetworkConfigError(`MTU: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** The `Backend` of a network configuration; the type in any letter case, as flannel looks it up. @throws {NetworkConfigError} */
export function parseBackend(object: JsonObject, stacks: { readonly ipv6: boolean }): Backend {
  const value = plainField(object, 'Backend');
  if (value === undefined) {
    throw new NetworkConfigError(`without a Backend flannel means udp, which weft does not carry: ${WAY_OUT}`);
  }
  if (!isObject(value)) throw fault('Backend', 'an object', value);
  const type = plainField(value, 'Type') ?? '';
  if (typeof type !== 'string') throw fault('Backend.Type', 'a string', type);
  switch (type.toLowerCase()) {
    case 'vxlan':
      return parseVxlan(value);
    case 'host-gw':
      return { kind: 'host-gw' };
    case 'alloc':
      return { kind: 'alloc' };
    case 'wireguard':
      return parseWireguard(value);
    case 'ipip':
      if (stacks.ipv6)
        throw new NetworkConfigError('the backend ipip carries IPv4 only: leave EnableIPv6 out, or take vxlan');
      return { kind: 'ipip', directRouting: boolean(value, 'DirectRouting', false) };
  }
  if (OTHER_BACKENDS.has(type.toLowerCase())) {
    throw new NetworkConfigError(`the backend ${type} is not carried by weft: ${WAY_OUT}`);
  }
  throw new NetworkConfigError(
    `unknown backend type: ${shortened(type)} (weft carries vxlan, host-gw, wireguard, ipip and alloc: ${WAY_OUT})`,
  );
}
