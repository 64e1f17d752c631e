import { type AlertView, type ServerView } from '../wire.ts';
import { VIEW_COLUMNS, HOST_VIEW_COLUMNS } from '../view-wire.ts';
import { ageMs } from './cluster.ts';
import { containersByNode, containerView, hostView, type RowOrder } from './cluster-view.ts';
import type { Scope } from './scope.ts';

/** JSON has no NaN; what is not known is `null`, never 0. */
function known(value: number | undefined): number | null {
  return value === undefined || !Number.isFinite(value) ? null : value;
}

function columns(names: readonly string[], values: Float64Array): Record<string, number | null> {
  return Object.fromEntries(names.map((name, index) => [name, known(values[index])]));
}

/** A time as the API tells it; `null` for none, and for one that no calendar has. */
export function iso(unixMs: number | undefined): string | null {
  return unixMs === undefined || !Number.isFinite(unixMs) || Math.abs(unixMs) > 8.64e15
    ? null
    : new Date(unixMs).toISOString();
}

export interface ApiNow {
  readonly nowMonotonicMs: number;
  readonly etcd: ServerView['etcd'];
  /** Of who asks. */
  readonly scope?: Scope | undefined;
}

/** `GET /api/v1/hosts`: a host with its facts, what its overlay announced, and its last values. */
export function apiHosts(order: RowOrder, now: ApiNow): object[] {
  const counts = containersByNode(order);
  return order.hosts.map((host) => {
    const view = hostView(host, now.etcd);
    return {
      nodeId: view.nodeId,
      name: view.name,
      state: view.state,
      ageMs: known(ageMs(host, now.nowMonotonicMs)),
      lastFrameAt: iso(view.lastFrameUnixMs),
      subnet: view.overlay?.subnet ?? null,
      overlay: view.overlay === undefined ? null : { ...view.overlay, present: view.overlay.present ?? null },
      kernel: view.kernel ?? null,
      cgroupMode: view.cgroupMode ?? null,
      agentVersion: view.agentVersion ?? null,
      hostCpuCores: known(view.cpuCores),
      memoryTotalBytes: known(view.memoryTotalBytes),
      bootTime: iso(view.bootTimeUnixMs),
      tags: view.tags,
      containers: counts.get(view.nodeId) ?? 0,
      // A path may name what is outside of a scope.
      fullestMount: now.scope === undefined ? (view.fullestMount ?? null) : null,
      ...columns(HOST_VIEW_COLUMNS, host.feed.values),
    };
  });
}

/** `GET /api/v1/containers`: a container with its limits and its last values; `ageMs` is theirs. */
export function apiContainers(order: RowOrder, now: ApiNow): object[] {
  return order.containers.map(({ host, row }) => {
    const view = containerView({ host, row });
    return {
      key: view.key,
      series: view.series ?? null,
      nodeId: view.nodeId,
      host: view.hostName,
      name: view.name,
      runtime: view.runtime,
      image: view.image ?? null,
      labels: view.labels,
      state: view.state,
      ageMs: known(ageMs(host, now.nowMonotonicMs)),
      startedAt: iso(view.startedAtUnixMs),
      cpuLimitCores: known(view.cpuLimitCores),
      memoryLimitBytes: known(view.memoryLimitBytes),
      pidsLimit: known(view.pidsLimit),
      ...columns(VIEW_COLUMNS, row.values),
    };
  });
}

/** `GET /api/v1/alerts`: the same alerts as on the page, with times as ISO 8601. */
export function apiAlerts(alerts: readonly AlertView[]): object[] {
  return alerts.map(({ activeAtUnixMs, firedAtUnixMs, resolvedAtUnixMs, value, ...rest }) => ({
    ...rest,
    value: known(value),
    activeAt: iso(activeAtUnixMs),
    firedAt: iso(firedAtUnixMs),
    resolvedAt: iso(resolvedAtUnixMs),
  }));
}
