import type { PacketRoute } from '../io/packet-way.ts';
import type { ChainTrace, NatTrace, TraceStep } from '../model/firewall-trace.ts';
import type { Output } from './command.ts';
import { fieldLines, tableLines, type Column } from './table.ts';

/** All that is known of one packet, addresses as texts. */
export interface NatAnswer {
  readonly source: { readonly address: string; readonly place: string | undefined };
  readonly destination: { readonly address: string; readonly place: string | undefined };
  readonly route: PacketRoute;
  readonly trace: NatTrace;
}

interface Row {
  readonly hook: string;
  readonly owner: string;
  readonly chain: string;
  readonly rule: string;
  readonly verdict: string;
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'HOOK', value: ({ hook }) => hook },
  { title: 'OF', value: ({ owner }) => owner },
  { title: 'CHAIN', value: ({ chain }) => chain },
  { title: 'RULE', value: ({ rule }) => rule },
  { title: 'VERDICT', value: ({ verdict }) => verdict },
];

const stepRow = ({ part, owner, table, chain, ruleNumber, rule, verdict, certainty }: TraceStep): Row => ({
  hook: part,
  owner,
  chain: `${table} ${chain}`,
  rule: `${ruleNumber}: ${rule}`,
  verdict: certainty === 'hits' ? verdict : `may ${verdict}`,
});

/** The rules that count, and the policy where it does. */
function rowsOf({ part, owner, table, chain, policy, steps, outcomes }: ChainTrace): Row[] {
  const rows = steps.map(stepRow);
  const isSilent = owner !== 'weft' || rows.length > 0;
  if (!outcomes.includes(policy) || (policy === 'accept' && isSilent)) return rows;
  return [...rows, { hook: part, owner, chain: `${table} ${chain}`, rule: 'no rule: policy', verdict: policy }];
}

const SOURCE_WORDS: Readonly<Record<NatTrace['source'], string>> = {
  kept: 'stays as it is',
  masqueraded: 'becomes the address of the interface that it leaves by',
  rewritten: 'becomes another address',
  unknown: 'may become another: that depends on more than addresses and interfaces',
};

const FORWARD_WORDS: Readonly<Record<NatTrace['forward'], string>> = {
  accepted: 'accepted',
  dropped: 'dropped',
  unknown: 'may be dropped: that depends on more than addresses and interfaces',
};

function routeText({ kind, way }: PacketRoute): string {
  const [input, output] = [way.input ?? 'an interface that is not known', way.output ?? ''];
  switch (kind) {
    case 'through':
      return `comes by ${input}, leaves by ${output}`;
    case 'from-here':
      return `sent by this host, leaves by ${output}`;
    case 'to-here':
      return 'taken by this host itself: neither forwarded nor masqueraded';
    case 'nowhere':
      return 'this host has no route to the destination';
  }
}

/** Of a packet that this host does not forward no forward chain sees anything. */
export function chainsAsked({ route, trace }: NatAnswer): readonly ChainTrace[] {
  if (route.kind === 'to-here' || route.kind === 'nowhere') return [];
  return trace.chains.filter(({ part }) => part === 'postrouting' || route.kind === 'through');
}

/** The answer for a person, in lines of at most `width` characters. */
export function traceLines(answer: NatAnswer, { width, paint }: Pick<Output, 'width' | 'paint'>): string[] {
  const { route, trace } = answer;
  const end = ({ address, place }: NatAnswer['source']): string =>
    place === undefined ? address : `${address}, ${place}`;
  const field = (label: string, text: string): string[] => fieldLines(label, text, width);
  const head = [
    ...field('from', end(answer.source)),
    ...field('to', end(answer.destination)),
    ...field('way', routeText(route)),
  ];
  const rows = chainsAsked(answer).flatMap(rowsOf);
  if (route.kind === 'to-here' || route.kind === 'nowhere') return head;
  const table = tableLines(rows, COLUMNS, width);
  const isThrough = route.kind === 'through';
  const isDropped = isThrough && trace.forward === 'dropped';
  const source = `${SOURCE_WORDS[trace.source]}${isDropped ? ', were it not dropped' : ''}`;
  return [
    ...head,
    ...(rows.length === 0 ? [] : ['', paint('bold', table.header), ...table.rows.flat()]),
    '',
    ...field('forward', isThrough ? FORWARD_WORDS[trace.forward] : 'not asked').map((line) =>
      isDropped ? paint('red', line) : line,
    ),
    ...field('source', source),
  ];
}
