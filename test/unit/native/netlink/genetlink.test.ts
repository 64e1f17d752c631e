import fc from 'fast-check';
import * as genl from 'netlink/dist/genl/structs.js';
import { AttrStream } from 'netlink/dist/structs.js';
import { describe, expect, test } from 'vitest';
import { NetlinkError } from '../../../../native/netlink/errors.ts';
import { decodeFamily, encodeGetFamily } from '../../../../native/netlink/genetlink.ts';
import type { Message } from '../../../../native/netlink/message.ts';
import { u16, u32 } from './arbitraries.ts';
import { messageOf } from './golden.ts';

const CTRL = 0x10;
const NEWFAMILY = 1;

function answerOf(attributes: Uint8Array): Message {
  return { type: CTRL, flags: 0, seq: 0, pid: 0, payload: Buffer.from([NEWFAMILY, 2, 0, 0, ...attributes]) };
}

test('the request: CTRL_CMD_GETFAMILY, REQUEST ACK, the name with its NUL', () => {
  const { type, flags, payload } = messageOf(encodeGetFamily('wireguard'));
  expect([type, flags, payload.toString('hex')]).toEqual([
    CTRL,
    0x005,
    '03010000' + '0e000200' + Buffer.from('wireguard\0').toString('hex') + '0000',
  ]);
  expect(genl.parseMessage(payload.subarray(4))).toMatchObject({ familyName: 'wireguard' });
});

const name = fc.stringMatching(/^[a-z_]{1,15}$/);
const family = fc.record({ id: u16, name, version: u32, groups: fc.dictionary(name, u32) });

describe('answers', () => {
  test('what npm netlink writes is read as it meant it', () => {
    fc.assert(
      fc.property(family, ({ id, name: familyName, version, groups }) => {
        const out = new AttrStream();
        const mcastGroups = Object.entries(groups).map(([group, number]) => ({ name: group, id: number }));
        out.emit(genl.formatMessage({ familyId: id, familyName, version, hdrsize: 0, mcastGroups }));
        expect(decodeFamily(answerOf(Buffer.concat(out.bufs)))).toEqual({
          id,
          name: familyName,
          version,
          groups: new Map(Object.entries(groups)),
        });
      }),
    );
  });

  test('another type, another command and an answer without an id are none', () => {
    const answer = answerOf(Buffer.alloc(0));
    expect(decodeFamily(answer)).toBeUndefined();
    expect(decodeFamily({ ...answer, type: 0x11 })).toBeUndefined();
    expect(decodeFamily({ ...answer, payload: Buffer.from([2, 0, 0, 0]) })).toBeUndefined();
  });

  test('no byte makes the decoder throw anything but NetlinkError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        for (const answer of [answerOf(bytes), { ...answerOf(bytes), payload: Buffer.from(bytes) }]) {
          try {
            decodeFamily(answer);
          } catch (error) {
            expect(error).toBeInstanceOf(NetlinkError);
          }
        }
      }),
      { numRuns: 10_000 },
    );
  });
});
