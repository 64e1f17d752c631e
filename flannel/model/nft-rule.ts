import {
  formatCidr,
  formatIp,
  hostCidr,
  isCidr6,
  parseCidr,
  parseIp,
  sameCidr,
  type Cidr,
} from '../../native/net/ip.ts';
import { isObject, type JsonObject } from './config-fields.ts';
import type { FirewallRule, MarkMatch, NetworkMatch, Verdict } from './firewall-rule.ts';

interface Draft {
  mark: MarkMatch | undefined;
  source: NetworkMatch | undefined;
  destination: NetworkMatch | undefined;
  verdict: Verdict;
  readonly conditions: string[];
  readonly effects: string[];
}

function parseNetwork(value: unknown): Cidr | undefined {
  const prefix = isObject(value) && isObject(value['prefix']) ? value['prefix'] : undefined;
  const text = prefix === undefined ? value : `${String(prefix['addr'])}/${String(prefix['len'])}`;
  if (typeof text !== 'string') return undefined;
  try {
    return text.includes('/') ? parseCidr(text) : hostCidr(parseIp(text));
  } catch {
    return undefined; // a name or a set: a condition that is kept as text
  }
}

/** `ip saddr`, `ip6 daddr`. */
function addressField(left: unknown): 'source' | 'destination' | undefined {
  const payload = isObject(left) && isObject(left['payload']) ? left['payload'] : undefined;
  if (payload?.['protocol'] !== 'ip' && payload?.['protocol'] !== 'ip6') return undefined;
  if (payload['field'] === 'saddr') return 'source';
  return payload['field'] === 'daddr' ? 'destination' : undefined;
}

const isPacketMark = (value: unknown): boolean =>
  isObject(value) && isObject(value['meta']) && value['meta']['key'] === 'mark';

function markMask(left: unknown): number | undefined {
  if (isPacketMark(left)) return 0xffff_ffff;
  const both = isObject(left) ? left['&'] : undefined;
  if (!Array.isArray(both)) return undefined;
  const [what, mask] = both as readonly unknown[];
  return isPacketMark(what) && typeof mask === 'number' ? mask : undefined;
}

/** A condition in the words of {@link FirewallRule}; gives whether it could be said in them. */
function takeMatch(match: JsonObject, draft: Draft): boolean {
  const { op, left, right } = match;
  if (op !== '==' && op !== '!=') return false;
  const field = addressField(left);
  const network = field === undefined ? undefined : parseNetwork(right);
  if (field !== undefined && network !== undefined && draft[field] === undefined) {
    draft[field] = { network, isNegated: op === '!=' };
    return true;
  }
  const mask = markMask(left);
  if (mask === undefined || op !== '==' || typeof right !== 'number' || draft.mark !== undefined) return false;
  draft.mark = { value: right, mask };
  return true;
}

function takeMasquerade(options: unknown, draft: Draft): void {
  const isFullyRandom = isObject(options) && Object.keys(options).length === 1 && options['flags'] === 'fully-random';
  draft.verdict = { kind: isFullyRandom ? 'masquerade-fully-random' : 'masquerade' };
  if (!isFullyRandom && options !== null) draft.effects.push(`masquerade ${JSON.stringify(options)}`);
}

/** What iptables-nft adds that nft has no words for. */
function takeExtension(value: unknown, draft: Draft): void {
  const { type, name } = isObject(value) ? value : {};
  if (name === 'comment') return;
  if (type === 'target' && name === 'REJECT') draft.verdict = { kind: 'drop' };
  else if (type === 'target' && name === 'MASQUERADE') draft.verdict = { kind: 'masquerade' };
  else (type === 'target' ? draft.effects : draft.conditions).push(String(name));
}

/** `snat to 10.0.0.1`, `redirect`. */
const takeRewrite =
  (name: string): Take =>
  (value, draft) => {
    const address = isObject(value) ? value['addr'] : undefined;
    draft.verdict = { kind: 'rewrite', text: typeof address === 'string' ? `${name} to ${address}` : name };
    if (typeof address !== 'string' && isObject(value)) draft.effects.push(JSON.stringify(value));
  };

type Take = (value: unknown, draft: Draft) => void;

