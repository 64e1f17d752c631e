import type { JSX } from 'preact';
import { Link } from 'wouter-preact';
import { TOP_MEASURES, topOf, type TopMeasure } from '../../model/top.ts';
import type { ContainerView } from '../../wire.ts';
import { valueAt } from '../columns.ts';
import { formatMetric } from '../format.ts';
import { containerPage, hostPage } from '../links.ts';
import { containers, lastFrame } from '../store.ts';

interface ListWords {
  readonly title: string;
  /** The numbers' kind, as in metrics' names. */
  readonly metric: string;
  readonly note: string;
}

const WORDS: Readonly<Record<TopMeasure['key'], ListWords>> = {
  cpu: { title: 'CPU', metric: 'cpuCores', note: 'cores in use' },
  memory: { title: 'Memory', metric: 'memoryBytes', note: 'working set' },
  network: { title: 'Network', metric: 'networkBytesPerSecond', note: 'received and sent' },
  block: { title: 'Disk', metric: 'blockBytesPerSecond', note: 'read and written' },
  throttled: { title: 'Throttled', metric: 'throttledRatio', note: 'of the periods' },
};

function Line({
  container,
  share,
  text,
}: {
  readonly container: ContainerView;
  readonly share: number;
  readonly text: string;
}): JSX.Element {
  return (
    <li>
      <span class="top-name">
        <Link href={containerPage(container)} title={container.name}>
          {container.name}
        </Link>{' '}
        <Link href={hostPage(container.nodeId)} class="muted">
          {container.hostName}
        </Link>
      </span>
      <span class="top-value">{text}</span>
      <span class="top-bar" aria-hidden="true" style={{ transform: `scaleX(${share})` }} />
    </li>
  );
}

function TopList({ measure }: { readonly measure: TopMeasure }): JSX.Element {
  const { title, metric, note } = WORDS[measure.key];
  const block = lastFrame.value?.containers;
  const rows = containers.value
    .map((container, row) => ({ container, row }))
    .filter(({ container }) => container.state !== 'stale');
  const top = topOf(rows, measure, ({ row }, column) => valueAt(block, column, row));
  const most = top[0]?.value ?? 1;
  return (
    <section class="top-list" aria-labelledby={`top-${measure.key}`}>
      <h3 id={`top-${measure.key}`}>
        {title} <span class="muted">{note}</span>
      </h3>
      {top.length === 0 ? (
        <p class="muted">Nobody now</p>
      ) : (
        <ol>
          {top.map(({ row: { container }, value }) => (
            <Line key={container.key} container={container} share={value / most} text={formatMetric(metric, value)} />
          ))}
        </ol>
      )}
    </section>
  );
}

/** Who leads in what; a bar is of the first one's value. */
export function TopLists(): JSX.Element {
  return (
    <section aria-labelledby="top-title">
      <div class="section-head">
        <h2 id="top-title">Busiest containers</h2>
        <span class="muted">now</span>
      </div>
      <div class="top-lists">
        {TOP_MEASURES.map((measure) => (
          <TopList key={measure.key} measure={measure} />
        ))}
      </div>
    </section>
  );
}
