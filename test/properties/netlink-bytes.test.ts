import fc from 'fast-check';
import { test } from 'vitest';
import { decodeAddress } from '../../native/netlink/address.ts';
import { NetlinkError } from '../../native/netlink/errors.ts';
import { decodeFamily } from '../../native/netlink/genetlink.ts';
import { decodeLink } from '../../native/netlink/link.ts';
import { RTM, splitMessages, type Message } from '../../native/netlink/message.ts';
import { decodeFdb, decodeNeighbor } from '../../native/netlink/neighbor.ts';
import { decodeNexthop } from '../../native/netlink/nexthop.ts';
import { decodeGeneration, decodeRulesetObject } from '../../native/netlink/nfnetlink.ts';
import { decodeRoute } from '../../native/netlink/route.ts';
import { decodeWireguard } from '../../native/netlink/wireguard-device.ts';
import { holds, throwsOnly } from './holds.ts';

const WIREGUARD = { id: 0x1d, name: 'wireguard', version: 1, groups: new Map<string, number>() };
/** NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWGEN, NFT_MSG_NEWTABLE. */
const [NEWGEN, NEWTABLE] = [0x0a0f, 0x0a00];
const GENL_ID_CTRL = 0x10;

interface Decoder {
  readonly name: string;
  readonly type: number;
  /** Bytes of the fixed part, and what its first one says where that is the family. */
  readonly header: number;
  readonly families: readonly number[];
  readonly decode: (message: Message) => unknown;
}

const DECODERS: readonly Decoder[] = [
  { name: 'link', type: RTM.NEWLINK, header: 16, families: [0], decode: decodeLink },
  { name: 'address', type: RTM.NEWADDR, header: 8, families: [2, 10], decode: decodeAddress },
  { name: 'route', type: RTM.NEWROUTE, header: 12, families: [2, 10], decode: decodeRoute },
  { name: 'neighbour', type: RTM.NEWNEIGH, header: 12, families: [2, 10], decode: decodeNeighbor },
  { name: 'FDB entry', type: RTM.NEWNEIGH, header: 12, families: [7], decode: decodeFdb },
  { name: 'nexthop', type: RTM.NEWNEXTHOP, header: 8, families: [2, 10], decode: decodeNexthop },
  { name: 'generic family', type: GENL_ID_CTRL, header: 4, families: [1], decode: decodeFamily },
  { name: 'ruleset generation', type: NEWGEN, header: 4, families: [0], decode: decodeGeneration },
  { name: 'ruleset object', type: NEWTABLE, header: 4, families: [1, 2], decode: decodeRulesetObject },
  {
    name: 'wireguard device',
    type: WIREGUARD.id,
    header: 4,
    families: [0],
    decode: (message) => decodeWireguard(WIREGUARD, [message]),
  },
];

const bytes = fc.uint8Array({ maxLength: 72 });

/** An attribute header now and then, so that the bytes reach the readers of the attributes' values. */
function shaped(raw: Uint8Array, { header, families }: Decoder): Buffer {
  const payload = Buffer.from(raw);
  const [choice = 0, length = 0, type = 0] = raw;
  if (choice < 16) return payload; // as it came
  if (payload.length > 0) payload[0] = families[choice % families.length] ?? 0;
  if (payload.length >= header + 4) {
    payload.writeUInt16LE(length % 2 === 0 ? payload.length - header : (length >> 1) % 48, header);
    payload.writeUInt16LE((type % 16) | (choice % 3 === 0 ? 0x8000 : 0), header + 2);
  }
  return payload;
}

test.each(DECODERS)('no bytes make the $name decoder throw anything but NetlinkError', (decoder) => {
  holds(bytes, (raw) => {
    const message = { type: decoder.type, flags: 0, seq: 0, pid: 0, payload: shaped(raw, decoder) };
    return throwsOnly(NetlinkError, () => decoder.decode(message));
  });
});

test('no bytes make the splitter of messages throw anything but NetlinkError', () => {
  holds(bytes, (raw) => {
    const data = Buffer.from(raw);
    if (data.length >= 4) data.writeUInt32LE((raw[0] ?? 0) % 80, 0);
    return throwsOnly(NetlinkError, () => splitMessages(data));
  });
});
