import type { ComponentChildren } from 'preact';
import { Link } from 'wouter-preact';
import type { HostViewColumn } from '../view-wire.ts';
import { nowUnixMs } from './clock.ts';
import type { ColumnSet } from './column-choice.ts';
import type { FactColumn } from './fact-table.tsx';
import {
  columnByteUnit,
  formatAge,
  formatCount,
  formatInUnit,
  formatNumber,
  formatSet,
  type ByteUnit,
} from './format.ts';
import {
  AlertsCell,
  code,
  CpuCell,
  FlowCell,
  HostName,
  LabelsCell,
  MemoryCell,
  MountCell,
  SubnetCell,
  SwapCell,
  Used,
} from './host-cells.tsx';
import { formatFreshness } from './host-facts.ts';
import { sumKnown, usedOf } from './host-groups.ts';
import { HostMark } from './host-mark.tsx';
import type { HostRow, HostSortKey } from './host-rows.ts';
import { containersOfHost } from './links.ts';

/** A column of the hosts' own page by its name; what is in it depends on the rows' units. */
interface NamedColumn {
  readonly key: HostSortKey;
  readonly header: string;
}

/** Left to right. */
const ALL: readonly [NamedColumn, ...NamedColumn[]] = [
  { key: 'name', header: 'Host' },
  { key: 'state', header: 'State' },
  { key: 'labels', header: 'Labels' },
  { key: 'alerts', header: 'Alerts' },
  { key: 'containers', header: 'Containers' },
  { key: 'cpu', header: 'CPU' },
  { key: 'load', header: 'Load' },
  { key: 'memory', header: 'Memory' },
  { key: 'swap', header: 'Swap' },
  { key: 'mount', header: 'Fullest mount' },
  { key: 'disk', header: 'Disk' },
  { key: 'network', header: 'Network' },
  { key: 'subnet', header: 'Overlay subnet' },
  { key: 'uptime', header: 'Uptime' },
  { key: 'kernel', header: 'Kernel' },
  { key: 'agent', header: 'Agent' },
  { key: 'data', header: 'Data' },
];

const USUAL: ReadonlySet<string> = new Set<HostSortKey>([
  'name',
  'state',
  'alerts',
  'containers',
  'cpu',
  'load',
  'memory',
  'swap',
  'mount',
  'disk',
  'network',
  'subnet',
]);

export const HOST_COLUMNS: ColumnSet<NamedColumn> = { all: ALL, usual: USUAL };

type Column = Omit<FactColumn<HostRow>, 'header' | 'sortKey'>;

const numeric = (column: Omit<Column, 'numeric'>): Column => ({ ...column, numeric: true });

type Sizes = readonly [used: (row: HostRow) => number, total: (row: HostRow) => number];

const CPU: Sizes = [({ value }) => value('cpuCores'), ({ host }) => host.cpuCores ?? Number.NaN];
const MEMORY: Sizes = [({ value }) => value('memoryUsedBytes'), ({ host }) => host.memoryTotalBytes ?? Number.NaN];
const SWAP: Sizes = [({ value }) => value('swapUsedBytes'), ({ value }) => value('swapTotalBytes')];

/** The last size of a row that is known decides; what is used of none stands in for it. */
const unitOf = (rows: readonly HostRow[], [used, total]: Sizes): ByteUnit =>
  columnByteUnit(rows.map((row) => total(row) || used(row)));

function bytesTotal(sizes: Sizes, unit: ByteUnit): (rows: readonly HostRow[]) => ComponentChildren {
  return (rows) => {
    const { used, total } = usedOf(rows, sizes);
    return <Used used={formatInUnit(used, unit)} total={formatSet(total / unit.bytes)} />;
  };
}

function flow(
  rows: readonly HostRow[],
  columns: readonly [one: HostViewColumn, other: HostViewColumn],
  ways: string,
): Column {
  const [one, other] = columns;
  const unit = columnByteUnit(rows.flatMap(({ value }) => [value(one), value(other)]));
  const sum = (members: readonly HostRow[], column: HostViewColumn): number =>
    sumKnown(members.map(({ value }) => value(column)));
  return numeric({
    unit: `${unit.label}/s, ${ways}`,
    cell: ({ value }) => <FlowCell one={value(one)} other={value(other)} unit={unit} />,
    total: (members) => <FlowCell one={sum(members, one)} other={sum(members, other)} unit={unit} />,
  });
}

