import type { PeerStatus } from '../status-wire.ts';
import { CommandError, type Command, type Output } from './command.ts';
import { askAgent } from './status.ts';
import { countText, tableLines, wrapText, type Column } from './table.ts';

const STYLES = { programmed: 'green', pending: 'dim', failed: 'red', held: 'yellow' } as const;
const STATES = Object.keys(STYLES);

/** A line for each family of a peer; what both share is in the first. */
interface PeerRow {
  readonly peer: PeerStatus;
  readonly subnet: string;
  readonly isFirst: boolean;
}

const hostOf = ({ peer, subnet }: PeerRow): string =>
  (subnet.includes(':') ? peer.publicIpv6 : peer.publicIp) ?? peer.publicIp ?? '';

const keyOf = ({ peer, subnet }: PeerRow): string =>
  (subnet.includes(':') ? peer.vtepMacIpv6 : peer.vtepMac) ?? peer.publicKey ?? '';

const COLUMNS: readonly Column<PeerRow>[] = [
  { title: 'SUBNET', value: ({ subnet }) => subnet },
  { title: 'HOST', value: hostOf },
  { title: 'VIA', value: ({ peer, isFirst }) => (isFirst ? peer.via : '') },
  { title: 'MAC OR KEY', value: keyOf },
  { title: 'STATE', value: ({ peer, isFirst }) => (isFirst ? peer.state : '') },
];

/** The peers as a table of at most `width` columns; what is wrong with one stands below it. */
export function peerLines(peers: readonly PeerStatus[], { width, paint }: Pick<Output, 'width' | 'paint'>): string[] {
  const rows = peers.flatMap((peer) =>
    peer.subnets.map((subnet, index): PeerRow => ({ peer, subnet, isFirst: index === 0 })),
  );
  const table = tableLines(rows, COLUMNS, width);
  const lines = rows.flatMap(({ peer, subnet }, index) => {
    const style = STYLES[peer.state];
    const isLast = subnet === peer.subnets.at(-1);
    const error = peer.error === undefined || !isLast ? [] : wrapText(peer.error, width - 2).map((text) => `  ${text}`);
    return [...(table.rows[index] ?? []), ...error].map((line) => paint(style, line));
  });
  return [paint('bold', table.header), ...lines];
}

function wantedState(state: unknown): string | undefined {
  if (state === undefined) return undefined;
  if (typeof state === 'string' && STATES.includes(state)) return state;
  throw new CommandError(`--state: expected one of ${STATES.join(', ')}, got ${JSON.stringify(state)}`, 2);
}

/** `weft peers`: every host that this one has to reach, and whether it can. */
export const peersCommand: Command = async ({ input, output }) => {
  const wanted = wantedState(input.flags['state']);
  const { peers } = await askAgent(input);
  const list = (peers.list ?? []).filter(({ state }) => wanted === undefined || state === wanted);
  if (input.flags['json'] === true) {
    output.json(list);
    return 0;
  }
  if (list.length > 0) for (const line of peerLines(list, output)) output.line(line);
  output.line(countText(list.length, wanted === undefined ? 'peer' : `${wanted} peer`));
  return 0;
};
