import fc from 'fast-check';
import { parseDevice, type Device } from 'netlink/dist/wg/structs.js';
import { describe, expect, test } from 'vitest';
import { parseCidr, parseIp, type Cidr } from '../../../../native/net/ip.ts';
import {
  NO_WIREGUARD_KEY,
  wireguardKeyFromBytes,
  wireguardKeyToBytes,
  type WireguardKey,
} from '../../../../native/net/wireguard-key.ts';
import { NetlinkError } from '../../../../native/netlink/errors.ts';
import type { GenericFamily } from '../../../../native/netlink/genetlink.ts';
import { splitMessages, type Message } from '../../../../native/netlink/message.ts';
import { decodeSocketAddress, encodeSocketAddress } from '../../../../native/netlink/socket-address.ts';
import { decodeWireguard } from '../../../../native/netlink/wireguard-device.ts';
import {
  encodeGetWireguard,
  encodeSetWireguard,
  type WireguardChange,
  type WireguardPeerChange,
} from '../../../../native/netlink/wireguard.ts';
import { endpoint, maybe, wireguardDevice } from './arbitraries.ts';
import { messageOf } from './golden.ts';

const family: GenericFamily = { id: 0x1d, name: 'wireguard', version: 1, groups: new Map() };
const keyOf = (byte: number): WireguardKey => wireguardKeyFromBytes(new Uint8Array(32).fill(byte));

/** The messages of a change, as if the kernel answered with them. */
function asAnswer(messages: readonly Buffer[]): Message[] {
  return messages.map((encoded) => {
    const message = messageOf(encoded);
    const payload = Buffer.from(message.payload);
    payload.writeUInt8(0, 0);
    return { ...message, payload };
  });
}

const theirReading = (encoded: Buffer): Device => parseDevice(messageOf(encoded).payload.subarray(4));

describe('what is sent', () => {
  test('a dump names the device alone: WG_CMD_GET_DEVICE, REQUEST DUMP', () => {
    const { type, flags, payload } = messageOf(encodeGetWireguard(family, { ifindex: 7 }));
    expect([type, flags, payload.toString('hex')]).toEqual([0x1d, 0x301, '00010000' + '0800010007000000']);
  });

  test('a peer, byte by byte: nests carry NLA_F_NESTED, the port of the endpoint is in network order', () => {
    const peers = [
      {
        publicKey: keyOf(0x11),
        endpoint: { address: parseIp('192.168.77.12'), port: 51820 },
        replaceAllowedIps: true,
        allowedIps: [parseCidr('10.5.2.0/24')],
      },
    ];
    const [encoded, ...rest] = encodeSetWireguard(family, { ifindex: 7, listenPort: 51820, peers });
    expect(rest).toEqual([]);
    const { type, flags, payload } = messageOf(encoded!);
    expect([type, flags]).toEqual([0x1d, 0x005]);
    const network = '1c000180' + '0600010002000000' + '080002000a050200' + '0500030018000000';
    const inner = [
      `24000100${'11'.repeat(32)}`,
      '0800030002000000',
      '14000400' + '0200ca6cc0a84d0c' + '0000000000000000',
      `20000980${network}`,
    ].join('');
    const nest = `64000180${inner}`;
    expect(inner.length / 2 + 4).toBe(0x64);
    expect(payload.toString('hex')).toBe('01010000' + '0800010007000000' + '060006006cca0000' + '68000880' + nest);
  });

  test('npm netlink reads what was meant', () => {
    const flag = maybe(fc.boolean());
    const change = fc.record({ remove: flag, updateOnly: flag, replaceAllowedIps: flag });
    fc.assert(
      fc.property(wireguardDevice, flag, change, (wanted, replacePeers, flags) => {
        const peers = wanted.peers.map((one) => ({ ...one, ...flags }));
        const [encoded] = encodeSetWireguard(family, { ...wanted, replacePeers, peers });
        const theirs = theirReading(encoded!);
        expect(theirs).toMatchObject({
          ifindex: wanted.ifindex,
          privateKey: Buffer.from(wireguardKeyToBytes(wanted.privateKey)),
          listenPort: wanted.listenPort,
          fwmark: wanted.fwmark,
        });
        expect(theirs.flags?.replacePeers).toBe(replacePeers === true ? true : undefined);
        expect(theirs.peers ?? []).toHaveLength(peers.length);
        for (const [index, one] of (theirs.peers ?? []).entries()) {
          const { publicKey, persistentKeepaliveSeconds, allowedIps } = peers[index]!;
          expect(one.publicKey).toEqual(Buffer.from(wireguardKeyToBytes(publicKey)));
          expect(one.persistentKeepaliveInterval).toBe(persistentKeepaliveSeconds);
          expect(one.allowedIps?.map(({ cidrMask }) => cidrMask) ?? []).toEqual(
            allowedIps.map(({ prefixLength }) => prefixLength),
          );
          expect([one.flags?.removeMe, one.flags?.updateOnly, one.flags?.replaceAllowedIps].map(Boolean)).toEqual(
            [flags.remove, flags.updateOnly, flags.replaceAllowedIps].map(Boolean),
          );
        }
      }),
    );
  });

  test('what is not named is left alone', () => {
    const [encoded] = encodeSetWireguard(family, { ifindex: 7 });
    expect(messageOf(encoded!).payload.toString('hex')).toBe('01010000' + '0800010007000000');
  });
});