/** What a group's members have of their fullest: the worst of them. */
function worstMount(rows: readonly HostRow[]): ComponentChildren {
  const known = rows.filter(({ value }) => !Number.isNaN(value('fullestUsedRatio')));
  const worst = known.toSorted((a, b) => b.value('fullestUsedRatio') - a.value('fullestUsedRatio'))[0];
  return <MountCell ratio={worst?.value('fullestUsedRatio') ?? Number.NaN} mount={worst?.host.fullestMount} />;
}

const cpuTotal = (rows: readonly HostRow[]): ComponentChildren => {
  const { used, total } = usedOf(rows, CPU);
  return <Used used={formatNumber(used)} total={formatSet(total)} />;
};

/** What is in the columns. One unit for all hosts, so that longer is more. */
function contents(rows: readonly HostRow[]): Readonly<Record<HostSortKey, Column>> {
  const [memory, swap] = [unitOf(rows, MEMORY), unitOf(rows, SWAP)];
  return {
    name: { cell: (row) => <HostName host={row.host} /> },
    state: { cell: ({ host, ageMs }) => <HostMark state={host.state} ageMs={ageMs} /> },
    labels: { cell: ({ host }) => <LabelsCell host={host} /> },
    alerts: numeric({
      cell: (row) => <AlertsCell {...row} />,
      total: (members) => formatCount(sumKnown(members.map(({ alerts }) => alerts))),
    }),
    containers: numeric({
      cell: ({ host }) => <Link href={containersOfHost(host.name)}>{formatCount(host.containers)}</Link>,
      total: (members) => formatCount(sumKnown(members.map(({ host }) => host.containers))),
    }),
    cpu: numeric({ unit: 'cores', cell: (row) => <CpuCell {...row} />, total: cpuTotal }),
    load: numeric({
      unit: '1 min',
      cell: ({ host, value }) => <Used used={formatNumber(value('load1'))} total={formatSet(host.cpuCores)} />,
    }),
    memory: numeric({
      unit: memory.label,
      cell: (row) => <MemoryCell row={row} unit={memory} />,
      total: bytesTotal(MEMORY, memory),
    }),
    swap: numeric({
      unit: swap.label,
      cell: (row) => <SwapCell row={row} unit={swap} />,
      total: bytesTotal(SWAP, swap),
    }),
    mount: {
      unit: '% used',
      largestFirst: true,
      cell: ({ host, value }) => <MountCell ratio={value('fullestUsedRatio')} mount={host.fullestMount} />,
      total: worstMount,
    },
    disk: flow(rows, ['diskReadBytesPerSecond', 'diskWriteBytesPerSecond'], 'r / w'),
    network: flow(rows, ['networkReceiveBytesPerSecond', 'networkTransmitBytesPerSecond'], 'in / out'),
    subnet: { cell: (row) => <SubnetCell host={row.host} /> },
    uptime: numeric({
      cell: ({ host }) =>
        formatAge(host.bootTimeUnixMs === undefined ? undefined : nowUnixMs.value - host.bootTimeUnixMs),
    }),
    kernel: { cell: ({ host }) => code(host.kernel) },
    agent: { cell: ({ host }) => code(host.agentVersion) },
    data: numeric({ unit: 'age', cell: ({ ageMs }) => formatFreshness(ageMs) }),
  };
}

/** The chosen columns, with their units by the rows that are shown. */
export function hostColumns(
  chosen: readonly NamedColumn[],
  rows: readonly HostRow[],
): readonly [FactColumn<HostRow>, ...FactColumn<HostRow>[]] {
  const filled = contents(rows);
  const columnOf = ({ key, header }: NamedColumn): FactColumn<HostRow> => ({ ...filled[key], header, sortKey: key });
  const [naming] = ALL;
  return [columnOf(naming), ...chosen.filter(({ key }) => key !== naming.key).map(columnOf)];
}
