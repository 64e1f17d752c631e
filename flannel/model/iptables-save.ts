import type { FirewallRule } from './firewall-rule.ts';
import { parseIptablesRule, splitWords } from './iptables-rule.ts';

export interface IptablesRule extends FirewallRule {
  /** What follows `-A CHAIN`, as it was printed: the words with which it can be deleted. */
  readonly text: string;
}

export interface IptablesChain {
  /** `ACCEPT` or `DROP`; `undefined` for a chain that is only jumped to. */
  readonly policy: string | undefined;
  readonly rules: readonly IptablesRule[];
}

/** Table → chain → what is in it. Tables that were never used are not there. */
export type IptablesTables = ReadonlyMap<string, ReadonlyMap<string, IptablesChain>>;

const CHAIN = /^:(\S+) (\S+)/;
/** Counters come first where somebody asked for them. */
const RULE = /^(?:\[\d+:\d+\] )?-A (\S+) ?(.*)$/;

/** Reads what `iptables-save` printed; lines that are none of its own are passed over. */
export function parseIptablesSave(output: string): IptablesTables {
  const tables = new Map<string, Map<string, { policy: string | undefined; rules: IptablesRule[] }>>();
  let table = new Map<string, { policy: string | undefined; rules: IptablesRule[] }>();
  for (const line of output.split('\n')) {
    if (line.startsWith('*')) {
      table = new Map();
      tables.set(line.slice(1).trim(), table);
    }
    const [, chain, policy] = CHAIN.exec(line) ?? [];
    if (chain !== undefined) table.set(chain, { policy: policy === '-' ? undefined : policy, rules: [] });
    const [, name, text] = RULE.exec(line) ?? [];
    if (name === undefined || text === undefined) continue;
    table.get(name)?.rules.push({ ...parseIptablesRule(splitWords(text)), text });
  }
  return tables;
}
