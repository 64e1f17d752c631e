import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import type { EpisodeView } from '../../model/alert/episode.ts';
import type { AlertView } from '../../wire.ts';
import { AlertTable } from '../alert-table.tsx';
import { ask, usePolled } from '../api.ts';
import { Chips } from '../chips.tsx';
import { Fault } from '../facts.tsx';
import { plural } from '../format.ts';
import { Mark } from '../mark.tsx';
import { mayChange } from '../session.ts';
import { alerts, alertsMessage } from '../store.ts';
import { useQuery } from '../page.ts';
import { ViewsMenu } from '../views-menu.tsx';
import { When } from '../when.tsx';
import { groupsOf, type GroupAnswer, type ShownGroup } from './groups.ts';
import { LabelFilterBar, useAddressFilter } from './label-filter.tsx';
import { silenceLink } from './links.ts';
import { person } from './person.ts';

/** Acknowledges an alert, or takes that back; and the way to a silence of it. */
function Actions({ alert, onFault }: { alert: AlertView; onFault: (reason: string | undefined) => void }): JSX.Element {
  const change = async (method: 'POST' | 'DELETE'): Promise<void> => {
    const by = person();
    const answer = await ask<object>(method, `/alerts/${alert.fingerprint}/acknowledge`, {
      body: by === '' ? {} : { by },
    });
    onFault(answer.ok ? undefined : answer.reason);
  };
  const fires = alert.state === 'firing' || alert.state === 'recovering';
  return (
    <span class="actions">
      {fires && alert.acknowledgedBy === undefined ? (
        <button
          type="button"
          class="button"
          title="Ends repeats; ends and new alerts are still told"
          onClick={() => void change('POST')}
        >
          Acknowledge
        </button>
      ) : null}
      {fires && alert.acknowledgedBy !== undefined ? (
        <button type="button" class="button" onClick={() => void change('DELETE')}>
          Take back
        </button>
      ) : null}
      <Link href={silenceLink(alert.labels)} class="button">
        Silence
      </Link>
    </span>
  );
}

function GroupHead({ group }: { readonly group: ShownGroup }): JSX.Element {
  const { labels, receivers, nextFlushAt } = group;
  return (
    <p class="group-head">
      <Chips labels={labels} />
      <span class="muted">
        to {receivers.join(', ')}; next look <When at={nextFlushAt} />
      </span>
    </p>
  );
}

/** What fires and what is about to, in the groups in which people are told. */
function Groups({ active }: { readonly active: readonly AlertView[] }): JSX.Element {
  const { value, reason } = usePolled<GroupAnswer>('/groups');
  const [fault, setFault] = useState<string | undefined>(undefined);
  const groups = groupsOf(active, value?.groups ?? []);
  return (
    <div class="groups" role="region" aria-label="Active alerts">
      <Fault reason={fault ?? reason} />
      {groups.map((group) => (
        <div key={group.key}>
          {group.receivers.length === 0 ? null : <GroupHead group={group} />}
          <AlertTable
            label={group.title}
            alerts={group.alerts}
            {...(mayChange() ? { actions: (alert: AlertView) => <Actions alert={alert} onFault={setFault} /> } : {})}
          />
        </div>
      ))}
    </div>
  );
}

const LABELS_OF = ({ labels }: AlertView): AlertView['labels'] => labels;

/** A year is what is kept of them at most. */
const LAST_EPISODE = '/alerts/history?from=-365d&limit=1';

/** What fired last: how long it has been quiet. */
function LastFired(): JSX.Element | null {
  const last = usePolled<{ readonly episodes: readonly EpisodeView[] }>(LAST_EPISODE).value?.episodes[0];
  if (last === undefined) return null;
  return (
    <>
      {last.rule} fired last, <When at={last.firedAt} />.{' '}
    </>
  );
}

interface QuietProps {
  /** Of all. */
  readonly active: number;
  readonly onShowAll: () => void;
}

/** Nothing is active, or nothing of what the filter lets through. */
function Quiet({ active, onShowAll }: QuietProps): JSX.Element {
  const rules = alertsMessage.value?.rules ?? [];
  // Who follows the link of a message may come when it is over.
  const before = <Link href={`/alerts/history${location.search}`}>What was before</Link>;
  if (active > 0)
    return (
      <p class="quiet-line">
        No active alert matches: {plural(active, 'alert')} without the filter. {before}{' '}
        <button type="button" class="button" onClick={onShowAll}>
          Show all
        </button>
      </p>
    );
  return (
    <p class="quiet-line">
      <Mark kind="resolved">
        {rules.length === 0 ? 'No alerts' : `All quiet: ${plural(rules.length, 'rule')} watched`}
      </Mark>{' '}
      <LastFired />
      {before}
    </p>
  );
}

/** The tab of what is active, and of what was until a quarter of an hour ago. The address holds the filter. */
export function Active(): JSX.Element {
  const bar = useAddressFilter();
  const { params } = useQuery();
  const { filter, text } = bar;
  const shown = alerts.value.filter(({ labels }) => filter.takes(labels));
  const active = shown.filter((alert) => alert.state !== 'resolved');
  const all = alerts.value.filter((alert) => alert.state !== 'resolved').length;
  const resolved = shown
    .filter((alert) => alert.state === 'resolved')
    .sort((a, b) => (b.resolvedAtUnixMs ?? 0) - (a.resolvedAtUnixMs ?? 0));
  return (
    <>
      {alerts.value.length > 0 || text !== '' ? (
        <LabelFilterBar label="Filter alerts" of={alerts.value.map(LABELS_OF)} {...bar}>
          <ViewsMenu page="alerts" params={params} />
        </LabelFilterBar>
      ) : null}
      <section aria-labelledby="active-title">
        <div class="section-head">
          <h2 id="active-title">Active</h2>
          <span class="muted">
            {active.length === all ? plural(all, 'alert') : `${active.length} of ${plural(all, 'alert')}`}
          </span>
        </div>
        {active.length === 0 ? (
          <Quiet
            active={all}
            onShowAll={() => {
              bar.onText('');
            }}
          />
        ) : (
          <Groups active={active} />
        )}
      </section>
      {resolved.length > 0 ? (
        <section aria-labelledby="resolved-title">
          <div class="section-head">
            <h2 id="resolved-title">Resolved</h2>
            <span class="muted">{plural(resolved.length, 'alert')}</span>
          </div>
          <AlertTable label="Resolved alerts" alerts={resolved} />
        </section>
      ) : null}
    </>
  );
}
