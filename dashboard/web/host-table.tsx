import type { JSX } from 'preact';
import { Link } from 'wouter-preact';
import { alertsPage } from '../model/alert/alert-link.ts';
import { chosenClass, ChosenMark } from './chosen-mark.tsx';
import { FactTable, type FactColumn } from './fact-table.tsx';
import {
  columnByteUnit,
  formatCount,
  formatInUnit,
  formatNumber,
  formatSet,
  UNAVAILABLE,
  type ByteUnit,
} from './format.ts';
import { formatFreshness } from './host-facts.ts';
import { HostMark } from './host-mark.tsx';
import type { HostRow, HostSort } from './host-rows.ts';
import { containersOfHost, hostPage } from './links.ts';
import { Mark } from './mark.tsx';
import { Meter } from './meter.tsx';
import { HOLD_ORDER } from './order-pause.ts';

function SubnetCell({ host }: HostRow): JSX.Element {
  if (host.overlay === undefined) return <>{UNAVAILABLE}</>;
  return (
    <span class="marks">
      <code>{host.overlay.subnet}</code>
      {host.overlay.present === false ? <Mark kind="late">agent absent</Mark> : null}
    </span>
  );
}

function CpuCell({ host, value }: HostRow): JSX.Element {
  const cpuCores = value('cpuCores');
  return (
    <span class="usage">
      <Meter ratio={cpuCores / (host.cpuCores ?? Number.NaN)} />
      <span class="usage-value">{formatNumber(cpuCores)}</span>
      <span class="usage-total">/ {formatSet(host.cpuCores)} cores</span>
    </span>
  );
}

function MemoryCell({ row: { host, value }, unit }: { readonly row: HostRow; readonly unit: ByteUnit }): JSX.Element {
  const memoryUsedBytes = value('memoryUsedBytes');
  return (
    <span class="usage">
      <Meter ratio={memoryUsedBytes / (host.memoryTotalBytes ?? Number.NaN)} />
      <span class="usage-value">{formatInUnit(memoryUsedBytes, unit)}</span>
      <span class="usage-total">
        / {formatSet((host.memoryTotalBytes ?? Number.NaN) / unit.bytes)} {unit.label}
      </span>
    </span>
  );
}

const code = (text: string | undefined): JSX.Element | string =>
  text === undefined ? UNAVAILABLE : <code>{text}</code>;

type Column = FactColumn<HostRow>;

interface FlowProps {
  readonly one: number;
  readonly other: number;
  readonly unit: ByteUnit;
}

/** Received and sent, or read and written. */
function FlowCell({ one, other, unit }: FlowProps): JSX.Element {
  if (Number.isNaN(one) && Number.isNaN(other)) return <>{UNAVAILABLE}</>;
  return (
    <span class="usage">
      <span class="usage-value">{formatInUnit(one, unit)}</span>
      <span class="usage-total">/</span>
      <span class="usage-value">{formatInUnit(other, unit)}</span>
      <span class="usage-total">{unit.label}/s</span>
    </span>
  );
}

const HOST: Column = {
  header: 'Host',
  sortKey: 'name',
  cell: ({ host }) => (
    <span class="marks">
      <ChosenMark line={host.nodeId} />
      <Link href={hostPage(host.nodeId)}>{host.name}</Link>
    </span>
  ),
};
const STATE: Column = {
  header: 'State',
  sortKey: 'state',
  cell: ({ host, ageMs }) => <HostMark state={host.state} ageMs={ageMs} />,
};
const SUBNET: Column = { header: 'Overlay subnet', cell: (row) => <SubnetCell {...row} /> };
const MTU: Column = { header: 'MTU', numeric: true, cell: ({ host }) => host.overlay?.mtu ?? UNAVAILABLE };
const CONTAINERS: Column = {
  header: 'Containers',
  numeric: true,
  sortKey: 'containers',
  cell: ({ host }) => <Link href={containersOfHost(host.name)}>{formatCount(host.containers)}</Link>,
};
const CPU: Column = { header: 'CPU', sortKey: 'cpu', cell: (row) => <CpuCell {...row} /> };

