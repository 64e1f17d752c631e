import { cidrKey, type Cidr } from '../../native/net/ip.ts';
import type { WireguardKey } from '../../native/net/wireguard-key.ts';
import type { WireguardPeer, WireguardSettings } from './overlay.ts';
import type { Step } from './step.ts';

export interface ActualWireguardPeer extends Omit<WireguardPeer, 'endpoint'> {
  readonly endpoint: WireguardPeer['endpoint'] | undefined;
  /** Heard from lately: its endpoint may be another than told, for it may have moved behind a NAT. */
  readonly alive: boolean;
}

export interface ActualWireguard {
  readonly privateKey: WireguardKey | undefined;
  readonly listenPort: number;
  readonly peers: readonly ActualWireguardPeer[];
}

const NOTHING: ActualWireguard = { privateKey: undefined, listenPort: 0, peers: [] };

function sameNetworks(a: readonly Cidr[], b: readonly Cidr[]): boolean {
  const keys = new Set(a.map(cidrKey));
  return keys.size === new Set(b.map(cidrKey)).size && b.every((network) => keys.has(cidrKey(network)));
}

function isRight(wanted: WireguardPeer, found: ActualWireguardPeer): boolean {
  const { endpoint } = found;
  const isThere = endpoint?.address === wanted.endpoint.address && endpoint.port === wanted.endpoint.port;
  return (
    found.presharedKey === wanted.presharedKey &&
    found.keepaliveSeconds === wanted.keepaliveSeconds &&
    sameNetworks(found.allowedIps, wanted.allowedIps) &&
    (isThere || found.alive)
  );
}

/** Keys, port and peers; what nobody wants last. `undefined` = the device is not there yet. */
export function planWireguard(wanted: WireguardSettings, found: ActualWireguard = NOTHING): Step[] {
  const { privateKey, listenPort, peers } = wanted;
  const there = new Map(found.peers.map((peer) => [peer.publicKey, peer]));
  const kept = new Set(peers.map(({ publicKey }) => publicKey));
  const isSet = found.privateKey === privateKey && found.listenPort === listenPort;
  return [
    ...(isSet ? [] : [{ kind: 'set-wireguard', privateKey, listenPort } as const]),
    ...peers.flatMap((peer): Step[] => {
      const known = there.get(peer.publicKey);
      return known !== undefined && isRight(peer, known) ? [] : [{ kind: 'set-wireguard-peer', peer }];
    }),
    ...found.peers
      .filter(({ publicKey }) => !kept.has(publicKey))
      .map(({ publicKey, allowedIps }): Step => ({ kind: 'remove-wireguard-peer', publicKey, allowedIps })),
  ];
}
