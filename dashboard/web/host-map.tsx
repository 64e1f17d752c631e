import type { JSX } from 'preact';
import { Link } from 'wouter-preact';
import { formatRatio, plural } from './format.ts';
import type { HostRow } from './host-rows.ts';
import { hostPage } from './links.ts';
import { bandOf } from './meter.tsx';

/** Told by a letter and a shape besides the colour. */
const LETTER = { live: '', late: '▲', stale: '◆' } as const;

function sentence({ host, alerts, value }: HostRow): string {
  const cpu = formatRatio(value('cpuCores') / (host.cpuCores ?? Number.NaN));
  const memory = formatRatio(value('memoryUsedBytes') / (host.memoryTotalBytes ?? Number.NaN));
  const told = alerts > 0 ? `, ${plural(alerts, 'alert')}` : '';
  return `${host.name}: ${host.state}, CPU ${cpu}, memory ${memory}, ${plural(host.containers, 'container')}${told}`;
}

function Square({ row }: { readonly row: HostRow }): JSX.Element {
  const { host, alerts, value } = row;
  const share = Math.max(
    value('cpuCores') / (host.cpuCores ?? Number.NaN) || 0,
    value('memoryUsedBytes') / (host.memoryTotalBytes ?? Number.NaN) || 0,
  );
  const level = host.state === 'live' ? bandOf(share) : 'warning';
  return (
    <li>
      <Link
        href={hostPage(host.nodeId)}
        class={`host-square band-${level} ${host.state === 'stale' ? 'is-stale' : ''}`}
        title={sentence(row)}
        aria-label={sentence(row)}
      >
        <span class="host-square-fill" style={{ transform: `scaleY(${Math.min(1, share)})` }} aria-hidden="true" />
        <span class="host-square-name" aria-hidden="true">
          {LETTER[host.state]} {host.name}
        </span>
        {alerts > 0 ? (
          <span class="host-square-alerts" aria-hidden="true">
            ■ {alerts}
          </span>
        ) : null}
      </Link>
    </li>
  );
}

/** Many hosts at a glance: one square each, filled by the greater share of its CPU and memory. */
export function HostMap({ rows }: { readonly rows: readonly HostRow[] }): JSX.Element {
  return (
    <>
      <p class="muted page-note">Filled by the larger share of CPU and memory.</p>
      <ul class="host-map" aria-label="Hosts">
        {rows.map((row) => (
          <Square key={row.host.nodeId} row={row} />
        ))}
      </ul>
    </>
  );
}
