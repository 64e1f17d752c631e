import type { JSX } from 'preact';
import { Link, useRoute } from 'wouter-preact';
import { Active } from '../alerts/active.tsx';
import { Delivery } from '../alerts/delivery.tsx';
import { AlertHistory } from '../alerts/history.tsx';
import { Rules } from '../alerts/rules.tsx';
import { Silences } from '../alerts/silences.tsx';
import { Waiting } from '../empty.tsx';
import { plural } from '../format.ts';
import { usePage } from '../page.ts';
import { me } from '../session.ts';
import { alertsMessage, inventory } from '../store.ts';
import { Tabs } from '../tabs.tsx';
import { NotFound } from './not-found.tsx';

const TABS = [
  { path: '/alerts', name: 'Active', Part: Active },
  { path: '/alerts/rules', name: 'Rules', Part: Rules },
  { path: '/alerts/silences', name: 'Silences', Part: Silences },
  { path: '/alerts/history', name: 'History', Part: AlertHistory },
  { path: '/alerts/delivery', name: 'Delivery', Part: Delivery },
] as const;

/** Messages tell of alerts of the whole cluster together: who sees a part of it is not shown them. */
const tabsOf = (scope: string | null | undefined): readonly (typeof TABS)[number][] =>
  TABS.filter(({ Part }) => Part !== Delivery || (scope ?? null) === null);

function Receivers(): JSX.Element | null {
  const count = inventory.value?.server.webhooks;
  if (count === undefined) return null;
  return (
    <p class="muted page-note">
      {count === 0 ? (
        <>
          Nobody is notified. <Link href="/settings/channels">Make a channel</Link>
        </>
      ) : (
        `Notifications go to ${plural(count, 'channel')}.`
      )}
    </p>
  );
}

/** Alerts: what is active, the rules that decide it, what is kept quiet, what was, and who was told. */
export function Alerts(): JSX.Element {
  usePage('Alerts', { view: 'alerts' });
  const [, parameters] = useRoute('/alerts/:tab?');
  const tabs = tabsOf(me.value?.scope);
  const tab = tabs.find(({ path }) => path === `/alerts${parameters?.tab === undefined ? '' : `/${parameters.tab}`}`);
  if (tab === undefined) return <NotFound />;
  if (alertsMessage.value === undefined) return <Waiting title="Alerts" />;
  const { Part } = tab;
  return (
    <div class="stack">
      <div class="page-head">
        <h1>Alerts</h1>
        <Receivers />
      </div>
      <Tabs label="Alerts" tabs={tabs} />
      <Part />
    </div>
  );
}