describe('large changes', () => {
  const many = (count: number): Cidr[] =>
    Array.from({ length: count }, (_, n) => parseCidr(`10.${n >> 8}.${n & 255}.0/24`));
  const numbered = (n: number): WireguardPeerChange => {
    const bytes = new Uint8Array(32).fill(1);
    bytes.set([n & 255, n >> 8]);
    return { publicKey: wireguardKeyFromBytes(bytes), allowedIps: [parseCidr(`10.${n >> 8}.${n & 255}.0/24`)] };
  };

  test('10,000 peers go in messages below 64 KiB, each peer once and in order; only the first has the device’s settings', () => {
    const peers = Array.from({ length: 10_000 }, (_, n) => numbered(n));
    const change: WireguardChange = { ifindex: 7, privateKey: keyOf(2), listenPort: 51820, replacePeers: true, peers };
    const messages = encodeSetWireguard(family, change);
    expect(messages.length).toBeGreaterThan(10);
    expect(Math.max(...messages.map((encoded) => encoded.length))).toBeLessThan(64 * 1024);
    const theirs = messages.map(theirReading);
    expect(theirs.map((one) => one.privateKey !== undefined)).toEqual(theirs.map((_, index) => index === 0));
    expect(theirs.map((one) => one.flags?.replacePeers)).toEqual(
      theirs.map((_, index) => (index === 0 ? true : undefined)),
    );
    const sent = decodeWireguard(family, asAnswer(messages))?.peers.map(({ publicKey, allowedIps }) => ({
      publicKey,
      allowedIps,
    }));
    expect(sent).toEqual(peers);
  });

  test('one peer with 5,000 networks comes in parts; the later ones only add to a peer that is there', () => {
    const allowedIps = many(5_000);
    const peers = [
      { publicKey: keyOf(3), replaceAllowedIps: true, endpoint: { address: parseIp('::1'), port: 1 }, allowedIps },
    ];
    const messages = encodeSetWireguard(family, { ifindex: 7, peers });
    expect(Math.max(...messages.map((encoded) => encoded.length))).toBeLessThan(64 * 1024);
    const parts = messages.flatMap((encoded) => theirReading(encoded).peers ?? []);
    expect(parts.map(({ flags }) => flags)).toEqual(
      parts.map((_, index) => (index === 0 ? { replaceAllowedIps: true } : { updateOnly: true })),
    );
    expect(decodeWireguard(family, asAnswer(messages))?.peers).toMatchObject([{ publicKey: keyOf(3), allowedIps }]);
  });
});

