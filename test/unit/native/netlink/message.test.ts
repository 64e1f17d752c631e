import fc from 'fast-check';
import { parseMessages } from 'netlink/dist/structs.js';
import { describe, expect, test } from 'vitest';
import { decodeAddress } from '../../../../native/netlink/address.ts';
import { MessageWriter } from '../../../../native/netlink/attribute-writer.ts';
import { NetlinkError } from '../../../../native/netlink/errors.ts';
import { decodeLink } from '../../../../native/netlink/link.ts';
import { RTM, splitMessages, type Message } from '../../../../native/netlink/message.ts';
import { decodeFdb, decodeNeighbor } from '../../../../native/netlink/neighbor.ts';
import { decodeNexthop } from '../../../../native/netlink/nexthop.ts';
import { decodeRoute } from '../../../../native/netlink/route.ts';
import { hexFixture, kernelMessages, messageOf } from './golden.ts';

const DECODERS = [
  { name: 'link', decode: decodeLink, types: [RTM.NEWLINK, RTM.DELLINK], family: 0 },
  { name: 'address', decode: decodeAddress, types: [RTM.NEWADDR], family: 2 },
  { name: 'route', decode: decodeRoute, types: [RTM.NEWROUTE], family: 2 },
  { name: 'route', decode: decodeRoute, types: [RTM.NEWROUTE], family: 10 },
  { name: 'address', decode: decodeAddress, types: [RTM.NEWADDR], family: 10 },
  { name: 'neighbour', decode: decodeNeighbor, types: [RTM.NEWNEIGH], family: 10 },
  { name: 'nexthop', decode: decodeNexthop, types: [RTM.NEWNEXTHOP], family: 10 },
  { name: 'neighbour', decode: decodeNeighbor, types: [RTM.NEWNEIGH], family: 2 },
  { name: 'FDB entry', decode: decodeFdb, types: [RTM.NEWNEIGH], family: 7 },
  { name: 'nexthop', decode: decodeNexthop, types: [RTM.NEWNEXTHOP], family: 2 },
];
const FIXTURES = [
  'links',
  'addresses',
  'routes',
  'neighbors',
  'nexthops',
  'fdb-vxlan',
  'fdb-bridge-port',
  'events',
].concat(['links6', 'addresses6', 'routes6', 'routes-via6', 'neighbors6', 'nexthops6', 'fdb-vxlan6', 'events6']);

/** Runs a reader; what it throws must be the named error. */
function errorOf(read: () => unknown): NetlinkError | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(NetlinkError);
    return error as NetlinkError;
  }
}

describe('splitMessages', () => {
  test.each(FIXTURES)('reads %s as npm netlink does', (name) => {
    const ours = kernelMessages(name).map(({ pid, payload, ...header }) => ({
      ...header,
      port: pid,
      data: payload.toString('hex'),
    }));
    const theirs = parseMessages(hexFixture(`netlink/${name}.hex`));
    expect(ours).toEqual(theirs.map((message) => ({ ...message, data: message.data.toString('hex') })));
  });

  test.each([
    { name: 'a header cut short', hex: '1000', place: 'header at byte 0' },
    { name: 'a length below a header', hex: '0f000000' + '0'.repeat(24), place: 'header at byte 0' },
    { name: 'a length past the end', hex: '11000000' + '0'.repeat(24), place: 'header at byte 0' },
    { name: 'rubbish behind a message', hex: '10000000' + '0'.repeat(24) + 'ffff', place: 'header at byte 16' },
  ])('$name is EBADMSG at its place', ({ hex, place }) => {
    expect(errorOf(() => splitMessages(Buffer.from(hex, 'hex')))).toMatchObject({ code: 'EBADMSG', target: place });
  });

  test('nothing gives nothing', () => {
    expect(splitMessages(Buffer.alloc(0))).toEqual([]);
  });
});

describe('no byte makes a decoder throw anything but NetlinkError', () => {
  test('rubbish', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        errorOf(() => splitMessages(Buffer.from(bytes)));
        for (const { decode, types, family } of DECODERS) {
          for (const first of [family, bytes[0] ?? 0]) {
            const payload = Buffer.from([first, ...bytes]);
            errorOf(() => decode({ type: types[0] ?? 0, flags: 0, seq: 0, pid: 0, payload }));
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test.each(FIXTURES)('%s, cut at each byte and with each byte changed', (name) => {
    const decodeAll = (message: Message): void => {
      for (const { decode } of DECODERS) errorOf(() => decode(message));
    };
    for (const message of kernelMessages(name)) {
      for (let length = 0; length < message.payload.length; length++) {
        decodeAll({ ...message, payload: message.payload.subarray(0, length) });
        const changed = Buffer.from(message.payload);
        changed[length] = (changed[length] ?? 0) ^ 0xff;
        decodeAll({ ...message, payload: changed });
      }
    }
  });

  test.each(DECODERS)('$name: a fixed part cut short says so', ({ decode, types, name }) => {
    const error = errorOf(() => decode({ type: types[0] ?? 0, flags: 0, seq: 0, pid: 0, payload: Buffer.from([0]) }));
    expect(error).toMatchObject({ code: 'EBADMSG', operation: `decode ${name}`, target: 'fixed part' });
  });

  test('a value of the wrong size names its attribute', () => {
    const message = messageOf(new MessageWriter(RTM.NEWROUTE, 0, 12).fixedU8(0, 2).u16(5, 1).finish());
    expect(errorOf(() => decodeRoute(message))?.message).toBe(
      'cannot decode route RTA_GATEWAY: EBADMSG (2 bytes, expected 4)',
    );
  });

  test.each([
    { family: 2, length: 33 },
    { family: 10, length: 129 },
  ])('a prefix length of $length in family $family is refused', ({ family, length }) => {
    const message = messageOf(new MessageWriter(RTM.NEWROUTE, 0, 12).fixedU8(0, family).fixedU8(1, length).finish());
    expect(errorOf(() => decodeRoute(message))).toMatchObject({ target: 'rtm_dst_len' });
  });

  test('unknown attributes are passed over', () => {
    const encoded = new MessageWriter(RTM.NEWROUTE, 0, 12).fixedU8(0, 2).bytes(999, Buffer.alloc(5)).u32(4, 7).finish();
    expect(decodeRoute(messageOf(encoded))).toMatchObject({ oif: 7 });
  });
});

describe('MessageWriter', () => {
  test('grows over many attributes and keeps them all', () => {
    const writer = new MessageWriter(RTM.NEWLINK, 0, 16);
    for (let i = 0; i < 500; i++) writer.u32(100 + i, i);
    const { payload } = messageOf(writer.finish());
    expect(payload.length).toBe(16 + 500 * 8);
    expect(payload.subarray(-8).toString('hex')).toBe('08005702f3010000');
  });

  test('pads with zeros whatever the memory held before', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (value) => {
        const { payload } = messageOf(new MessageWriter(1, 0, 0).bytes(1, value).finish());
        expect(payload.subarray(4 + value.length).every((byte) => byte === 0)).toBe(true);
        expect(payload.length % 4).toBe(0);
      }),
    );
  });

  test('an attribute longer than its u16 length is refused', () => {
    expect(() => new MessageWriter(1, 0, 0).bytes(1, Buffer.alloc(65_532))).toThrow(RangeError);
  });
});
