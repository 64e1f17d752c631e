import { isObject, type JsonObject } from './config-fields.ts';

/** The interfaces that a packet comes by and leaves by; `undefined` is not known. */
export interface PacketWay {
  readonly input: string | undefined;
  readonly output: string | undefined;
}

/** Met, not met, or not to be told from addresses and interfaces. */
type Truth = boolean | undefined;

const not = (truth: Truth): Truth => (truth === undefined ? undefined : !truth);

function all(parts: readonly Truth[]): Truth {
  if (parts.includes(false)) return false;
  return parts.includes(undefined) ? undefined : true;
}

/** `eth0`, or `veth+` and `veth*` for every name that begins so. */
function isNamed(pattern: string, name: string | undefined): Truth {
  if (name === undefined) return undefined;
  return /[+*]$/.test(pattern) ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

/** The packet that is asked about is the first of its connection: only that one comes to the rules of `nat`. */
const holdsNew = (states: readonly string[]): boolean => states.some((state) => state.toLowerCase() === 'new');

/** Modules whose options follow; they say nothing by themselves. */
const STATE_MODULES = new Set(['conntrack', 'state']);

function iptablesOption(option: string, value: string, way: PacketWay): Truth | 'unknown option' {
  switch (option) {
    case '-i':
      return isNamed(value, way.input);
    case '-o':
      return isNamed(value, way.output);
    case '--ctstate':
    case '--state':
      return holdsNew(value.split(','));
    case '-m':
      return STATE_MODULES.has(value) ? true : undefined;
    default:
      return 'unknown option';
  }
}

function iptablesConditions(text: string, way: PacketWay): Truth {
  const words = text.split(' ');
  const parts: Truth[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const isNegated = words[at] === '!';
    if (isNegated) at += 1;
    const truth = iptablesOption(words[at] ?? '', words[at + 1] ?? '', way);
    if (truth === 'unknown option') {
      parts.push(undefined);
      continue;
    }
    parts.push(isNegated ? not(truth) : truth);
    at += 1;
  }
  return all(parts);
}

const asList = (value: unknown): readonly unknown[] => {
  const inner = isObject(value) && Array.isArray(value['set']) ? value['set'] : value;
  return Array.isArray(inner) ? (inner as readonly unknown[]) : [inner];
};

const keyOf = (left: unknown, of: 'meta' | 'ct'): unknown =>
  isObject(left) && isObject(left[of]) ? left[of]['key'] : undefined;

const INTERFACE = /^[io]if(?:name)?$/;

function nftMatch({ op, left, right }: JsonObject, way: PacketWay): Truth {
  const values = asList(right).map(String);
  const name = { iifname: way.input, oifname: way.output, iif: way.input, oif: way.output }[
    String(keyOf(left, 'meta'))
  ];
  const isInterface = INTERFACE.test(String(keyOf(left, 'meta')));
  let truth: Truth;
  if (isInterface) truth = name === undefined ? undefined : values.some((value) => isNamed(value, name) === true);
  else if (keyOf(left, 'ct') === 'state') truth = holdsNew(values);
  return op === '!=' ? not(truth) : truth;
}

function parsed(piece: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(piece);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Conditions as `parseNftRule` keeps them: JSON texts, which have no blanks between their signs, and names of iptables' matches. */
const piecesOf = (text: string): string[] => text.split(/(?<=\}) | (?=\{")/);

/** Whether a new connection's packet meets the conditions that a rule has beside addresses and mark. */
export function conditionsMet(text: string, way: PacketWay): Truth {
  if (!text.includes('{"')) return iptablesConditions(text, way);
  return all(
    piecesOf(text).map((piece) => {
      const match = parsed(piece)?.['match'];
      return isObject(match) ? nftMatch(match, way) : undefined;
    }),
  );
}

function valueText(value: unknown): string {
  if (!isObject(value)) return String(value);
  const { prefix, range, set } = value;
  if (isObject(prefix)) return `${String(prefix['addr'])}/${String(prefix['len'])}`;
  if (Array.isArray(range)) return range.map(valueText).join('-');
  if (Array.isArray(set)) return `{ ${set.map(valueText).join(', ')} }`;
  return JSON.stringify(value);
}

function leftText(left: unknown): string {
  if (!isObject(left)) return JSON.stringify(left);
  const { meta, ct, payload } = left;
  if (isObject(meta)) return INTERFACE.test(String(meta['key'])) ? String(meta['key']) : `meta ${String(meta['key'])}`;
  if (isObject(ct)) return `ct ${String(ct['key'])}`;
  if (isObject(payload)) return `${String(payload['protocol'])} ${String(payload['field'])}`;
  return JSON.stringify(left);
}

/** What else a rule asks or does, in nft's words; of what has no short form only the name. */
export function conditionsText(text: string): string {
  if (!text.includes('{"')) return text;
  return piecesOf(text)
    .map((piece) => {
      const statement = parsed(piece);
      const { match, vmap } = statement ?? {};
      if (isObject(vmap)) return `${leftText(vmap['key'])} vmap { … }`;
      if (!isObject(match)) return statement === undefined ? piece : `${Object.keys(statement).join(' ')} …`;
      const operator = match['op'] === '!=' ? '!= ' : '';
      return `${leftText(match['left'])} ${operator}${valueText(match['right'])}`;
    })
    .join(' ');
}
