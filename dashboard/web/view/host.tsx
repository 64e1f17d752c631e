import type { ComponentChildren, JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { fieldTerm, parseFilter } from '../../model/filter.ts';
import type { EventView } from '../../model/events/event.ts';
import type { HostView, OverlayView } from '../../wire.ts';
import { Charts } from '../chart/charts.tsx';
import type { ChartEvent } from '../chart/chart-spec.ts';
import { alertEvents, concerns, toldEvents } from '../chart/events.ts';
import { limitsOf, liveValue } from '../chart/live-values.ts';
import type { PastLine } from '../chart/past.ts';
import { hostCharts } from '../chart/panels.ts';
import { useEvents } from '../chart/use-events.ts';
import { useChartView } from '../chart/use-chart-view.ts';
import { usePast } from '../chart/use-past.ts';
import { nowUnixMs } from '../clock.ts';
import { DEFAULT_SORT, type Sort } from '../container-rows.ts';
import { ContainerTable } from '../container-table.tsx';
import { Empty, Waiting } from '../empty.tsx';
import { eventWords } from '../events/event-words.ts';
import { Facts } from '../facts.tsx';
import { formatBytes, formatDuration, formatSet, plural, UNAVAILABLE } from '../format.ts';
import { LabelsCell } from '../host-cells.tsx';
import { hostDataAgeMs } from '../host-facts.ts';
import { HostMark } from '../host-mark.tsx';
import { comparePage, containersOfHost } from '../links.ts';
import { Mark } from '../mark.tsx';
import { useNamed, usePage } from '../page.ts';
import { isAnswered } from '../socket.ts';
import { alerts, hostOfNode, lastFrame } from '../store.ts';
import { useOrder } from '../use-order.ts';

/** A host has no limit but itself. */
const HOST_CPU_MODES = ['host', 'cores'] as const;

type Fact = readonly [name: string, value: ComponentChildren];

function factsOf(host: HostView): readonly Fact[] {
  return [
    ['Node', <code>{host.nodeId}</code>],
    ['Kernel', host.kernel ?? UNAVAILABLE],
    ['cgroups', host.cgroupMode ?? UNAVAILABLE],
    ['CPU', host.cpuCores === undefined ? UNAVAILABLE : `${formatSet(host.cpuCores)} cores`],
    ['Memory', formatBytes(host.memoryTotalBytes)],
    ['Stats agent', host.agentVersion ?? UNAVAILABLE],
    ['Labels', <LabelsCell host={host} />],
    ['Uptime', formatDuration(host.bootTimeUnixMs === undefined ? undefined : nowUnixMs.value - host.bootTimeUnixMs)],
  ];
}

function leaseFacts({ subnet, publicIp, backendType, present }: OverlayView): readonly Fact[] {
  const agent =
    present === undefined ? (
      'unknown: etcd does not answer'
    ) : present ? (
      <Mark kind="ok">present</Mark>
    ) : (
      <Mark kind="late">gone</Mark>
    );
  return [
    ['Subnet', <code>{subnet}</code>],
    ['Public IP', <code>{publicIp}</code>],
    ['Backend', backendType],
    ['Overlay agent', agent],
  ];
}

function tunnelFacts({ vni, vtepMac, mtu }: OverlayView): readonly Fact[] {
  return [
    ['Device', <code>{`flannel.${vni}`}</code>],
    ['VNI', vni],
    ['VTEP MAC', <code>{vtepMac}</code>],
    ['MTU', mtu],
  ];
}

function Panel({ title, facts }: { readonly title: string; readonly facts: readonly Fact[] }): JSX.Element {
  return (
    <section class="panel" aria-label={title}>
      <h2>{title}</h2>
      <Facts facts={facts} />
    </section>
  );
}

function Overlay({ overlay }: Pick<HostView, 'overlay'>): JSX.Element {
  if (overlay === undefined)
    return (
      <section class="panel" aria-label="Overlay">
        <h2>Overlay</h2>
        <p class="muted">
          This host has no subnet. Start <code>weft flanneld</code> there to join it.
        </p>
      </section>
    );
  return (
    <>
      <Panel title="Lease" facts={leaseFacts(overlay)} />
      <Panel title="Tunnel" facts={tunnelFacts(overlay)} />
    </>
  );
}

/** The containers of this host, in an order of their own. */
function Containers({ host }: { readonly host: HostView }): JSX.Element {
  const [sort, setSort] = useState<Sort>(DEFAULT_SORT);
  // A server with too many rooms sends more than was asked for.
  const filter = useMemo(() => parseFilter(fieldTerm('host', host.name)), [host.name]);
  const ordered = useOrder(filter, sort);
  return (
    <section aria-labelledby="containers-title">
      <div class="section-head">
        <h2 id="containers-title">Containers</h2>
        <Link href={containersOfHost(host.name)}>{plural(host.containers, 'container')}</Link>
      </div>
      {ordered.keys.length === 0 ? (
        <p class="quiet-line">No container runs here.</p>
      ) : (
        <div class="host-containers">
          <ContainerTable ordered={ordered} sort={sort} onSort={setSort} />
        </div>
      )}
    </section>
  );
}

/** What happened to the host and its containers, and the alerts of both. */
function eventsOf(line: PastLine, told: readonly EventView[]): ChartEvent[] {
  const own = alerts.value.filter((alert) => concerns(alert, line));
  return [
    ...alertEvents(own, ({ name }) => (name === undefined ? '' : `${name}: `)),
    ...toldEvents(told, own, (event) => {
      const { name = '', rule } = event;
      return `${name}${name === '' ? '' : rule === undefined ? ' ' : ': '}${eventWords(event)}`;
    }),
  ];
}

function UnknownHost({ node }: { readonly node: string }): JSX.Element {
  return (
    <Empty title="No such host" level={1}>
      <p>
        Nothing is known of <code>{node}</code>. A host is forgotten a day after it was last heard of.
      </p>
      <p>
        The <Link href="/">overview</Link> has those that are known.
      </p>
    </Empty>
  );
}

/** Everything of one host. */
export function Host(): JSX.Element {
  const node = useNamed();
  const host = hostOfNode.value.get(node);
  const view = useChartView();
  const loaded = usePast({ series: [node], range: view.range, valueNow: liveValue });
  usePage(host?.name ?? 'Host', { view: 'host', host: node });
  const told = useEvents({ series: [node], range: view.range, news: `${host?.containers} ${alerts.value.length}` });
  if (host === undefined) return isAnswered.value ? <UnknownHost node={node} /> : <Waiting title="Host" />;
  return (
    <div class="stack">
      <div class="page-head">
        <h1>{host.name}</h1>
        <HostMark state={host.state} ageMs={hostDataAgeMs(host, lastFrame.value?.timeUnixMs, nowUnixMs.value)} />
        <Link class="page-note" href={comparePage([node])}>
          Compare
        </Link>
      </div>
      <div class="panels">
        <Panel title="Host" facts={factsOf(host)} />
        <Overlay overlay={host.overlay} />
      </div>
      <Charts
        series={[node]}
        view={view}
        loaded={loaded}
        cpuModes={HOST_CPU_MODES}
        specsOf={({ lines }) => lines.flatMap((line) => hostCharts(line, view.cpuMode, limitsOf(line)))}
        eventsOf={({ lines }) => lines.flatMap((line) => eventsOf(line, told.events))}
        eventsNote={told.note}
      />
      <Containers host={host} />
    </div>
  );
}
