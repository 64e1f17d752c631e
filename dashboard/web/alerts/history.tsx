import type { JSX } from 'preact';
import type { EpisodeView } from '../../model/alert/episode.ts';
import { Severity } from '../alert-table.tsx';
import { usePolled } from '../api.ts';
import { nowUnixMs } from '../clock.ts';
import { Empty } from '../empty.tsx';
import { Fault } from '../facts.tsx';
import { FactTable, type FactColumn } from '../fact-table.tsx';
import { ChoiceField } from '../fields.tsx';
import { formatDuration, formatRatio, plural } from '../format.ts';
import { inAddress } from '../links.ts';
import { Mark } from '../mark.tsx';
import { useQuery } from '../page.ts';
import { useSettled } from '../use-settled.ts';
import { When } from '../when.tsx';
import { formatMeasured } from './amount.ts';
import { LabelFilterBar, useAddressFilter } from './label-filter.tsx';
import { Lane } from './lane.tsx';
import { episodeSpan } from './links.ts';
import { noiseByRule, type RuleNoise } from './noisiest.ts';
import { Subject } from './subject.tsx';

interface HistoryAnswer {
  readonly episodes: readonly EpisodeView[];
  readonly more: boolean;
}

const RANGES = [
  ['24h', '24 hours'],
  ['7d', '7 days'],
  ['30d', '30 days'],
  ['365d', 'a year'],
] as const;

const USUAL_RANGE = '7d';

const SPAN_MS: Readonly<Record<string, number>> = {
  '24h': 86_400_000,
  '7d': 7 * 86_400_000,
  '30d': 30 * 86_400_000,
  '365d': 365 * 86_400_000,
};

function lastedMs({ firedAt, resolvedAt }: EpisodeView): number {
  return (resolvedAt === null ? nowUnixMs.value : Date.parse(resolvedAt)) - Date.parse(firedAt);
}

const COLUMNS: readonly [FactColumn<EpisodeView>, ...FactColumn<EpisodeView>[]] = [
  { header: 'Alert', cell: ({ rule }) => rule },
  { header: 'Severity', cell: ({ severity }) => <Severity severity={severity} /> },
  { header: 'Labels', cell: (episode) => <Subject about={episode} span={episodeSpan(episode, nowUnixMs.value)} /> },
  {
    header: 'Value / threshold',
    numeric: true,
    cell: ({ value, ...episode }) => formatMeasured({ ...episode, value: value ?? undefined }).join(' / '),
  },
  { header: 'Fired', cell: ({ firedAt }) => <When at={firedAt} /> },
  {
    header: 'Lasted',
    cell: (episode) =>
      episode.resolvedAt === null ? (
        <Mark kind="critical">{formatDuration(lastedMs(episode))} so far</Mark>
      ) : (
        <Mark kind="resolved">
          {formatDuration(lastedMs(episode))}, {episode.resolvedBecause?.replaceAll('_', ' ')}
        </Mark>
      ),
  },
  {
    header: 'Notified',
    cell: ({ notified }) => (notified.length === 0 ? 'nobody' : notified.map(({ channel }) => channel).join(', ')),
  },
];

function Lanes({ noise, spanMs }: { readonly noise: readonly RuleNoise[]; readonly spanMs: number }): JSX.Element {
  return (
    <ul class="lanes" aria-label="Noisiest rules">
      {noise.map(({ rule, episodes, share }) => (
        <li key={rule}>
          <span>{rule}</span>
          <Lane
            label={`${rule} fired ${plural(episodes.length, 'time')}`}
            spanMs={spanMs}
            spans={episodes.map(({ firedAt, resolvedAt, severity }) => ({
              fromUnixMs: Date.parse(firedAt),
              toUnixMs: resolvedAt === null ? undefined : Date.parse(resolvedAt),
              severity,
            }))}
          />
          <span class="muted numeric">
            {plural(episodes.length, 'time')}, {formatRatio(share)}
          </span>
        </li>
      ))}
    </ul>
  );
}

/** The tab of what fired before: which rules, when, for how long, and who was told. The address holds filter and range. */
export function AlertHistory(): JSX.Element {
  const bar = useAddressFilter();
  const { params, setParams } = useQuery();
  const wanted = params.get('last') ?? '';
  const range = Object.hasOwn(SPAN_MS, wanted) ? wanted : USUAL_RANGE;
  const setRange = (value: string): void => {
    const next = new URLSearchParams(params);
    next.set('last', value);
    if (value === USUAL_RANGE) next.delete('last');
    setParams(next, { replace: true });
  };
  // What the bar shows as not understood is left out here too.
  const filter = useSettled(bar.filter.terms.map(({ source }) => source).join(' '));
  const query = `/alerts/history?from=-${range}&q=${inAddress(filter)}`;
  const { value, reason } = usePolled<HistoryAnswer>(query);
  const episodes = value?.episodes ?? [];
  return (
    <section aria-labelledby="history-title">
      <div class="section-head">
        <h2 id="history-title">History</h2>
        <span class="muted">
          {value?.more === true ? 'the latest ' : ''}
          {plural(episodes.length, 'episode')}
        </span>
        <span class="head-end actions">
          <a class="button" href={`/api/v1${query}&limit=10000&format=csv`} download="weft-alerts.csv">
            CSV
          </a>
          <a class="button" href={`/api/v1${query}&limit=10000`} download="weft-alerts.json">
            JSON
          </a>
        </span>
      </div>
      <LabelFilterBar label="Filter the history" of={episodes.map(({ labels }) => labels)} {...bar} />
      <div class="form">
        <div class="fields">
          <ChoiceField label="Of the last" value={range} options={RANGES} onValue={setRange} />
        </div>
        <Fault reason={reason} />
        {episodes.length === 0 ? null : <Lanes noise={noiseByRule(episodes)} spanMs={SPAN_MS[range] ?? 0} />}
      </div>
      {value !== undefined && episodes.length === 0 ? (
        <Empty title="Nothing fired">
          <p>No alert of this filter fired in this time.</p>
        </Empty>
      ) : (
        <FactTable
          label="Episodes"
          columns={COLUMNS}
          rows={episodes}
          keyOf={({ fingerprint, firedAt }) => `${fingerprint} ${firedAt}`}
        />
      )}
    </section>
  );
}
