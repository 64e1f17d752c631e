import type { ComponentChildren, JSX } from 'preact';
import { Link } from 'wouter-preact';
import { fieldTerm } from '../../model/filter.ts';
import type { EventView } from '../../model/events/event.ts';
import type { ContainerView } from '../../wire.ts';
import type { ChartEvent } from '../chart/chart-spec.ts';
import { Charts } from '../chart/charts.tsx';
import { alertEvents, concerns, lineEvents, toldEvents } from '../chart/events.ts';
import { limitsOf, liveValue, writerOf } from '../chart/live-values.ts';
import { containerCharts } from '../chart/panels.ts';
import type { Past, PastLine } from '../chart/past.ts';
import { useEvents } from '../chart/use-events.ts';
import { useChartView } from '../chart/use-chart-view.ts';
import { usePast } from '../chart/use-past.ts';
import { nowUnixMs } from '../clock.ts';
import { ContainerMark } from '../container-mark.tsx';
import { Devices } from '../devices.tsx';
import { Empty, Waiting } from '../empty.tsx';
import { eventWords } from '../events/event-words.ts';
import { LastEnds } from '../events/last-ends.tsx';
import { Facts } from '../facts.tsx';
import { formatBytes, formatCount, formatDuration, formatSet, shortImage, UNAVAILABLE } from '../format.ts';
import { comparePage, containersWith, hostPage } from '../links.ts';
import { Mark } from '../mark.tsx';
import { networkWords } from '../network-words.ts';
import { useNamed, usePage } from '../page.ts';
import { isAnswered } from '../socket.ts';
import { formatStamp } from '../stamp.ts';
import { alerts } from '../store.ts';
import { timeZone } from '../time-zone.ts';

type Fact = readonly [name: string, value: ComponentChildren];

const limit = (value: number | undefined, text: (value: number) => string): string =>
  value === undefined ? 'none' : text(value);

function Labels({ labels }: Pick<ContainerView, 'labels'>): JSX.Element | string {
  const entries = Object.entries(labels);
  if (entries.length === 0) return 'none';
  return (
    <span class="chips">
      {entries.map(([name, value]) => (
        <Link key={name} class="chips-link" href={containersWith(fieldTerm('label', `${name}=${value}`))}>
          <span class="chip">
            <span class="chip-name">{name}</span>
            {value}
          </span>
        </Link>
      ))}
    </span>
  );
}

function factsOf(container: ContainerView): readonly Fact[] {
  const { startedAtUnixMs, image } = container;
  const started =
    startedAtUnixMs === undefined
      ? UNAVAILABLE
      : `${formatStamp(startedAtUnixMs, timeZone.value)}, ${formatDuration(nowUnixMs.value - startedAtUnixMs)} ago`;
  return [
    ['Image', image === undefined ? UNAVAILABLE : <span title={image}>{shortImage(image)}</span>],
    ['Runtime', container.runtime],
    ['Started', started],
    ['Health', container.health ?? 'no health check'],
    ['Restarts', container.restartCount === undefined ? UNAVAILABLE : formatCount(container.restartCount)],
    ['Network', networkWords(container.network)],
    ['CPU limit', limit(container.cpuLimitCores, (cores) => `${formatSet(cores)} cores`)],
    ['Memory limit', limit(container.memoryLimitBytes, formatBytes)],
    ['PIDs limit', limit(container.pidsLimit, formatCount)],
    ['Labels', <Labels labels={container.labels} />],
  ];
}

/** What history remembers of a container that does not run. */
function pastFacts({ image, runtime, project, service }: PastLine): readonly Fact[] {
  return [
    ['Image', image === undefined ? UNAVAILABLE : shortImage(image)],
    ['Runtime', runtime ?? UNAVAILABLE],
    ['Project', project ?? UNAVAILABLE],
    ['Service', service ?? UNAVAILABLE],
  ];
}

function UnknownContainer({
  line,
  reason,
}: {
  readonly line: string;
  readonly reason: string | undefined;
}): JSX.Element {
  return (
    <Empty title="No such container" level={1}>
      <p>
        Nothing runs as <code>{line}</code>. When it is created, this page shows it by itself.
      </p>
      {reason === undefined ? null : <p>No history either: {reason}.</p>}
      <p>
        <Link href="/containers">All containers</Link>
      </p>
    </Empty>
  );
}

/** What the page knows the container as: what runs now, or what history remembers. */
interface Known {
  readonly name: string;
  readonly nodeId: string;
  readonly hostName: string;
  readonly facts: readonly Fact[];
}

function knownOf(container: ContainerView | undefined, past: PastLine | undefined): Known | undefined {
  if (container !== undefined) return { ...container, facts: factsOf(container) };
  if (past === undefined) return undefined;
  return { name: past.name, nodeId: past.nodeId, hostName: past.host, facts: pastFacts(past) };
}

function State({ container }: { readonly container: ContainerView | undefined }): JSX.Element {
  return container === undefined ? <Mark kind="off">not running</Mark> : <ContainerMark container={container} />;
}

function eventsOf({ lines }: Past, told: readonly EventView[]): ChartEvent[] {
  return lines.flatMap((each) => {
    const own = alerts.value.filter((alert) => concerns(alert, each));
    return [...lineEvents(each), ...alertEvents(own), ...toldEvents(told, own, eventWords)];
  });
}

/** Everything of one container, or of the service that it is the latest container of; also when none runs. */
export function Container(): JSX.Element {
  const line = useNamed();
  const container = writerOf(line);
  const view = useChartView();
  const loaded = usePast({ series: [line], range: view.range, valueNow: liveValue, owner: container?.key });
  const told = useEvents({ series: [line], range: view.range, kinds: 'fired,resolved', news: alerts.value.length });
  const known = knownOf(
    container,
    loaded.past?.lines.find(({ key }) => key === line),
  );
  usePage(known?.name ?? 'Container', { view: 'container', series: [line] });
  if (known === undefined) {
    const isWaiting = !isAnswered.value || loaded.isLoading;
    return isWaiting ? <Waiting title="Container" /> : <UnknownContainer line={line} reason={loaded.reason} />;
  }
  // How it ended is the first question about what does not run.
  const ends = <LastEnds line={line} running={container?.key} />;
  return (
    <div class="stack">
      <div class="page-head">
        <h1>{known.name}</h1>
        <State container={container} />
        <span>
          on <Link href={hostPage(known.nodeId)}>{known.hostName}</Link>
        </span>
        <Link class="page-note" href={comparePage([line])}>
          Compare
        </Link>
      </div>
      <section class="panel" aria-label="Facts">
        <Facts facts={known.facts} />
      </section>
      {container === undefined ? ends : null}
      <Charts
        series={[line]}
        view={view}
        loaded={loaded}
        specsOf={({ lines }) => lines.flatMap((each) => containerCharts(each, view.cpuMode, limitsOf(each)))}
        eventsOf={(past) => eventsOf(past, told.events)}
        eventsNote={told.note}
      />
      {container === undefined ? null : <Devices container={container} />}
      {container === undefined ? null : ends}
    </div>
  );
}
