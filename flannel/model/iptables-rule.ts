import { formatCidr, parseCidr } from '../../native/net/ip.ts';
import type { FirewallRule, MarkMatch, NetworkMatch, Verdict } from './firewall-rule.ts';

/** Splits as a shell would: blanks, double quotes, backslashes inside them. */
export function splitWords(line: string): string[] {
  return Array.from(line.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g), ([, quoted, bare]) =>
    quoted === undefined ? (bare ?? '') : quoted.replace(/\\(.)/g, '$1'),
  );
}

interface Draft {
  mark: MarkMatch | undefined;
  source: NetworkMatch | undefined;
  destination: NetworkMatch | undefined;
  verdict: Verdict;
  comment: string | undefined;
  readonly conditions: string[];
  readonly effects: string[];
}

function parseMatch(text: string, isNegated: boolean): NetworkMatch | undefined {
  try {
    return { network: parseCidr(text), isNegated };
  } catch {
    return undefined; // a mask with holes: a condition that is kept as text
  }
}

function parseMark(text: string): MarkMatch | undefined {
  const [value = NaN, mask = 0xffff_ffff] = text.split('/').map(Number);
  return Number.isInteger(value) && Number.isInteger(mask) ? { value, mask } : undefined;
}

const TARGETS: ReadonlyMap<string, Exclude<Verdict['kind'], 'jump' | 'goto' | 'rewrite'>> = new Map([
  ['ACCEPT', 'accept'],
  ['DROP', 'drop'],
  ['REJECT', 'drop'],
  ['RETURN', 'return'],
  ['MASQUERADE', 'masquerade'],
]);

/** Targets of iptables' own that decide nothing. */
const EFFECT_TARGETS = new Set([
  'LOG',
  'NFLOG',
  'MARK',
  'CONNMARK',
  'TCPMSS',
  'TRACE',
  'CT',
  'TOS',
  'DSCP',
  'TTL',
  'HL',
]);
/** Targets of `nat` chains that give a packet another address or port. */
const REWRITING_TARGETS = new Set(['SNAT', 'DNAT', 'REDIRECT', 'NETMAP']);
/** Targets that leave it to somebody else. */
const OTHER_TARGETS = new Set(['QUEUE', 'NFQUEUE', 'TPROXY']);

/** What follows `-j` or `-g`: the target and its options. */
function takeTarget(option: string, [target = '', ...options]: readonly string[], draft: Draft): void {
  const kind = TARGETS.get(target);
  if (kind === 'masquerade') {
    const isFullyRandom = options.length === 1 && options[0] === '--random-fully';
    draft.verdict = { kind: isFullyRandom ? 'masquerade-fully-random' : 'masquerade' };
    if (!isFullyRandom) draft.effects.push(...options);
  } else if (kind !== undefined) {
    draft.verdict = { kind };
  } else if (REWRITING_TARGETS.has(target)) {
    draft.verdict = { kind: 'rewrite', text: [target, ...options].join(' ') };
  } else if (EFFECT_TARGETS.has(target)) {
    draft.effects.push(target, ...options);
  } else if (OTHER_TARGETS.has(target)) {
    draft.conditions.push(target, ...options); // whether and how it decides is not known
  } else {
    draft.verdict = { kind: option === '-g' ? 'goto' : 'jump', chain: target };
  }
}

/** An option with one value that {@link FirewallRule} has a word for; gives whether it was one. */
function takeOption({ option, value, isNegated }: Option, draft: Draft): boolean {
  switch (option) {
    case '-s':
      return draft.source === undefined && (draft.source = parseMatch(value, isNegated)) !== undefined;
    case '-d':
      return draft.destination === undefined && (draft.destination = parseMatch(value, isNegated)) !== undefined;
    case '--mark':
      return !isNegated && draft.mark === undefined && (draft.mark = parseMark(value)) !== undefined;
    case '--comment':
      draft.comment = value;
      return true;
    case '-m':
      return value === 'comment' || value === 'mark';
    default:
      return false;
  }
}

interface Option {
  readonly option: string;
  readonly value: string;
  readonly isNegated: boolean;
}

/** What follows the chain's name in `-A CHAIN …`. */
export function parseIptablesRule(words: readonly string[]): FirewallRule {
  const draft: Draft = {
    mark: undefined,
    source: undefined,
    destination: undefined,
    verdict: { kind: 'continue' },
    comment: undefined,
    conditions: [],
    effects: [],
  };
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (word === '-j' || word === '-g') {
      takeTarget(word, words.slice(at + 1), draft);
      break;
    }
    const isNegated = word === '!';
    const option = (isNegated ? words[at + 1] : word) ?? '';
    const valueAt = at + (isNegated ? 2 : 1);
    if (takeOption({ option, value: words[valueAt] ?? '', isNegated }, draft)) at = valueAt;
    else draft.conditions.push(word);
  }
  const { conditions, effects, ...rest } = draft;
  return {
    ...rest,
    otherConditions: conditions.length === 0 ? undefined : conditions.join(' '),
    otherEffects: effects.length === 0 ? undefined : effects.join(' '),
  };
}

function networkWords(option: '-s' | '-d', match: NetworkMatch | undefined): string[] {
  if (match === undefined) return [];
  return [...(match.isNegated ? ['!'] : []), option, formatCidr(match.network)];
}

const hex = (value: number): string => `0x${value.toString(16)}`;

function verdictWords(verdict: Verdict): string[] {
  switch (verdict.kind) {
    case 'jump':
      return ['-j', verdict.chain];
    case 'goto':
      return ['-g', verdict.chain];
    case 'masquerade-fully-random':
      return ['-j', 'MASQUERADE', '--random-fully'];
    case 'rewrite':
      return ['-j', verdict.text];
    case 'continue':
      return [];
    case 'accept':
    case 'drop':
    case 'return':
    case 'masquerade':
      return ['-j', verdict.kind.toUpperCase()];
  }
}

/** The rule as `iptables-save` prints and `iptables-restore` reads it, without `-A CHAIN`. */
export function formatIptablesRule(rule: FirewallRule): string {
  const { mark, source, destination, otherConditions, verdict, otherEffects, comment } = rule;
  const markMask = mark?.mask === 0xffff_ffff ? '' : `/${hex(mark?.mask ?? 0)}`;
  return [
    ...networkWords('-s', source),
    ...networkWords('-d', destination),
    ...(mark === undefined ? [] : ['-m', 'mark', '--mark', `${hex(mark.value)}${markMask}`]),
    ...(otherConditions === undefined ? [] : [otherConditions]),
    ...(comment === undefined ? [] : ['-m', 'comment', '--comment', `"${comment}"`]),
    ...verdictWords(verdict),
    ...(otherEffects === undefined ? [] : [otherEffects]),
  ].join(' ');
}
