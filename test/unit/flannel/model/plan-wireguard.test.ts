import { describe, expect, test } from 'vitest';
import type { WireguardPeer, WireguardSettings } from '../../../../flannel/model/overlay.ts';
import { planWireguard, type ActualWireguard } from '../../../../flannel/model/plan-wireguard.ts';
import { parseCidr, parseIp } from '../../../../native/net/ip.ts';
import { wireguardKeyFromBytes, type WireguardKey } from '../../../../native/net/wireguard-key.ts';

const key = (number: number): WireguardKey => wireguardKeyFromBytes(new Uint8Array(32).fill(number));

const peer = (number: number, change: Partial<WireguardPeer> = {}): WireguardPeer => ({
  publicKey: key(number),
  presharedKey: undefined,
  endpoint: { address: parseIp(`192.168.77.${number}`), port: 51_820 },
  keepaliveSeconds: 0,
  allowedIps: [parseCidr(`10.5.${number}.0/24`), parseCidr(`fc00:5:0:${number}::/64`)],
  ...change,
});

const wanted: WireguardSettings = { privateKey: key(99), listenPort: 51_820, peers: [peer(1), peer(2)] };
const settled: ActualWireguard = { ...wanted, peers: wanted.peers.map((one) => ({ ...one, alive: false })) };
const changed = (change: Partial<WireguardPeer & { alive: boolean }>): ActualWireguard => ({
  ...settled,
  peers: settled.peers.map((one, index) => (index === 0 ? { ...one, ...change } : one)),
});
const elsewhere = { address: parseIp('203.0.113.9'), port: 4_000 };

describe('steps on a wireguard device', () => {
  test.each<{ name: string; found: ActualWireguard | undefined; want: string[] }>([
    { name: 'agreement needs none', found: settled, want: [] },
    { name: 'a new device', found: undefined, want: ['set-wireguard', 'set-wireguard-peer', 'set-wireguard-peer'] },
    { name: 'another port', found: { ...settled, listenPort: 5 }, want: ['set-wireguard'] },
    { name: 'another key', found: { ...settled, privateKey: key(7) }, want: ['set-wireguard'] },
    {
      name: 'a peer that is missing',
      found: { ...settled, peers: settled.peers.slice(1) },
      want: ['set-wireguard-peer'],
    },
    {
      name: 'networks in another order',
      found: changed({ allowedIps: wanted.peers[0]!.allowedIps.toReversed() }),
      want: [],
    },
    { name: 'a network that is missing', found: changed({ allowedIps: [] }), want: ['set-wireguard-peer'] },
    {
      name: 'a preshared key that nobody wants',
      found: changed({ presharedKey: key(3) }),
      want: ['set-wireguard-peer'],
    },
    { name: 'another keepalive', found: changed({ keepaliveSeconds: 25 }), want: ['set-wireguard-peer'] },
    {
      name: 'another endpoint of a silent peer',
      found: changed({ endpoint: elsewhere }),
      want: ['set-wireguard-peer'],
    },
    {
      name: 'another endpoint of a peer that is heard',
      found: changed({ endpoint: elsewhere, alive: true }),
      want: [],
    },
    {
      name: 'a peer that left goes last',
      found: { ...settled, peers: [{ ...peer(3), alive: true }, ...settled.peers.slice(1)] },
      want: ['set-wireguard-peer', 'remove-wireguard-peer'],
    },
  ])('$name', ({ found, want }) => {
    expect(planWireguard(wanted, found).map(({ kind }) => kind)).toEqual(want);
  });
});
