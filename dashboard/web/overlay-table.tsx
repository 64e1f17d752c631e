import type { JSX } from 'preact';
import { Link } from 'wouter-preact';
import { FactTable, type FactColumn } from './fact-table.tsx';
import { columnByteUnit, formatCount, formatInUnit, formatNumber, formatSet, UNAVAILABLE } from './format.ts';
import { code, HostName, SubnetCell } from './host-cells.tsx';
import { formatFreshness } from './host-facts.ts';
import { HostMark } from './host-mark.tsx';
import type { HostRow } from './host-rows.ts';
import { HOST_ROWS } from './host-table.tsx';
import { containersOfHost } from './links.ts';
import { Meter } from './meter.tsx';

interface MeteredProps {
  readonly ratio: number;
  readonly used: string;
  /** With its unit. */
  readonly total: string;
}

function Metered({ ratio, used, total }: MeteredProps): JSX.Element {
  return (
    <span class="usage">
      <Meter ratio={ratio} />
      <span class="usage-value">{used}</span>
      <span class="usage-total">/ {total}</span>
    </span>
  );
}

/** Where a host is in the overlay, and how full it is. */
function overlayColumns(rows: readonly HostRow[]): readonly [FactColumn<HostRow>, ...FactColumn<HostRow>[]] {
  const unit = columnByteUnit(rows.map(({ host, value }) => host.memoryTotalBytes ?? value('memoryUsedBytes')));
  return [
    { header: 'Host', cell: (row) => <HostName host={row.host} /> },
    { header: 'State', cell: ({ host, ageMs }) => <HostMark state={host.state} ageMs={ageMs} /> },
    { header: 'Overlay subnet', cell: (row) => <SubnetCell host={row.host} /> },
    { header: 'Public IP', cell: ({ host }) => code(host.overlay?.publicIp) },
    { header: 'VTEP MAC', cell: ({ host }) => code(host.overlay?.vtepMac) },
    { header: 'VNI', numeric: true, cell: ({ host }) => host.overlay?.vni ?? UNAVAILABLE },
    { header: 'MTU', numeric: true, cell: ({ host }) => host.overlay?.mtu ?? UNAVAILABLE },
    {
      header: 'Containers',
      numeric: true,
      cell: ({ host }) => <Link href={containersOfHost(host.name)}>{formatCount(host.containers)}</Link>,
    },
    {
      header: 'CPU',
      cell: ({ host, value }) => (
        <Metered
          ratio={value('cpuCores') / (host.cpuCores ?? Number.NaN)}
          used={formatNumber(value('cpuCores'))}
          total={`${formatSet(host.cpuCores)} cores`}
        />
      ),
    },
    {
      header: 'Memory',
      cell: ({ host: { memoryTotalBytes = Number.NaN }, value }) => (
        <Metered
          ratio={value('memoryUsedBytes') / memoryTotalBytes}
          used={formatInUnit(value('memoryUsedBytes'), unit)}
          total={`${formatSet(memoryTotalBytes / unit.bytes)} ${unit.label}`}
        />
      ),
    },
    { header: 'Data', numeric: true, cell: ({ ageMs }) => formatFreshness(ageMs) },
  ];
}

/** Hosts with their overlay facts and their use of CPU and memory. */
export function OverlayTable({ rows }: { readonly rows: readonly HostRow[] }): JSX.Element {
  return <FactTable {...HOST_ROWS} columns={overlayColumns(rows)} rows={rows} />;
}
