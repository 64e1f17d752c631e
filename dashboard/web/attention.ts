import { alertsPage } from '../model/alert/alert-link.ts';
import type { AlertView, HostView, ServerView } from '../wire.ts';
import { watchedOf, type Watched } from './attention-line.ts';
import { silenceLink } from './alerts/links.ts';
import { formatDuration, formatMetric, formatSetting, plural } from './format.ts';
import { alertSubject } from './transitions.ts';
import { containersOfHost } from './links.ts';

/** One thing that a person should look at; `critical` before `warning`. */
export interface AttentionItem {
  readonly id: string;
  readonly level: 'critical' | 'warning';
  /** Within a level what is happening stands before what may. */
  readonly rank: number;
  readonly what: string;
  readonly detail: string;
  readonly sinceUnixMs: number | undefined;
  readonly href: string | undefined;
  /** The form that keeps it quiet; only an alert can be. */
  readonly silenceHref?: string;
  /** The value because of which it needs attention, where that has a past. */
  readonly watched?: Watched | undefined;
  /** Nothing new comes of it. */
  readonly isFrozen?: boolean;
}

export interface AttentionInput {
  readonly alerts: readonly AlertView[];
  readonly hosts: readonly HostView[];
  readonly server: ServerView | undefined;
  readonly nowUnixMs: number;
}

/** Without data nothing is decided, so nothing is counted either. */
function pendingWords(alert: AlertView, nowUnixMs: number): string {
  if (alert.noData) return 'pending';
  return `pending ${formatDuration(nowUnixMs - alert.activeAtUnixMs)} of ${formatDuration(alert.forMs)}`;
}

function ofAlert(alert: AlertView, nowUnixMs: number): AttentionItem {
  const value = `${formatMetric(alert.metric, alert.value)}, threshold ${formatSetting(alert.metric, alert.threshold)}`;
  const firing = alert.state === 'firing' || alert.state === 'recovering';
  return {
    id: `alert:${alert.fingerprint}`,
    level: firing && alert.severity === 'critical' ? 'critical' : 'warning',
    rank: firing ? 0 : 1,
    what: alertSubject(alert),
    detail: `${firing ? 'firing' : pendingWords(alert, nowUnixMs)}${alert.noData ? ', no data: state kept' : ''}: ${value}`,
    sinceUnixMs: alert.firedAtUnixMs ?? alert.activeAtUnixMs,
    href: alertsPage(alert.labels),
    silenceHref: silenceLink(alert.labels),
    watched: watchedOf(alert),
    isFrozen: alert.noData,
  };
}

function ofStaleHost(host: HostView): AttentionItem {
  return {
    id: `stale:${host.nodeId}`,
    level: 'critical',
    rank: 0,
    what: `Host ${host.name} does not report`,
    detail: `its last values and ${plural(host.containers, 'container')} are shown with their age`,
    sinceUnixMs: host.lastFrameUnixMs,
    href: containersOfHost(host.name),
  };
}

/** A host without an overlay is news only where others have one, and only while etcd could tell. */
function ofOverlay(host: HostView, clusterHasOverlay: boolean): AttentionItem[] {
  const gone = host.overlay?.present === false;
  if (!gone && !(host.overlay === undefined && clusterHasOverlay)) return [];
  return [
    {
      id: `overlay:${host.nodeId}`,
      level: 'warning',
      rank: 0,
      what: gone ? `Overlay agent of ${host.name} is gone` : `Host ${host.name} has no overlay subnet`,
      detail: gone
        ? 'its presence in etcd ran out; peers keep its routes until its lease ends'
        : 'start weft flanneld there to join it to the overlay',
      sinceUnixMs: undefined,
      href: undefined,
    },
  ];
}

function ofServer(server: ServerView | undefined): AttentionItem[] {
  if (server?.etcd !== 'unavailable') return [];
  return [
    {
      id: 'etcd',
      level: 'critical',
      rank: 0,
      what: 'etcd is unavailable',
      detail: 'containers keep their connections; no host can join, and overlay facts may be out of date',
      sinceUnixMs: undefined,
      href: undefined,
    },
  ];
}

/** What needs attention, worst first, longest-standing first within a level. */
export function attentionItems({ alerts, hosts, server, nowUnixMs }: AttentionInput): AttentionItem[] {
  const clusterHasOverlay = server?.etcd === 'connected' && hosts.some((host) => host.overlay !== undefined);
  const items = [
    ...ofServer(server),
    ...hosts.filter((host) => host.state === 'stale').map(ofStaleHost),
    ...alerts.filter((alert) => alert.state !== 'resolved').map((alert) => ofAlert(alert, nowUnixMs)),
    ...hosts.flatMap((host) => ofOverlay(host, clusterHasOverlay)),
  ];
  const level = (item: AttentionItem): number => (item.level === 'critical' ? 0 : 1);
  // What has no beginning that is known comes after what has one; the sort keeps equal ones as they are.
  const since = (item: AttentionItem): number => item.sinceUnixMs ?? Number.MAX_SAFE_INTEGER;
  return items.sort((a, b) => level(a) - level(b) || a.rank - b.rank || since(a) - since(b));
}
