import type { NetlinkError } from '../../native/netlink/errors.ts';
import { NETLINK, type Message } from '../../native/netlink/message.ts';
import type { Netns } from '../../native/netlink/netns.ts';
import { decodeGeneration, decodeRulesetObject, encodeGetGeneration, NFNLGRP } from '../../native/netlink/nfnetlink.ts';
import { watchNetlink, type NetlinkSocket, type NetlinkWatch } from '../../native/netlink/socket.ts';

/** One transaction that changed the ruleset. */
export interface RulesetChange {
  readonly generation: number;
  /** `family name` of every table that it touched. */
  readonly tables: ReadonlySet<string>;
  /** Of these, the ones in which a chain or which themselves came or went. */
  readonly restructured: ReadonlySet<string>;
  /** The first 15 bytes of the program's name. */
  readonly processName: string | undefined;
}

export interface RulesetListener {
  onChange(change: RulesetChange): void;
  /** Events were lost: anything may have changed. */
  onOverrun(): void;
  onFatal(error: NetlinkError): void;
}

/** kube-proxy writes thousands of rules in one transaction. */
const RECEIVE_BUFFER_BYTES = 8 * 1024 * 1024;

/** Puts the events of a transaction together; its last one carries the generation. */
export class ChangeAssembler {
  #tables = new Set<string>();
  #restructured = new Set<string>();

  /** What is complete with this message; `undefined` while more is to come. @throws {NetlinkError} EBADMSG. */
  take(message: Message): RulesetChange | undefined {
    const end = decodeGeneration(message);
    if (end === undefined) {
      const object = decodeRulesetObject(message);
      if (object === undefined) return undefined;
      const table = `${object.family} ${object.table}`;
      this.#tables.add(table);
      if (object.kind !== 'content') this.#restructured.add(table);
      return undefined;
    }
    const change = {
      generation: end.generation,
      tables: this.#tables,
      restructured: this.#restructured,
      processName: end.processName,
    };
    this.#tables = new Set();
    this.#restructured = new Set();
    return change;
  }
}

/** Tells of each change of the namespace's ruleset. @throws {NetlinkError} EPROTONOSUPPORT without nf_tables in the kernel. */
export function watchRuleset(netns: Netns | undefined, listener: RulesetListener): NetlinkWatch {
  const assembler = new ChangeAssembler();
  return watchNetlink({
    protocol: NETLINK.NETFILTER,
    netns,
    groups: [NFNLGRP.NFTABLES],
    receiveBufferBytes: RECEIVE_BUFFER_BYTES,
    onEvents: ({ messages, overrun }) => {
      if (overrun) listener.onOverrun();
      for (const message of messages) {
        const change = assembler.take(message);
        if (change !== undefined) listener.onChange(change);
      }
    },
    onFatal: (error) => {
      listener.onFatal(error);
    },
  });
}

/** The ruleset's number now, without a program. @throws {NetlinkError} */
export async function readGeneration(socket: NetlinkSocket, signal: AbortSignal): Promise<number> {
  return decodeGeneration(await socket.get(encodeGetGeneration(), signal))?.generation ?? 0;
}