const takeJump =
  (kind: 'jump' | 'goto'): Take =>
  (value, draft) => {
    if (isObject(value) && typeof value['target'] === 'string') draft.verdict = { kind, chain: value['target'] };
  };

const verdictOf =
  (kind: 'accept' | 'drop' | 'return'): Take =>
  (_value, draft) => {
    draft.verdict = { kind };
  };

const STATEMENTS: ReadonlyMap<string, Take> = new Map([
  ['accept', verdictOf('accept')],
  ['drop', verdictOf('drop')],
  ['reject', verdictOf('drop')],
  ['return', verdictOf('return')],
  ['masquerade', takeMasquerade],
  ['snat', takeRewrite('snat')],
  ['dnat', takeRewrite('dnat')],
  ['redirect', takeRewrite('redirect')],
  ['xt', takeExtension],
  ['jump', takeJump('jump')],
  ['goto', takeJump('goto')],
  ['counter', () => undefined],
]);

/** Statements that only add something; any other unknown one is taken for a condition. */
const EFFECTS = new Set(['log', 'mangle', 'notrack']);

function takeStatement(statement: unknown, draft: Draft): void {
  const [[name, value] = ['', undefined]] = isObject(statement) ? Object.entries(statement) : [];
  if (name === 'match' && isObject(value) && takeMatch(value, draft)) return;
  const take = STATEMENTS.get(name);
  if (take !== undefined) take(value, draft);
  else (EFFECTS.has(name) ? draft.effects : draft.conditions).push(JSON.stringify(statement));
}

const textOf = (parts: readonly string[]): string | undefined => (parts.length === 0 ? undefined : parts.join(' '));

/** A `rule` object of `nft -j`. */
export function parseNftRule(rule: JsonObject): FirewallRule {
  const draft: Draft = {
    mark: undefined,
    source: undefined,
    destination: undefined,
    verdict: { kind: 'continue' },
    conditions: [],
    effects: [],
  };
  const statements: readonly unknown[] = Array.isArray(rule['expr']) ? (rule['expr'] as readonly unknown[]) : [];
  for (const statement of statements) takeStatement(statement, draft);
  const { mark, source, destination, verdict, conditions, effects } = draft;
  return {
    mark,
    source,
    destination,
    otherConditions: textOf(conditions),
    verdict,
    otherEffects: textOf(effects),
    comment: typeof rule['comment'] === 'string' ? rule['comment'] : undefined,
  };
}

function addressText(field: 'saddr' | 'daddr', match: NetworkMatch | undefined): string[] {
  if (match === undefined) return [];
  const { network, isNegated } = match;
  // A host is printed without its length.
  const text = sameCidr(network, hostCidr(network.address)) ? formatIp(network.address) : formatCidr(network);
  return [`${isCidr6(network) ? 'ip6' : 'ip'} ${field} ${isNegated ? '!= ' : ''}${text}`];
}

const hex = (value: number): string => `0x${value.toString(16).padStart(8, '0')}`;

function markText(mark: MarkMatch | undefined): string[] {
  if (mark === undefined) return [];
  const { value, mask } = mark;
  return [mask === 0xffff_ffff ? `meta mark ${hex(value)}` : `meta mark & ${hex(mask)} == ${hex(value)}`];
}

function verdictText(verdict: Verdict): string[] {
  switch (verdict.kind) {
    case 'jump':
    case 'goto':
      return [`${verdict.kind} ${verdict.chain}`];
    case 'masquerade-fully-random':
      return ['masquerade fully-random'];
    case 'rewrite':
      return [verdict.text];
    case 'continue':
      return [];
    case 'accept':
    case 'drop':
    case 'return':
    case 'masquerade':
      return [verdict.kind];
  }
}

/** The rule as `nft` prints and reads it, without its comment. */
export function formatNftRule(rule: FirewallRule): string {
  const { mark, source, destination, otherConditions, verdict, otherEffects } = rule;
  const other = (text: string | undefined): string[] => (text === undefined ? [] : [text]);
  return [
    ...markText(mark),
    ...addressText('saddr', source),
    ...addressText('daddr', destination),
    ...other(otherConditions),
    ...other(otherEffects),
    ...verdictText(verdict),
  ].join(' ');
}