/** One unit for all hosts, so that longer is more. */
function memoryColumn(rows: readonly HostRow[]): Column {
  const unit = columnByteUnit(rows.map(({ host, value }) => host.memoryTotalBytes ?? value('memoryUsedBytes')));
  return { header: 'Memory', sortKey: 'memory', cell: (row) => <MemoryCell row={row} unit={unit} /> };
}

type Flow = Parameters<HostRow['value']>[0];

function flowColumn(header: string, columns: readonly [one: Flow, other: Flow], rows: readonly HostRow[]): Column {
  const unit = columnByteUnit(rows.flatMap(({ value }) => columns.map((column) => value(column))));
  const [one, other] = columns;
  return { header, cell: ({ value }) => <FlowCell one={value(one)} other={value(other)} unit={unit} /> };
}

const AGE: Column = { header: 'Data', numeric: true, cell: ({ ageMs }) => formatFreshness(ageMs) };

/** On the overview: where a host is in the overlay, and how full it is. */
const overlayColumns = (rows: readonly HostRow[]): readonly [Column, ...Column[]] => [
  HOST,
  STATE,
  SUBNET,
  { header: 'Public IP', cell: ({ host }) => code(host.overlay?.publicIp) },
  { header: 'VTEP MAC', cell: ({ host }) => code(host.overlay?.vtepMac) },
  { header: 'VNI', numeric: true, cell: ({ host }) => host.overlay?.vni ?? UNAVAILABLE },
  MTU,
  CONTAINERS,
  CPU,
  memoryColumn(rows),
  AGE,
];

/** On the hosts' own page: what each does. */
const workColumns = (rows: readonly HostRow[]): readonly [Column, ...Column[]] => [
  HOST,
  STATE,
  {
    header: 'Alerts',
    numeric: true,
    sortKey: 'alerts',
    cell: ({ host, alerts }) =>
      alerts === 0 ? (
        '0'
      ) : (
        <Link href={alertsPage({ host: host.name })}>
          <Mark kind="critical">{formatCount(alerts)}</Mark>
        </Link>
      ),
  },
  CONTAINERS,
  CPU,
  {
    header: 'Load, 1 min',
    sortKey: 'load',
    cell: ({ host, value }) => (
      <span class="usage">
        <span class="usage-value">{formatNumber(value('load1'))}</span>
        <span class="usage-total">/ {formatSet(host.cpuCores)} cores</span>
      </span>
    ),
  },
  memoryColumn(rows),
  flowColumn('Disk read / written', ['diskReadBytesPerSecond', 'diskWriteBytesPerSecond'], rows),
  flowColumn('Network in / out', ['networkReceiveBytesPerSecond', 'networkTransmitBytesPerSecond'], rows),
  SUBNET,
  { header: 'Agent', cell: ({ host }) => code(host.agentVersion) },
];

const ROW_PROPS = {
  label: 'Hosts',
  keyOf: ({ host }: HostRow): string => host.nodeId,
  rowClass: ({ host }: HostRow): string =>
    `${host.state === 'stale' ? 'is-stale' : ''} ${chosenClass(host.nodeId)}`.trim(),
};

/** Hosts with their overlay facts and their use of CPU and memory. */
export function OverlayTable({ rows }: { readonly rows: readonly HostRow[] }): JSX.Element {
  return <FactTable {...ROW_PROPS} columns={overlayColumns(rows)} rows={rows} />;
}

interface HostTableProps {
  readonly rows: readonly HostRow[];
  readonly sort: HostSort;
  readonly onSort: (sort: string) => void;
}

/** Hosts with what they do, in an order that holds still under the pointer. */
export function HostTable({ rows, sort, onSort }: HostTableProps): JSX.Element {
  return (
    <div {...HOLD_ORDER}>
      <FactTable {...ROW_PROPS} columns={workColumns(rows)} rows={rows} sorting={{ ...sort, onSort }} />
    </div>
  );
}
