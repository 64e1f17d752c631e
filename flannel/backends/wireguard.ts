import type { Cidr, IpAddress } from '../../native/net/ip.ts';
import { parseWireguardKey, type WireguardKey } from '../../native/net/wireguard-key.ts';
import type { WireguardBackend } from '../model/backend-config.ts';
import type { InnerMtu } from '../model/mtu.ts';
import type { DesiredState, Family, Peer, PlainOverlay, WireguardPeer } from '../model/overlay.ts';
import { overlayMtus } from './mtus.ts';
import type { StateInput } from './state-input.ts';

const DEVICES: Readonly<Record<Family, string>> = { ipv4: 'flannel-wg', ipv6: 'flannel-wg-v6' };
/** What flanneld before v0.26.6 does not tell. */
const DEFAULT_PORTS: Readonly<Record<Family, number>> = { ipv4: 51_820, ipv6: 51_821 };
const FAMILIES: readonly Family[] = ['ipv4', 'ipv6'];

/** The devices of a host: one for each family, or one for both. */
export function wireguardDevices({ mode }: WireguardBackend, families: readonly Family[]): string[] {
  return mode === 'separate' ? families.map((family) => DEVICES[family]) : [DEVICES.ipv4];
}

interface HostPeer {
  readonly key: WireguardKey;
  readonly parts: readonly (Peer & { readonly family: Family })[];
}

/** The families of each host put together: a host is its public key. */
function hostsOf({ peers }: StateInput, families: readonly Family[]): HostPeer[] {
  const hosts = new Map<WireguardKey, (Peer & { family: Family })[]>();
  for (const family of families) {
    for (const peer of peers[family] ?? []) {
      const key = keyOf(peer);
      if (key === undefined) continue;
      const parts = hosts.get(key) ?? [];
      parts.push({ ...peer, family });
      hosts.set(key, parts);
    }
  }
  return [...hosts].map(([key, parts]) => ({ key, parts }));
}

function keyOf({ wireguard }: Peer): WireguardKey | undefined {
  if (wireguard === undefined) return undefined;
  try {
    return parseWireguardKey(wireguard.publicKey);
  } catch {
    return undefined; // of no curve point's length: nobody could answer to it
  }
}

/** Which of a host's addresses packets are sent to. */
function outerPart({ parts }: HostPeer, mode: WireguardBackend['mode']): (Peer & { family: Family }) | undefined {
  const wanted = mode === 'ipv6' ? 'ipv6' : 'ipv4';
  const exact = parts.find(({ family }) => family === wanted);
  return exact ?? (mode === 'auto' || mode === 'separate' ? parts[0] : undefined);
}

function peersOf(input: StateInput, backend: WireguardBackend, families: readonly Family[]): WireguardPeer[] {
  return hostsOf(input, families).flatMap((host): WireguardPeer[] => {
    const outer = outerPart(host, backend.mode);
    if (outer === undefined) return [];
    const port = outer.wireguard?.port ?? DEFAULT_PORTS[outer.family];
    return [
      {
        publicKey: host.key,
        presharedKey: backend.psk === undefined ? undefined : parseWireguardKey(backend.psk),
        endpoint: { address: outer.publicIp, port },
        keepaliveSeconds: backend.keepaliveSeconds,
        allowedIps: host.parts.map(({ subnet }) => subnet),
      },
    ];
  });
}

function deviceOf(input: StateInput, backend: WireguardBackend, families: readonly Family[]): PlainOverlay {
  const { network, subnets, underlay, wireguardKey } = input;
  if (wireguardKey === undefined) throw new RangeError('the wireguard backend needs a key');
  const [first = 'ipv4'] = families;
  const own = backend.mode === 'separate' ? first : 'ipv4';
  const networks = families.flatMap((family): Cidr[] => (network[family] ? [network[family].network] : []));
  const mtus = overlayMtus(network, underlay);
  return {
    device: { name: DEVICES[own], kind: 'wireguard', local: undefined, mtu: (mtus.ipv4 ?? mtus.ipv6) as InnerMtu },
    addresses: families.flatMap((family): IpAddress[] => (subnets[family] ? [subnets[family].address] : [])),
    networks,
    // One route for the whole network: which peer has a subnet is the device's own knowledge.
    routes: networks.map((destination) => ({ destination, gateway: undefined })),
    wireguard: {
      privateKey: wireguardKey,
      listenPort: own === 'ipv6' ? backend.listenPortV6 : backend.listenPort,
      peers: peersOf(input, backend, families),
    },
  };
}

/** WireGuard devices, one for each family (`separate`) or one for both. @throws {RangeError} without a key, or if the underlay is too small. */
export function wireguardState(input: StateInput, backend: WireguardBackend): DesiredState {
  const families = FAMILIES.filter((family) => input.subnets[family] !== undefined);
  const groups = backend.mode === 'separate' ? families.map((family) => [family]) : [families];
  return {
    tunnels: [],
    plain: groups.map((group) => deviceOf(input, backend, group)),
    direct: [],
    blackholes: [],
    mtus: overlayMtus(input.network, input.underlay),
  };
}
