import type { ComponentChildren, JSX } from 'preact';
import { Link } from 'wouter-preact';
import type { HostState, HostView } from '../../wire.ts';
import { formatCount, formatInUnit, formatNumber, columnByteUnit, formatRatio, formatSet } from '../format.ts';
import { clusterUsage, CPU_USAGE, MEMORY_USAGE, type Usage } from '../host-facts.ts';
import { containersWith } from '../links.ts';
import { Mark, type MarkKind } from '../mark.tsx';
import { Sparkline } from '../sparkline.tsx';
import { CLUSTER_CPU, CLUSTER_MEMORY, clusterHistory } from '../sparkline-series.ts';
import { alerts, hosts, lastFrame } from '../store.ts';

interface TileProps {
  readonly title: string;
  readonly href: string;
  readonly value: ComponentChildren;
  readonly children: ComponentChildren;
  readonly chart?: JSX.Element;
}

function Tile({ title, href, value, children, chart }: TileProps): JSX.Element {
  return (
    <Link href={href} class="tile">
      <span class="tile-title">{title}</span>
      <span class="tile-value">{value}</span>
      <span class="tile-detail">{children}</span>
      {chart ?? null}
    </Link>
  );
}

const HOST_MARK: Readonly<Record<HostState, MarkKind>> = { live: 'ok', late: 'late', stale: 'stale' };
const HOST_STATES = ['live', 'late', 'stale'] as const;

function HostsTile(): JSX.Element {
  const counts = HOST_STATES.map((state) => ({
    state,
    count: hosts.value.filter((host) => host.state === state).length,
  }));
  return (
    <Tile title="Hosts" href="/hosts" value={formatCount(hosts.value.length)}>
      {counts
        .filter(({ state, count }) => count > 0 || state === 'live')
        .map(({ state, count }) => (
          <Mark key={state} kind={count === 0 ? 'off' : HOST_MARK[state]}>
            {count} {state}
          </Mark>
        ))}
    </Tile>
  );
}

function ContainersTile(): JSX.Element {
  const count = (known: readonly HostView[]): number => known.reduce((sum, host) => sum + host.containers, 0);
  const [total, stale] = [count(hosts.value), count(hosts.value.filter((host) => host.state === 'stale'))];
  return (
    <Tile title="Containers" href="/containers" value={formatCount(total)}>
      <Mark kind={stale === total ? 'off' : 'ok'}>{formatCount(total - stale)} running</Mark>
      {stale > 0 ? <Mark kind="stale">{formatCount(stale)} stale</Mark> : null}
    </Tile>
  );
}

function AlertsTile(): JSX.Element {
  const count = (state: string): number => alerts.value.filter((alert) => alert.state === state).length;
  const [firing, pending] = [count('firing') + count('recovering'), count('pending')];
  return (
    <Tile title="Alerts" href="/alerts" value={formatCount(firing + pending)}>
      {firing > 0 ? <Mark kind="critical">{firing} firing</Mark> : null}
      {pending > 0 ? <Mark kind="pending">{pending} pending</Mark> : null}
      {firing + pending === 0 ? <Mark kind="resolved">all quiet</Mark> : null}
    </Tile>
  );
}

function UsageValue({ used, total, unit }: { used: string; total: string; unit: string }): JSX.Element {
  return (
    <>
      {used}
      <span class="tile-total">
        {' '}
        / {total} {unit}
      </span>
    </>
  );
}

const readCpu = (): ReturnType<typeof clusterHistory> => clusterHistory(CLUSTER_CPU);
const readMemory = (): ReturnType<typeof clusterHistory> => clusterHistory(CLUSTER_MEMORY);

function TileChart({ read, usage }: { read: typeof readCpu; usage: Usage }): JSX.Element {
  const ceiling = Number.isNaN(usage.total) ? {} : { ceiling: usage.total / 4 };
  return (
    <span class="tile-chart">
      <Sparkline read={read} width={112} height={36} {...ceiling} />
    </span>
  );
}

function CpuTile(): JSX.Element {
  const usage = clusterUsage(hosts.value, lastFrame.value?.hosts, CPU_USAGE);
  return (
    <Tile
      title="CPU"
      href={`${containersWith('')}&sort=-cores`}
      value={<UsageValue used={formatNumber(usage.used)} total={formatSet(usage.total)} unit="cores" />}
      chart={<TileChart read={readCpu} usage={usage} />}
    >
      {formatRatio(usage.used / usage.total)} in use
    </Tile>
  );
}

function MemoryTile(): JSX.Element {
  const usage = clusterUsage(hosts.value, lastFrame.value?.hosts, MEMORY_USAGE);
  const unit = columnByteUnit([usage.total]);
  return (
    <Tile
      title="Memory"
      href={`${containersWith('')}&sort=-memory`}
      value={
        <UsageValue
          used={formatInUnit(usage.used, unit)}
          total={formatSet(usage.total / unit.bytes)}
          unit={unit.label}
        />
      }
      chart={<TileChart read={readMemory} usage={usage} />}
    >
      {formatRatio(usage.used / usage.total)} in use
    </Tile>
  );
}

/** Five numbers, each a way into the page that explains it. */
export function Tiles(): JSX.Element {
  return (
    <section class="tiles" aria-label="Totals">
      <HostsTile />
      <ContainersTile />
      <AlertsTile />
      <CpuTile />
      <MemoryTile />
    </section>
  );
}
