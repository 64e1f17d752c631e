import { parseIptablesRule, splitWords } from '../../../../flannel/model/iptables-rule.ts';
import { parseIptablesSave, type IptablesTables } from '../../../../flannel/model/iptables-save.ts';

/** What `iptables-restore --noflush` does, on text: table → chain → rules; builtin chains carry a policy. */
export class IptablesMachine {
  readonly tables = new Map<string, Map<string, string[]>>();

  constructor(saved: string) {
    let table = new Map<string, string[]>();
    for (const line of saved.split('\n')) {
      if (line.startsWith('*')) {
        table = new Map<string, string[]>();
        this.tables.set(line.slice(1), table);
      }
      const [, chain] = /^:(\S+)/.exec(line) ?? [];
      if (chain !== undefined) table.set(chain, []);
      const [, name = '', rule] = /^-A (\S+) (.*)$/.exec(line) ?? [];
      if (rule !== undefined) table.get(name)!.push(rule);
    }
  }

  save(): string {
    return [...this.tables]
      .flatMap(([table, chains]) => [
        `*${table}`,
        ...[...chains.keys()].map((chain) => `:${chain} ${/^[A-Z]+$/.test(chain) ? 'ACCEPT' : '-'} [0:0]`),
        ...[...chains].flatMap(([chain, rules]) => rules.map((rule) => `-A ${chain} ${rule}`)),
        'COMMIT',
        '',
      ])
      .join('\n');
  }

  read(): IptablesTables {
    return parseIptablesSave(this.save());
  }

  restore(payload: string): void {
    let table = new Map<string, string[]>();
    for (const line of payload.split('\n')) {
      if (line.startsWith('*')) {
        table = this.tables.get(line.slice(1)) ?? new Map<string, string[]>();
        this.tables.set(line.slice(1), table);
        const builtin = line === '*filter' ? 'FORWARD' : 'POSTROUTING';
        if (!table.has(builtin)) table.set(builtin, []);
      } else if (line.startsWith(':')) {
        table.set(line.slice(1).split(' ')[0]!, []);
      } else if (line.startsWith('-')) {
        this.#rule(table, line);
      }
    }
  }

  #rule(table: Map<string, string[]>, line: string): void {
    const [, verb, chain = '', text = ''] = /^-(\w) (\S+) ?(.*)$/.exec(line)!;
    if (verb === 'X') {
      removeChain(table, chain);
      return;
    }
    const rules = table.get(chain);
    if (rules === undefined) throw new RangeError(`no chain: ${line}`);
    if (verb === 'A') rules.push(text);
    if (verb === 'D') {
      const key = JSON.stringify(parseIptablesRule(splitWords(text)), jsonSafe);
      const at = rules.findIndex((rule) => JSON.stringify(parseIptablesRule(splitWords(rule)), jsonSafe) === key);
      if (at === -1) throw new RangeError(`no such rule: ${line}`);
      rules.splice(at, 1);
    }
    if (verb === 'I') insertRule(rules, text);
  }
}

function removeChain(table: Map<string, string[]>, chain: string): void {
  const users = [...table].flatMap(([, rules]) => rules).filter((rule) => new RegExp(`-[jg] ${chain}$`).test(rule));
  if (users.length > 0 || table.get(chain)!.length > 0) throw new RangeError(`${chain} is in use`);
  table.delete(chain);
}

function insertRule(rules: string[], text: string): void {
  const [, index, rule = ''] = /^(\d+) (.*)$/.exec(text)!;
  if (Number(index) > rules.length + 1) throw new RangeError(`index too big: ${text}`);
  rules.splice(Number(index) - 1, 0, rule);
}

const jsonSafe = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value);
