import type { JSX } from 'preact';
import { attentionItems } from '../attention.ts';
import { nowUnixMs } from '../clock.ts';
import { NoAgents, Waiting } from '../empty.tsx';
import { plural } from '../format.ts';
import { HostTable } from '../host-table.tsx';
import { alerts, hosts, inventory } from '../store.ts';
import { Attention } from './attention.tsx';
import { Tiles } from './tiles.tsx';

/** The cluster at a glance: totals, what is wrong, the hosts. */
export function Overview(): JSX.Element {
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
      <section aria-labelledby="hosts-title" id="hosts">
        <div class="section-head">
          <h2 id="hosts-title">Hosts</h2>
          <span class="muted">{plural(hosts.value.length, 'host')}</span>
        </div>
        {hosts.value.length === 0 ? <NoAgents /> : <HostTable />}
      </section>
    </div>
  );
}
