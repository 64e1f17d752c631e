import type fc from 'fast-check';
import { test } from 'vitest';
import { decodeAddress, encodeNewAddress } from '../../native/netlink/address.ts';
import { decodeLink } from '../../native/netlink/link.ts';
import { encodeNewIpip, encodeNewVxlan } from '../../native/netlink/new-link.ts';
import { decodeFdb, decodeNeighbor, encodeReplaceFdb, encodeReplaceNeighbor } from '../../native/netlink/neighbor.ts';
import { decodeNexthop, encodeNewNexthop } from '../../native/netlink/nexthop.ts';
import { decodeRoute, encodeReplaceRoute } from '../../native/netlink/route.ts';
import { decodeSocketAddress, encodeSocketAddress } from '../../native/netlink/socket-address.ts';
import { decodeWireguard } from '../../native/netlink/wireguard-device.ts';
import { encodeSetWireguard } from '../../native/netlink/wireguard.ts';
import {
  addressEntry,
  endpoint,
  forwarding,
  neighbor,
  newIpip,
  newVxlan,
  nexthop,
  route,
  wireguardDeviceOf,
} from '../unit/native/netlink/arbitraries.ts';
import { messageOf } from '../unit/native/netlink/golden.ts';
import { agrees, holds } from './holds.ts';

interface Codec {
  readonly name: string;
  readonly run: () => void;
}

const codec = <T extends object>(name: string, values: fc.Arbitrary<T>, back: (value: T) => unknown): Codec => ({
  name,
  run: () => {
    holds(values, (value) => agrees(back(value), value, 'exact'));
  },
});

const partly = <T extends object>(name: string, values: fc.Arbitrary<T>, back: (value: T) => unknown): Codec => ({
  name,
  run: () => {
    holds(values, (value) => agrees(back(value), value, 'part'));
  },
});

const WIREGUARD = { id: 0x1d, name: 'wireguard', version: 1, groups: new Map<string, number>() };

/** What is sent is what a dump answers, but for the command. */
function throughWireguard(device: Parameters<typeof encodeSetWireguard>[1]): unknown {
  const answers = encodeSetWireguard(WIREGUARD, device).map((encoded) => {
    const message = messageOf(encoded);
    message.payload.writeUInt8(0, 0);
    return message;
  });
  return decodeWireguard(WIREGUARD, answers);
}

test.each([
  partly('wireguard device', wireguardDeviceOf({ maxLength: 2 }), throughWireguard),
  codec('route', route, (value) => decodeRoute(messageOf(encodeReplaceRoute(value)))),
  codec('neighbour', neighbor, (value) => decodeNeighbor(messageOf(encodeReplaceNeighbor(value)))),
  codec('FDB entry', forwarding, (value) => decodeFdb(messageOf(encodeReplaceFdb(value)))),
  codec('nexthop', nexthop, (value) => decodeNexthop(messageOf(encodeNewNexthop(value)))),
  codec('endpoint', endpoint, (value) => decodeSocketAddress(encodeSocketAddress(value))),
  partly('address', addressEntry, (value) => decodeAddress(messageOf(encodeNewAddress(value)))),
  partly('vxlan device', newVxlan, (value) => decodeLink(messageOf(encodeNewVxlan(value)))),
  partly('ipip device', newIpip, (value) => decodeLink(messageOf(encodeNewIpip(value)))),
])('decode(encode($name)) gives it back', ({ run }) => {
  run();
});
