import { attributesOf } from './attribute-reader.ts';
import { MessageWriter } from './attribute-writer.ts';
import { NLM_F, type Message } from './message.ts';

/** Multicast groups of netfilter, for watchNetlink. */
export const NFNLGRP = { NFTABLES: 7 } as const;

/** Message types: the subsystem (nf_tables is 10) above, its own message below. */
const NFT = { NEWGEN: 0x0a0f, GETGEN: 0x0a10 } as const;
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
