import type { LeaseListing, LeaseRow, ReservationRow } from '../model/lease-row.ts';
import type { FlannelPresence } from '../presence-wire.ts';
import type { Output } from './command.ts';
import { countText, durationText, fieldLines, tableLines, wrapText, type Column } from './table.ts';

type TextOutput = Pick<Output, 'width' | 'paint'>;

const OWNER_STYLES = { alive: 'green', gone: 'yellow', unknown: undefined, reservation: 'dim' } as const;

/** `web1`, `node 8a4f1c20`, `flanneld`. */
function ownerText({ hostname, nodeId, owner }: LeaseRow): string {
  if (hostname !== undefined) return hostname;
  if (nodeId !== undefined) return `node ${nodeId.slice(0, 8)}, gone`;
  return owner === 'reservation' ? 'reserved' : 'flanneld';
}

function leftText({ secondsLeft, etcdLeaseId }: LeaseRow): string {
  if (etcdLeaseId === undefined) return 'for ever';
  return secondsLeft === undefined ? 'run out' : durationText(secondsLeft);
}

const addressText = ({ publicIp, publicIpv6 }: LeaseRow): string => publicIp ?? publicIpv6 ?? '';

const LEASES: readonly Column<LeaseRow>[] = [
  { title: 'SUBNET', value: ({ subnets }) => subnets.join(' ') },
  { title: 'HOST', value: addressText },
  { title: 'OWNER', value: ownerText },
  { title: 'BACKEND', value: ({ backend }) => backend ?? '' },
  { title: 'LEFT', value: leftText },
];

const RESERVATIONS: readonly Column<ReservationRow>[] = [
  { title: 'RESERVED', value: ({ subnets }) => subnets.join(' ') },
  { title: 'FOR', value: (row) => row.for },
  { title: 'NOTE', value: ({ note }) => note ?? '' },
];

function countsText({ counts }: LeaseListing): string {
  const families = Object.entries(counts).map(([family, { free, total }]) => {
    const name = family === 'ipv6' ? 'IPv6 subnets' : 'subnets';
    return `${free} of ${total} ${name} free`;
  });
  return families.length === 0 ? '' : `, ${families.join(', ')}`;
}

/** The leases as a table, then their number and what is free, then what is wrong. */
export function leaseLines(listing: LeaseListing, { width, paint }: TextOutput): string[] {
  const { leases, problems } = listing;
  const table = tableLines(leases, LEASES, width);
  const rows = leases.flatMap(({ owner }, index) => {
    const style = OWNER_STYLES[owner];
    return (table.rows[index] ?? []).map((line) => (style === undefined ? line : paint(style, line)));
  });
  return [
    ...(leases.length === 0 ? [] : [paint('bold', table.header), ...rows]),
    ...wrapText(`${countText(leases.length, 'lease')}${countsText(listing)}`, width),
    ...problems.flatMap((problem) => wrapText(problem, width).map((line) => paint('yellow', line))),
  ];
}

export function reservationLines({ reservations }: LeaseListing, { width, paint }: TextOutput): string[] {
  if (reservations.length === 0) return [];
  const table = tableLines(reservations, RESERVATIONS, width);
  return ['', paint('bold', table.header), ...table.rows.flat()];
}

export type LeaseDetails = LeaseRow & { readonly value: string; readonly agent: FlannelPresence | undefined };

const OWNER_TEXTS = {
  alive: 'its agent lives',
  gone: 'its agent shows no sign of life',
  unknown: "not weft's: whether its host runs cannot be seen",
  reservation: 'reserved: no host',
} as const;

/** Everything about one lease, a field a line. */
export function leaseFields(details: LeaseDetails, { width }: TextOutput): string[] {
  const { subnets, publicIp, publicIpv6, backend, nodeId, hostname, owner, key, revision, etcdLeaseId, value } =
    details;
  const { agent } = details;
  const fields: [string, string | undefined][] = [
    ['subnet', subnets.join(' and ')],
    ['host', [hostname, publicIp, publicIpv6].filter((part) => part !== undefined).join(', ')],
    ['node', nodeId],
    ['owner', OWNER_TEXTS[owner]],
    ['backend', backend ?? 'none'],
    ['left', leftText(details)],
    ['agent', agent && `weft ${agent.version}, pid ${agent.pid}, MTU ${agent.mtu}`],
    ['key', key],
    ['revision', revision],
    ['lease id', etcdLeaseId],
    ['value', value],
  ];
  return fields.flatMap(([label, text]) => (text === undefined ? [] : fieldLines(label, text, width)));
}
