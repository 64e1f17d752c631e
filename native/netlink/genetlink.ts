import { attributesOf, type AttributeReader } from './attribute-reader.ts';
import { MessageWriter } from './attribute-writer.ts';
import { ERRNO, NetlinkError } from './errors.ts';
import { NLM_F, type Message } from './message.ts';
import type { NetlinkSocket } from './socket.ts';

/** Set on attributes that hold attributes; generic netlink insists on it, rtnetlink does not look. */
export const NLA_F_NESTED = 0x8000;

/** struct genlmsghdr: u8 command, u8 version, u16 reserved. */
export const GENLMSGHDR_BYTES = 4;

/** A generic netlink family as the kernel numbers it until the module is unloaded. */
export interface GenericFamily {
  /** The message type of its requests and events. */
  readonly id: number;
  readonly name: string;
  readonly version: number;
  /** Numbers of its multicast groups by name, for watchNetlink. */
  readonly groups: ReadonlyMap<string, number>;
}

const GENL_ID_CTRL = 0x10;
const CTRL_CMD = { NEWFAMILY: 1, GETFAMILY: 3 } as const;
const CTRL_ATTR = { FAMILY_ID: 1, FAMILY_NAME: 2, VERSION: 3, MCAST_GROUPS: 7 } as const;
const CTRL_ATTR_MCAST_GRP = { NAME: 1, ID: 2 } as const;

export interface GenericRequest {
  readonly family: Pick<GenericFamily, 'id' | 'version'>;
  readonly command: number;
  /** {@link NLM_F} bits beside REQUEST. */
  readonly flags: number;
}

/** Starts a message of a family. */
export function genericMessage({ family, command, flags }: GenericRequest): MessageWriter {
  return new MessageWriter(family.id, NLM_F.REQUEST | flags, GENLMSGHDR_BYTES)
    .fixedU8(0, command)
    .fixedU8(1, family.version);
}

/** Asks the controller for a family; the kernel loads its module where it can. ENOENT if there is none. */
export function encodeGetFamily(name: string): Buffer {
  const family = { id: GENL_ID_CTRL, version: 1 };
  return genericMessage({ family, command: CTRL_CMD.GETFAMILY, flags: NLM_F.ACK })
    .zeroTerminated(CTRL_ATTR.FAMILY_NAME, name)
    .finish();
}

function readGroups(list: AttributeReader): Map<string, number> {
  const groups = new Map<string, number>();
  while (list.next()) {
    const group = list.nested();
    let name: string | undefined;
    let id: number | undefined;
    while (group.next()) {
      if (group.type === CTRL_ATTR_MCAST_GRP.NAME) name = group.text();
      else if (group.type === CTRL_ATTR_MCAST_GRP.ID) id = group.u32('CTRL_ATTR_MCAST_GRP_ID');
    }
    if (name !== undefined && id !== undefined) groups.set(name, id);
  }
  return groups;
}

/** Decodes CTRL_CMD_NEWFAMILY; `undefined` for the rest. @throws {NetlinkError} EBADMSG. */
export function decodeFamily(message: Message): GenericFamily | undefined {
  if (message.type !== GENL_ID_CTRL) return undefined;
  const reader = attributesOf(message, GENLMSGHDR_BYTES, 'decode generic netlink family');
  if (message.payload.readUInt8(0) !== CTRL_CMD.NEWFAMILY) return undefined;
  let id: number | undefined;
  let name: string | undefined;
  let version = 0;
  let groups = new Map<string, number>();
  while (reader.next()) {
    if (reader.type === CTRL_ATTR.FAMILY_ID) id = reader.u16('CTRL_ATTR_FAMILY_ID');
    else if (reader.type === CTRL_ATTR.FAMILY_NAME) name = reader.text();
    else if (reader.type === CTRL_ATTR.VERSION) version = reader.u32('CTRL_ATTR_VERSION');
    else if (reader.type === CTRL_ATTR.MCAST_GROUPS) groups = readGroups(reader.nested());
  }
  return id === undefined || name === undefined ? undefined : { id, name, version, groups };
}

/**
 * Finds a family by its name on a socket of NETLINK.GENERIC. @throws {NetlinkError} ENOENT "the kernel has no NAME module"; the
 * signal's reason.
 */
export async function resolveFamily(socket: NetlinkSocket, name: string, signal?: AbortSignal): Promise<GenericFamily> {
  const operation = 'find generic netlink family';
  let answer: Message;
  try {
    answer = await socket.get(encodeGetFamily(name), signal);
  } catch (cause) {
    if (!(cause instanceof NetlinkError) || cause.code !== 'ENOENT') throw cause;
    const kernelMessage = `the kernel has no ${name} module`;
    throw new NetlinkError({ operation, errno: ERRNO.ENOENT, target: name, kernelMessage, cause });
  }
  const family = decodeFamily(answer);
  if (family !== undefined) return family;
  throw new NetlinkError({ operation, errno: ERRNO.EBADMSG, target: name, kernelMessage: 'answered something else' });
}
