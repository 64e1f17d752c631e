import type { JSX } from 'preact';
import { Link } from 'wouter-preact';
import { attentionItems } from '../attention.ts';
import { nowUnixMs } from '../clock.ts';
import { EventRibbon } from '../events/ribbon.tsx';
import { NoAgents, Waiting } from '../empty.tsx';
import { plural } from '../format.ts';
import { HostMap } from '../host-map.tsx';
import { OverlayTable } from '../overlay-table.tsx';
import { usePage } from '../page.ts';
import { alerts, hosts, inventory } from '../store.ts';
import { currentHostRows } from '../use-host-rows.ts';
import { Attention } from './attention.tsx';
import { Tiles } from './tiles.tsx';
import { TopLists } from './top-lists.tsx';

/** More than these are squares and no lines. */
const MOST_LINES = 24;

function Hosts(): JSX.Element {
  const rows = currentHostRows();
  return rows.length > MOST_LINES ? <HostMap rows={rows} /> : <OverlayTable rows={rows} />;
}

/** The cluster at a glance: totals, what is wrong, the hosts. */
export function Overview(): JSX.Element {
  usePage('Overview', { view: 'overview' });
  const known = inventory.value;
  if (known === undefined) return <Waiting title="Overview" />;
  const items = attentionItems({
    alerts: alerts.value,
    hosts: hosts.value,
    server: known.server,
    nowUnixMs: nowUnixMs.value,
  });
  return (
    <div class="stack">
      <h1 class="visually-hidden">Overview</h1>
      <Tiles />
      <Attention items={items} />
      {known.totalContainers > 0 ? <TopLists /> : null}
      {hosts.value.length === 0 ? null : <EventRibbon />}
      <section aria-labelledby="hosts-title" id="hosts">
        <div class="section-head">
          <h2 id="hosts-title">Hosts</h2>
          <Link href="/hosts">{plural(hosts.value.length, 'host')}</Link>
        </div>
        {hosts.value.length === 0 ? <NoAgents /> : <Hosts />}
      </section>
    </div>
  );
}
