import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { alertsPage } from '../model/alert/alert-link.ts';
import { fieldTerm } from '../model/filter.ts';
import type { HostView } from '../wire.ts';
import { ChosenMark } from './chosen-mark.tsx';
import {
  formatCount,
  formatInUnit,
  formatNumber,
  formatRatio,
  formatSet,
  UNAVAILABLE,
  type ByteUnit,
} from './format.ts';
import { tagTexts, type HostRow } from './host-rows.ts';
import { hostPage, hostsWith } from './links.ts';
import { Mark } from './mark.tsx';
import { bandOf, Meter } from './meter.tsx';
import { Sparkline } from './sparkline.tsx';
import { hostCpuSeries, hostMemorySeries } from './sparkline-series.ts';
import { useSeries } from './use-series.ts';

/** A text of the machine's own. */
export const code = (text: string | undefined): JSX.Element | string =>
  text === undefined ? UNAVAILABLE : <code>{text}</code>;

export function HostName({ host }: Pick<HostRow, 'host'>): JSX.Element {
  return (
    <span class="marks">
      <ChosenMark line={host.nodeId} />
      <Link href={hostPage(host.nodeId)}>{host.name}</Link>
    </span>
  );
}

export function SubnetCell({ host }: Pick<HostRow, 'host'>): JSX.Element {
  if (host.overlay === undefined) return <>{UNAVAILABLE}</>;
  return (
    <span class="marks">
      <code>{host.overlay.subnet}</code>
      {host.overlay.present === false ? <Mark kind="late">agent absent</Mark> : null}
    </span>
  );
}

/** What its operator says of it, each with the way to all hosts of which that is said. */
export function LabelsCell({ host }: Pick<HostRow, 'host'>): JSX.Element {
  const tags = tagTexts(host);
  if (tags.length === 0) return <>{UNAVAILABLE}</>;
  return (
    <span class="host-labels">
      {tags.map((tag) => (
        <Link key={tag} href={hostsWith(fieldTerm('label', tag))}>
          {tag}
        </Link>
      ))}
    </span>
  );
}

/** Firing alerts, and the way to them. */
export function AlertsCell({ host, alerts }: Pick<HostRow, 'host' | 'alerts'>): JSX.Element {
  if (alerts === 0) return <>0</>;
  return (
    <Link href={alertsPage({ host: host.name })}>
      <Mark kind="critical">{formatCount(alerts)}</Mark>
    </Link>
  );
}

interface UsedProps {
  readonly used: string;
  readonly total: string;
}

/** Of a size that is known once: `3.1 / 8`. */
export function Used({ used, total }: UsedProps): JSX.Element {
  return (
    <span class="usage">
      <span class="usage-value">{used}</span>
      <span class="usage-total">/ {total}</span>
    </span>
  );
}

interface LineProps {
  readonly seriesOf: typeof hostCpuSeries;
  readonly host: HostView;
  readonly ceiling?: number;
}

/** A line draws itself: the same element is left alone when its row is made anew each second. */
function useLine({ seriesOf, host, ceiling = 0 }: LineProps): JSX.Element {
  const read = useSeries(seriesOf, host.nodeId);
  const frozen = host.state === 'stale';
  return useMemo(
    () => <Sparkline width={48} height={20} ceiling={ceiling} {...{ read, frozen }} />,
    [read, frozen, ceiling],
  );
}

/** Cores in use and the last minutes of them. */
export function CpuCell({ host, value }: HostRow): JSX.Element {
  const cores = value('cpuCores');
  const total = host.cpuCores ?? Number.NaN;
  return (
    <span class="usage host-usage">
      {useLine({ seriesOf: hostCpuSeries, host, ceiling: total / 10 || 0 })}
      <Meter ratio={cores / total} />
      <Used used={formatNumber(cores)} total={formatSet(host.cpuCores)} />
    </span>
  );
}

interface InUnit {
  readonly row: HostRow;
  readonly unit: ByteUnit;
}

/** Memory in use and the last minutes of it. */
export function MemoryCell({ row: { host, value }, unit }: InUnit): JSX.Element {
  const used = value('memoryUsedBytes');
  const total = host.memoryTotalBytes ?? Number.NaN;
  return (
    <span class="usage host-usage spark-memory">
      {useLine({ seriesOf: hostMemorySeries, host })}
      <Meter ratio={used / total} />
      <Used used={formatInUnit(used, unit)} total={formatSet(total / unit.bytes)} />
    </span>
  );
}

export function SwapCell({ row: { value }, unit }: InUnit): JSX.Element {
  const [used, total] = [value('swapUsedBytes'), value('swapTotalBytes')];
  if (total === 0) return <span class="muted">none</span>;
  if (Number.isNaN(total)) return <>{UNAVAILABLE}</>;
  return <Used used={formatInUnit(used, unit)} total={formatSet(total / unit.bytes)} />;
}

interface MountProps {
  readonly ratio: number;
  /** Where it is mounted, as far as that is told. */
  readonly mount: string | undefined;
}

/** The fullest file system: how full, and where. */
export function MountCell({ ratio, mount }: MountProps): JSX.Element {
  if (Number.isNaN(ratio)) return <>{UNAVAILABLE}</>;
  return (
    <span class="usage">
      <span class={`usage-value usage-band band-${bandOf(ratio)}`}>{formatRatio(ratio)}</span>
      {mount === undefined ? null : (
        <code class="mount" title={mount}>
          {mount}
        </code>
      )}
    </span>
  );
}

interface FlowProps {
  readonly one: number;
  readonly other: number;
  readonly unit: ByteUnit;
}

/** Received and sent, or read and written. */
export function FlowCell({ one, other, unit }: FlowProps): JSX.Element {
  if (Number.isNaN(one) && Number.isNaN(other)) return <>{UNAVAILABLE}</>;
  return (
    <span class="usage">
      <span class="usage-value">{formatInUnit(one, unit)}</span>
      <span class="usage-total">/</span>
      <span class="usage-value">{formatInUnit(other, unit)}</span>
    </span>
  );
}
