import type { JSX } from 'preact';
import { Link } from 'wouter-preact';
import type { HostState, HostView } from '../wire.ts';
import { nowUnixMs } from './clock.ts';
import { valueAt } from './columns.ts';
import { FactTable, type FactColumn } from './fact-table.tsx';
import { columnByteUnit, formatCount, formatInUnit, formatNumber, formatSet, UNAVAILABLE } from './format.ts';
import { formatFreshness, hostDataAgeMs } from './host-facts.ts';
import { containersOfHost } from './links.ts';
import { Mark, type MarkKind } from './mark.tsx';
import { Meter } from './meter.tsx';
import { hosts, lastFrame } from './store.ts';

interface Row {
  readonly host: HostView;
  readonly cpuCores: number;
  readonly memoryUsedBytes: number;
  readonly ageMs: number | undefined;
}

const MARK: Readonly<Record<HostState, MarkKind>> = { live: 'ok', late: 'late', stale: 'stale' };

function StateCell({ host, ageMs }: Row): JSX.Element {
  return (
    <Mark kind={MARK[host.state]}>
      {host.state}
      {host.state === 'live' || ageMs === undefined ? null : ` ${formatFreshness(ageMs)}`}
    </Mark>
  );
}

function SubnetCell({ host }: Row): JSX.Element {
  if (host.overlay === undefined) return <>{UNAVAILABLE}</>;
  return (
    <span class="marks">
      <code>{host.overlay.subnet}</code>
      {host.overlay.present === false ? <Mark kind="late">agent absent</Mark> : null}
    </span>
  );
}

function CpuCell({ host, cpuCores }: Row): JSX.Element {
  return (
    <span class="usage">
      <Meter ratio={cpuCores / (host.cpuCores ?? Number.NaN)} />
      <span class="usage-value">{formatNumber(cpuCores)}</span>
      <span class="usage-total">/ {formatSet(host.cpuCores)} cores</span>
    </span>
  );
}

function MemoryCell({ host, memoryUsedBytes }: Row): JSX.Element {
  const unit = columnByteUnit([host.memoryTotalBytes ?? memoryUsedBytes]);
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

const COLUMNS: readonly [FactColumn<Row>, ...FactColumn<Row>[]] = [
  { header: 'Host', cell: ({ host }) => <Link href={containersOfHost(host.name)}>{host.name}</Link> },
  { header: 'State', cell: (row) => <StateCell {...row} /> },
  { header: 'Overlay subnet', cell: (row) => <SubnetCell {...row} /> },
  { header: 'Public IP', cell: ({ host }) => code(host.overlay?.publicIp) },
  { header: 'VTEP MAC', cell: ({ host }) => code(host.overlay?.vtepMac) },
  { header: 'VNI', numeric: true, cell: ({ host }) => host.overlay?.vni ?? UNAVAILABLE },
  { header: 'MTU', numeric: true, cell: ({ host }) => host.overlay?.mtu ?? UNAVAILABLE },
  { header: 'Containers', numeric: true, cell: ({ host }) => formatCount(host.containers) },
  { header: 'CPU', cell: (row) => <CpuCell {...row} /> },
  { header: 'Memory', cell: (row) => <MemoryCell {...row} /> },
  { header: 'Data', numeric: true, cell: ({ ageMs }) => formatFreshness(ageMs) },
];

/** Every host with its overlay facts and its use of CPU and memory. */
export function HostTable(): JSX.Element {
  const frame = lastFrame.value;
  const rows = hosts.value.map((host, row) => ({
    host,
    cpuCores: valueAt(frame?.hosts, 'cpuCores', row),
    memoryUsedBytes: valueAt(frame?.hosts, 'memoryUsedBytes', row),
    ageMs: hostDataAgeMs(host, frame?.timeUnixMs, nowUnixMs.value),
  }));
  return (
    <FactTable
      label="Hosts"
      columns={COLUMNS}
      rows={rows}
      keyOf={({ host }) => host.nodeId}
      rowClass={({ host }) => (host.state === 'stale' ? 'is-stale' : '')}
    />
  );
}
