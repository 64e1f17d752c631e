import { attributesOf } from './attribute-reader.ts';
import { MessageWriter } from './attribute-writer.ts';
import { NLM_F, RTM, type Message } from './message.ts';

/** struct rtgenmsg: u8 family. */
const RTGENMSG_BYTES = 1;
const NETNSA = { NSID: 1, PID: 2 } as const;
/** The kernel chooses a number; as an answer: there is none yet. */
const NO_NSID = -1;

/** By which number this namespace knows that of a process; `ip netns list-id`. Holds nothing of the other namespace. */
export function encodeGetNsid(pid: number): Buffer {
  return new MessageWriter(RTM.GETNSID, NLM_F.REQUEST | NLM_F.ACK, RTGENMSG_BYTES).u32(NETNSA.PID, pid).finish();
}

/** Gives the namespace of a process a number of the kernel's choice. EEXIST if it has one. Needs CAP_NET_ADMIN. */
export function encodeNewNsid(pid: number): Buffer {
  return new MessageWriter(RTM.NEWNSID, NLM_F.REQUEST | NLM_F.ACK, RTGENMSG_BYTES)
    .u32(NETNSA.PID, pid)
    .u32(NETNSA.NSID, NO_NSID >>> 0)
    .finish();
}

/** The number in an answer to {@link encodeGetNsid}; `undefined` while there is none. @throws {NetlinkError} EBADMSG. */
export function decodeNsid(message: Message): number | undefined {
  if (message.type !== RTM.NEWNSID) return undefined;
  const reader = attributesOf(message, RTGENMSG_BYTES, 'decode namespace number');
  while (reader.next()) {
    if (reader.type !== NETNSA.NSID) continue;
    const nsid = reader.s32('NETNSA_NSID');
    return nsid === NO_NSID ? undefined : nsid;
  }
  return undefined;
}
