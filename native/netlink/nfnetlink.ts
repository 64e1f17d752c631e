import { attributesOf } from './attribute-reader.ts';
import { MessageWriter } from './attribute-writer.ts';
import { NLM_F, type Message } from './message.ts';

/** Multicast groups of netfilter, for watchNetlink. */
export const NFNLGRP = { NFTABLES: 7 } as const;

/** Message types: the subsystem (nf_tables is 10) above, its own message below. */
const NFT = {
  NEWTABLE: 0x0a00,
  DELTABLE: 0x0a02,
  NEWCHAIN: 0x0a03,
  DELCHAIN: 0x0a05,
  NEWGEN: 0x0a0f,
  GETGEN: 0x0a10,
} as const;
const NFT_SUBSYSTEM = 0x0a00;
const NFTA_GEN = { ID: 1, PROC_PID: 2, PROC_NAME: 3 } as const;

/** struct nfgenmsg: u8 family, u8 version, u16 resource id. */
const NFGENMSG_BYTES = 4;

/**
 * The nf_tables ruleset of a network namespace has a number, which each transaction that changes it raises: nft and
 * iptables-nft do, iptables-legacy does not. A number seen twice means that nothing changed in between.
 */
export interface RulesetGeneration {
  readonly generation: number;
  /**
   * In an event, who made the change: a process id of the machine's first pid namespace and the first 15 bytes of its name.
   * In the answer to a request these are the asker's own.
   */
  readonly pid: number | undefined;
  readonly processName: string | undefined;
}

/** Asks for the ruleset's generation. */
export function encodeGetGeneration(): Buffer {
  return new MessageWriter(NFT.GETGEN, NLM_F.REQUEST | NLM_F.ACK, NFGENMSG_BYTES).finish();
}

/**
 * Decodes NFT_MSG_NEWGEN: the answer, and the last event of each transaction; `undefined` for the events of single tables,
 * chains, rules and sets. @throws {NetlinkError} EBADMSG.
 */
export function decodeGeneration(message: Message): RulesetGeneration | undefined {
  if (message.type !== NFT.NEWGEN) return undefined;
  const reader = attributesOf(message, NFGENMSG_BYTES, 'decode ruleset generation');
  let generation: number | undefined;
  let pid: number | undefined;
  let processName: string | undefined;
  while (reader.next()) {
    if (reader.type === NFTA_GEN.ID) generation = reader.u32be('NFTA_GEN_ID');
    else if (reader.type === NFTA_GEN.PROC_PID) pid = reader.u32be('NFTA_GEN_PROC_PID');
    else if (reader.type === NFTA_GEN.PROC_NAME) processName = reader.text();
  }
  return generation === undefined ? undefined : { generation, pid, processName };
}

/** An object of a ruleset that an event tells of. */
export interface RulesetObject {
  /** `ip`, `ip6`, `inet`, `arp`, `bridge` or `netdev`, as nft calls it; the number of any other. */
  readonly family: string;
  readonly table: string;
  /** Whether a whole table or chain came or went, and not just what is in one. */
  readonly kind: 'table' | 'chain' | 'content';
}

const FAMILIES: ReadonlyMap<number, string> = new Map([
  [1, 'inet'],
  [2, 'ip'],
  [3, 'arp'],
  [5, 'netdev'],
  [7, 'bridge'],
  [10, 'ip6'],
]);

/** Of every kind of object: NFTA_TABLE_NAME, NFTA_CHAIN_TABLE, NFTA_RULE_TABLE, NFTA_SET_TABLE… */
const NFTA_ANY_TABLE = 1;

function objectKind(type: number): RulesetObject['kind'] {
  if (type === NFT.NEWTABLE || type === NFT.DELTABLE) return 'table';
  return type === NFT.NEWCHAIN || type === NFT.DELCHAIN ? 'chain' : 'content';
}

/**
 * Decodes which table an event is about; `undefined` for the one that ends a transaction, and for what is not nf_tables.
 * @throws {NetlinkError} EBADMSG.
 */
export function decodeRulesetObject(message: Message): RulesetObject | undefined {
  const { type, payload } = message;
  if ((type & 0xff00) !== NFT_SUBSYSTEM || type === NFT.NEWGEN) return undefined;
  const reader = attributesOf(message, NFGENMSG_BYTES, 'decode ruleset event');
  const family = payload.readUInt8(0);
  while (reader.next()) {
    if (reader.type !== NFTA_ANY_TABLE) continue;
    return { family: FAMILIES.get(family) ?? String(family), table: reader.text(), kind: objectKind(type) };
  }
  return undefined;
}