describe('what is read', () => {
  test('decode(encode(device)) gives it back', () => {
    fc.assert(
      fc.property(wireguardDevice, (wanted) => {
        const read = decodeWireguard(family, asAnswer(encodeSetWireguard(family, wanted)));
        const peers = wanted.peers.map((one) => ({ ...one, lastHandshakeMs: undefined, rxBytes: 0n, txBytes: 0n }));
        expect(read).toEqual({ ...wanted, name: '', publicKey: undefined, peers });
      }),
    );
  });

  test('a key of zeros is none', () => {
    const peers = [{ publicKey: keyOf(4), presharedKey: NO_WIREGUARD_KEY }];
    const messages = encodeSetWireguard(family, { ifindex: 7, privateKey: NO_WIREGUARD_KEY, peers });
    const read = decodeWireguard(family, asAnswer(messages));
    expect([read?.privateKey, read?.peers[0]?.presharedKey]).toEqual([undefined, undefined]);
  });

  test('a dump of another family, and one without a device, are none', () => {
    const answer = asAnswer(encodeSetWireguard(family, { ifindex: 7 }));
    expect(decodeWireguard({ ...family, id: 0x1e }, answer)).toBeUndefined();
    expect(decodeWireguard(family, [])).toBeUndefined();
  });

  test('socket addresses of other families and sizes are none', () => {
    fc.assert(
      fc.property(endpoint, (wanted) => {
        const bytes = encodeSocketAddress(wanted);
        expect(decodeSocketAddress(bytes)).toEqual(wanted);
        expect(decodeSocketAddress(bytes.subarray(1))).toBeUndefined();
        bytes.writeUInt16LE(1, 0);
        expect(decodeSocketAddress(bytes)).toBeUndefined();
      }),
    );
  });

  test('no byte makes the decoder throw anything but NetlinkError', () => {
    const decode = (message: Message): void => {
      try {
        decodeWireguard(family, [message]);
      } catch (error) {
        expect(error).toBeInstanceOf(NetlinkError);
      }
    };
    fc.assert(
      fc.property(wireguardDevice, fc.uint8Array({ maxLength: 200 }), fc.nat(), (wanted, bytes, at) => {
        const [message] = asAnswer(encodeSetWireguard(family, wanted));
        const { payload } = message!;
        decode({ ...message!, payload: Buffer.from([0, 1, 0, 0, ...bytes]) });
        decode({ ...message!, payload: Buffer.from(bytes) });
        decode({ ...message!, payload: payload.subarray(0, at % payload.length) });
        const changed = Buffer.from(payload);
        changed[at % payload.length] = (changed[at % payload.length] ?? 0) ^ 0xff;
        decode({ ...message!, payload: changed });
      }),
      { numRuns: 1_000 },
    );
  });

  test('a prefix longer than its address names the attribute', () => {
    const peers = [{ publicKey: keyOf(5), allowedIps: [{ ...parseCidr('10.5.0.0/16'), prefixLength: 33 }] }];
    const [message] = asAnswer(encodeSetWireguard(family, { ifindex: 7, peers }));
    expect(() => decodeWireguard(family, [message!])).toThrow(
      'WGALLOWEDIP_A_CIDR_MASK: EBADMSG (33, expected 0 to 32)',
    );
  });
});

test('splitMessages takes a large change apart again', () => {
  const peers = Array.from({ length: 1_000 }, (_, n) => ({
    publicKey: keyOf(n & 255),
    persistentKeepaliveSeconds: 25,
  }));
  const messages = encodeSetWireguard(family, { ifindex: 7, peers });
  expect(splitMessages(Buffer.concat(messages))).toHaveLength(messages.length);
});
