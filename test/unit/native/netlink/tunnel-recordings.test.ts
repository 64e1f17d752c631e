import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../../../native/host/package-root.ts';
import { formatCidr, formatIp } from '../../../../native/net/ip.ts';
import { NetlinkError } from '../../../../native/netlink/errors.ts';
import { decodeFamily, type GenericFamily } from '../../../../native/netlink/genetlink.ts';
import { decodeLink } from '../../../../native/netlink/link.ts';
import { splitMessages } from '../../../../native/netlink/message.ts';
import type { Endpoint } from '../../../../native/netlink/socket-address.ts';
import { decodeWireguard } from '../../../../native/netlink/wireguard-device.ts';
import { hexFixture } from './golden.ts';

const recording = (name: string) => splitMessages(hexFixture(`tunnels/${name}.hex`));
const text = (name: string): string => readFileSync(join(packageRoot(), 'test/fixtures/tunnels', name), 'utf8');

const family: GenericFamily = decodeFamily(recording('family')[0]!)!;
const dump = recording('wireguard');

test('the family, with its number and version; this kernel gives it no group', () => {
  expect(family).toEqual({ id: 0x20, name: 'wireguard', version: 1, groups: new Map() });
});

const endpointText = (endpoint: Endpoint | undefined, interfaces: readonly string[]): string => {
  if (endpoint === undefined) return '(none)';
  const { address, port, scopeId } = endpoint;
  const scope = scopeId === undefined ? '' : `%${interfaces[scopeId] ?? ''}`;
  return typeof address === 'bigint' ? `[${formatIp(address)}${scope}]:${port}` : `${formatIp(address)}:${port}`;
};

test('a dump in several messages reads as `wg show dump` reads it', () => {
  expect(dump.length).toBeGreaterThan(1);
  const device = decodeWireguard(family, dump)!;
  const interfaces: string[] = [];
  for (const link of recording('links').map((message) => decodeLink(message)!)) interfaces[link.ifindex] = link.name;
  const [own, ...peers] = text('wireguard.txt').trimEnd().split('\n');
  expect([device.privateKey, device.publicKey, device.listenPort, `0x${device.fwmark.toString(16)}`].join('\t')).toBe(
    own,
  );
  expect(
    device.peers.map((peer) =>
      [
        peer.publicKey,
        peer.presharedKey ?? '(none)',
        endpointText(peer.endpoint, interfaces),
        peer.allowedIps.map(formatCidr).join(',') || '(none)',
        (peer.lastHandshakeMs ?? 0) / 1000,
        peer.rxBytes,
        peer.txBytes,
        peer.persistentKeepaliveSeconds || 'off',
      ].join('\t'),
    ),
  ).toEqual(peers);
});

interface IpLink {
  readonly ifname: string;
  readonly linkinfo?: { readonly info_kind: string; readonly info_data?: Record<string, unknown> };
}

test('ipip devices read as `ip -d link` reads them', () => {
  const links = recording('links').map((message) => decodeLink(message)!);
  const rows = (JSON.parse(text('links.json')) as IpLink[]).filter(({ linkinfo }) => linkinfo?.info_kind === 'ipip');
  const ours = links
    .filter(({ kind }) => kind === 'ipip')
    .map(({ name, ipip }) => ({
      name,
      local: ipip?.local === undefined ? 'any' : formatIp(ipip.local),
      remote: ipip?.remote === undefined ? 'any' : formatIp(ipip.remote),
      ttl: ipip?.ttl,
      pmtudisc: ipip?.pmtuDiscovery,
      link: links.find(({ ifindex }) => ifindex === ipip?.lowerIfindex)?.name,
    }));
  expect(ours).toEqual(
    rows.map(({ ifname, linkinfo }) => ({
      name: ifname,
      local: linkinfo?.info_data?.['local'],
      remote: linkinfo?.info_data?.['remote'],
      ttl: linkinfo?.info_data?.['ttl'] ?? 0,
      pmtudisc: linkinfo?.info_data?.['pmtudisc'],
      link: linkinfo?.info_data?.['link'],
    })),
  );
  expect(ours.map(({ name }) => name)).toEqual(['tunl0', 'flannel.ipip', 'to99']);
  expect(links.find(({ name }) => name === 'flannel-wg')).toMatchObject({
    kind: 'wireguard',
    mac: undefined,
    mtu: 1420,
  });
});

test('cut at each byte and with each byte changed, they throw nothing but NetlinkError', () => {
  const attempt = (read: () => unknown): void => {
    try {
      read();
    } catch (error) {
      expect(error).toBeInstanceOf(NetlinkError);
    }
  };
  for (const message of [...recording('links'), ...recording('family'), ...dump]) {
    for (let length = 0; length < message.payload.length; length += 1) {
      const changed = Buffer.from(message.payload);
      changed[length] = (changed[length] ?? 0) ^ 0xff;
      for (const payload of [message.payload.subarray(0, length), changed]) {
        attempt(() => decodeLink({ ...message, payload }));
        attempt(() => decodeFamily({ ...message, payload }));
        attempt(() => decodeWireguard(family, [{ ...message, payload }]));
      }
    }
  }
});
