import { HOST_VIEW_COLUMNS, VIEW_COLUMNS } from '../view-wire.ts';
import { tagTexts, type HostRow } from './host-rows.ts';
import { valueAt, type ContainerBlock } from './columns.ts';
import type { ContainerView } from '../wire.ts';

/** One row of an export: facts as text, values as numbers; `null` where unknown. */
export type ExportRow = Readonly<Record<string, string | number | null>>;

export interface ExportSource {
  readonly containers: readonly { readonly container: ContainerView; readonly row: number }[];
  readonly block: ContainerBlock | undefined;
}

const known = (value: number | undefined): number | null =>
  value === undefined || !Number.isFinite(value) ? null : value;

const time = (unixMs: number | undefined): string | null =>
  unixMs === undefined || Math.abs(unixMs) > 8.64e15 ? null : new Date(unixMs).toISOString();

/** The rows that are on the screen, in their order, with all their values. */
export function exportRows({ containers, block }: ExportSource): ExportRow[] {
  return containers.map(({ container, row }) => ({
    host: container.hostName,
    name: container.name,
    image: container.image ?? null,
    runtime: container.runtime,
    state: container.state,
    health: container.health ?? null,
    startedAt: time(container.startedAtUnixMs),
    cpuLimitCores: known(container.cpuLimitCores),
    memoryLimitBytes: known(container.memoryLimitBytes),
    ...Object.fromEntries(VIEW_COLUMNS.map((column) => [column, known(valueAt(block, column, row))])),
    labels: Object.entries(container.labels)
      .map(([name, value]) => `${name}=${value}`)
      .join(' '),
  }));
}

/** The hosts that are on the screen, in their order, with all their values. */
export function exportHosts(rows: readonly HostRow[]): ExportRow[] {
  return rows.map(({ host, alerts, value }) => ({
    nodeId: host.nodeId,
    name: host.name,
    state: host.state,
    lastFrameAt: time(host.lastFrameUnixMs),
    agentVersion: host.agentVersion ?? null,
    kernel: host.kernel ?? null,
    bootTime: time(host.bootTimeUnixMs),
    containers: host.containers,
    alerts,
    cpuCoresTotal: known(host.cpuCores),
    memoryTotalBytes: known(host.memoryTotalBytes),
    ...Object.fromEntries(HOST_VIEW_COLUMNS.map((column) => [column, known(value(column))])),
    fullestMount: host.fullestMount ?? null,
    labels: tagTexts(host).join(' '),
    subnet: host.overlay?.subnet ?? null,
    publicIp: host.overlay?.publicIp ?? null,
    mtu: known(host.overlay?.mtu),
  }));
}

/** A text that a spreadsheet would take for a formula stays a text: names and labels are their owners' to choose. */
function csvCell(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const safe = /^[=+\-@\t\r\n]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** RFC 4180, with a line of names. */
export function csvOf(rows: readonly ExportRow[]): string {
  const names = Object.keys(rows[0] ?? {});
  const lines = [names.join(','), ...rows.map((row) => names.map((name) => csvCell(row[name] ?? null)).join(','))];
  return `${lines.join('\r\n')}\r\n`;
}
