import type { JSX } from 'preact';
import { Link } from 'wouter-preact';
import { Charts } from '../chart/charts.tsx';
import { lineEvents, toldEvents } from '../chart/events.ts';
import { LinePicker } from '../chart/line-picker.tsx';
import { limitsOf, liveValue, writerOf } from '../chart/live-values.ts';
import { compareCharts } from '../chart/panels.ts';
import type { PastLine } from '../chart/past.ts';
import { useEvents } from '../chart/use-events.ts';
import { useChartView } from '../chart/use-chart-view.ts';
import { usePast } from '../chart/use-past.ts';
import { MAX_COMPARED } from '../../view-wire.ts';
import type { EventView } from '../../model/events/event.ts';
import { Empty } from '../empty.tsx';
import { eventWords } from '../events/event-words.ts';
import { hostPage, inAddress } from '../links.ts';
import { usePage, useQuery } from '../page.ts';
import { ViewsMenu } from '../views-menu.tsx';
import { alerts, hostOfNode } from '../store.ts';

/** What a line is called beside others. */
function nameOf(key: string, line: PastLine | undefined): string {
  if (line?.kind === 'container') return `${line.name} on ${line.host}`;
  const writer = writerOf(key);
  return writer === undefined
    ? (hostOfNode.value.get(key)?.name ?? line?.name ?? key)
    : `${writer.name} on ${writer.hostName}`;
}

const placeOf = ({ name, host = '' }: EventView): string => (name === undefined ? host : `${name} on ${host}`);

function pageOf(key: string): string {
  // A host's line has no slash in its name; a container's always has.
  return key.includes('/') ? `/containers/${inAddress(key)}` : hostPage(key);
}

interface ChosenProps {
  readonly lines: readonly { readonly key: string; readonly name: string }[];
  readonly onRemove: (key: string) => void;
}

function Chosen({ lines, onRemove }: ChosenProps): JSX.Element {
  return (
    <ul class="chosen" aria-label="Compared">
      {lines.map(({ key, name }) => (
        <li key={key} class="chip">
          <Link href={pageOf(key)}>{name}</Link>
          <button
            type="button"
            class="chip-remove"
            aria-label={`Take ${name} out`}
            onClick={() => {
              onRemove(key);
            }}
          >
            ×
          </button>
        </li>
      ))}
    </ul>
  );
}

function Compared({ series }: { readonly series: readonly string[] }): JSX.Element {
  const view = useChartView();
  const told = useEvents({ series, range: view.range, kinds: 'fired,resolved', news: alerts.value.length });
  // Whoever starts to write a line may make it known.
  const owner = series.map((line) => writerOf(line)?.key ?? '').join(' ');
  const loaded = usePast({ series, range: view.range, valueNow: liveValue, owner });
  return (
    <Charts
      series={series}
      view={view}
      loaded={loaded}
      specsOf={({ lines }) =>
        compareCharts(
          lines.map((line) => ({ line, name: nameOf(line.key, line), limits: limitsOf(line) })),
          view.cpuMode,
        )
      }
      eventsOf={({ lines }) => [
        ...lines.flatMap((line) => lineEvents(line, `${nameOf(line.key, line)}: `)),
        ...toldEvents(told.events, [], (event) => `${placeOf(event)}: ${eventWords(event)}`),
      ]}
      eventsNote={told.note}
    />
  );
}

/** Up to eight containers and hosts on the same axes; the address says which. */
export function Compare(): JSX.Element {
  const { params, setParams } = useQuery();
  const series = [...new Set(params.getAll('series'))].slice(0, MAX_COMPARED);
  usePage('Compare', { view: 'compare', series });
  const choose = (keys: readonly string[]): void => {
    const next = new URLSearchParams(params);
    next.delete('series');
    for (const key of keys) next.append('series', key);
    setParams(next);
  };
  return (
    <div class="stack">
      <div class="page-head">
        <h1>Compare</h1>
        <div class="filter-line">
          {series.length < MAX_COMPARED ? (
            <LinePicker
              chosen={series}
              onAdd={(key) => {
                choose([...series, key]);
              }}
            />
          ) : (
            <span class="muted">{MAX_COMPARED} at most</span>
          )}
          <ViewsMenu page="compare" params={params} />
        </div>
      </div>
      {series.length === 0 ? (
        <Empty title="Nothing to compare yet" level={2}>
          <p>Add containers or hosts above, or open one and choose Compare there.</p>
        </Empty>
      ) : (
        <>
          <Chosen
            lines={series.map((key) => ({ key, name: nameOf(key, undefined) }))}
            onRemove={(key) => {
              choose(series.filter((each) => each !== key));
            }}
          />
          <Compared series={series} />
        </>
      )}
    </div>
  );
}
