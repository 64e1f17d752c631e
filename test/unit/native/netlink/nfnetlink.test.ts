import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { packageRoot } from '../../../../native/host/package-root.ts';
import { MessageWriter } from '../../../../native/netlink/attribute-writer.ts';
import { NetlinkError } from '../../../../native/netlink/errors.ts';
import { splitMessages, type Message } from '../../../../native/netlink/message.ts';
import {
  decodeGeneration,
  decodeRulesetObject,
  encodeGetGeneration,
  type RulesetGeneration,
} from '../../../../native/netlink/nfnetlink.ts';
import { u32 } from './arbitraries.ts';
import { hexFixture, messageOf } from './golden.ts';

const NEWGEN = 0x0a0f;
const events = splitMessages(hexFixture('netfilter/events.hex'));
const monitor = readFileSync(join(packageRoot(), 'test/fixtures/netfilter/monitor.txt'), 'utf8');

test('of the events those of a generation read as `nft monitor` reads them', () => {
  const read = events
    .map((message) => decodeGeneration(message))
    .filter((one) => one !== undefined)
    .map((one) => `# new generation ${one.generation} by process ${one.pid ?? ''} (${one.processName ?? ''})`);
  expect(read).toEqual(monitor.split('\n').filter((line) => line.startsWith('# ')));
});

test('the other events tell of the tables that `nft monitor` names', () => {
  const read = events
    .map((message) => decodeRulesetObject(message))
    .filter((one) => one !== undefined)
    .map(({ family, table, kind }) => `${kind} ${family} ${table}`);
  const lines = monitor.split('\n').filter((line) => line !== '' && !line.startsWith('# '));
  const wanted = lines.map((line) => {
    const [, kind = '', family = '', table = ''] = /^\w+ (\w+) (\w+) (\w+)/.exec(line) ?? [];
    return `${kind === 'table' || kind === 'chain' ? kind : 'content'} ${family} ${table}`;
  });
  expect(read).toEqual(wanted);
});

test('the answer to a request has the last generation and names the asker', () => {
  const [answer] = splitMessages(hexFixture('netfilter/answer.hex'));
  expect(decodeGeneration(answer!)).toMatchObject({ generation: 7, processName: 'libuv-worker' });
});

test('the request: NFT_MSG_GETGEN of nf_tables, REQUEST ACK, an empty nfgenmsg', () => {
  const { type, flags, payload } = messageOf(encodeGetGeneration());
  expect([type, flags, payload.toString('hex')]).toEqual([0x0a10, 0x005, '00000000']);
});

test('what is written in the kernel’s form is read back', () => {
  fc.assert(
    fc.property(u32, u32, fc.stringMatching(/^[\w-]{1,15}$/), (generation, pid, processName) => {
      const writer = new MessageWriter(NEWGEN, 0, 4);
      for (const [type, value] of [generation, pid].entries()) {
        const bytes = Buffer.alloc(4);
        bytes.writeUInt32BE(value);
        writer.bytes(type + 1, bytes);
      }
      const wanted: RulesetGeneration = { generation, pid, processName };
      expect(decodeGeneration(messageOf(writer.zeroTerminated(3, processName).finish()))).toEqual(wanted);
    }),
  );
});

test('no byte makes the decoder throw anything but NetlinkError', () => {
  const decode = (message: Message): void => {
    try {
      decodeGeneration(message);
      decodeRulesetObject(message);
    } catch (error) {
      expect(error).toBeInstanceOf(NetlinkError);
    }
  };
  for (const message of events) {
    for (let length = 0; length < message.payload.length; length++) {
      decode({ ...message, payload: message.payload.subarray(0, length) });
      const changed = Buffer.from(message.payload);
      changed[length] = (changed[length] ?? 0) ^ 0xff;
      decode({ ...message, payload: changed });
    }
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      decode({ type: NEWGEN, flags: 0, seq: 0, pid: 0, payload: Buffer.from(bytes) });
    }),
    { numRuns: 10_000 },
  );
});
