import type { JSX } from 'preact';
import type { AlertStateName, AlertView } from '../wire.ts';
import { formatMeasured } from './alerts/amount.ts';
import { Subject } from './alerts/subject.tsx';
import { nowUnixMs } from './clock.ts';
import { FactTable, type FactColumn } from './fact-table.tsx';
import { formatDuration } from './format.ts';
import { Mark, type MarkKind } from './mark.tsx';
import { formatStamp } from './stamp.ts';
import { timeZone } from './time-zone.ts';

const MARK: Readonly<Record<AlertStateName, MarkKind>> = {
  pending: 'pending',
  firing: 'critical',
  recovering: 'late',
  resolved: 'resolved',
};

function RuleCell({ alert }: { readonly alert: AlertView }): JSX.Element {
  const summary = alert.annotations['summary'] ?? alert.annotations['description'];
  return (
    <>
      <span class="alert-rule">{alert.rule}</span>
      {summary === undefined ? null : <span class="alert-summary muted">{summary}</span>}
    </>
  );
}

function Progress({ alert }: { readonly alert: AlertView }): JSX.Element {
  const elapsedMs = Math.min(alert.forMs, Math.max(0, nowUnixMs.value - alert.activeAtUnixMs));
  return (
    <>
      <span class="alert-progress numeric">
        {formatDuration(elapsedMs)} of {formatDuration(alert.forMs)}
      </span>
      <progress class="pending-bar" max={alert.forMs} value={elapsedMs} aria-label="Pending time" />
    </>
  );
}

function StateCell({ alert }: { readonly alert: AlertView }): JSX.Element {
  return (
    <span class={`alert-state state-${alert.state}`}>
      <Mark kind={MARK[alert.state]}>{alert.state}</Mark>
      {alert.state === 'pending' && !alert.noData ? <Progress alert={alert} /> : null}
      {alert.noData ? <Mark kind="stale">no data: state kept</Mark> : null}
    </span>
  );
}

function ValueCell({ alert }: { readonly alert: AlertView }): JSX.Element {
  const [value, threshold] = formatMeasured(alert);
  return (
    <>
      <span class="alert-value">{value}</span>
      <span class="muted"> / {threshold}</span>
    </>
  );
}

function sinceUnixMs(alert: AlertView): number {
  switch (alert.state) {
    case 'pending':
      return alert.activeAtUnixMs;
    case 'firing':
    case 'recovering':
      return alert.firedAtUnixMs ?? alert.activeAtUnixMs;
    case 'resolved':
      return alert.resolvedAtUnixMs ?? alert.activeAtUnixMs;
  }
}

function SinceCell({ alert }: { readonly alert: AlertView }): JSX.Element {
  const since = new Date(sinceUnixMs(alert));
  return (
    <time dateTime={since.toISOString()} title={formatStamp(since.getTime(), timeZone.value)}>
      {formatDuration(nowUnixMs.value - since.getTime())}
      {alert.state === 'resolved' ? ' ago' : null}
    </time>
  );
}

const SEVERITY_MARKS: Readonly<Record<string, MarkKind>> = { critical: 'critical', warning: 'late', info: 'off' };

/** How bad it is, by shape, colour and word. */
export function Severity({ severity }: { readonly severity: string }): JSX.Element {
  return <Mark kind={SEVERITY_MARKS[severity] ?? 'off'}>{severity}</Mark>;
}

const COLUMNS: readonly [FactColumn<AlertView>, ...FactColumn<AlertView>[]] = [
  { header: 'Alert', cell: (alert) => <RuleCell alert={alert} /> },
  { header: 'Severity', cell: (alert) => <Severity severity={alert.severity} /> },
  { header: 'State', cell: (alert) => <StateCell alert={alert} /> },
  { header: 'Labels', cell: (alert) => <Subject about={alert} /> },
  { header: 'Value / threshold', numeric: true, cell: (alert) => <ValueCell alert={alert} /> },
  { header: 'Since', numeric: true, cell: (alert) => <SinceCell alert={alert} /> },
  { header: 'Notification', cell: (alert) => alert.delivery },
];

interface AlertTableProps {
  readonly label: string;
  readonly alerts: readonly AlertView[];
  readonly actions?: (alert: AlertView) => JSX.Element;
}

/** Alerts with their state, what they are about, and what became of their notification. */
export function AlertTable({ label, alerts, actions }: AlertTableProps): JSX.Element {
  return (
    <FactTable
      label={label}
      columns={actions === undefined ? COLUMNS : [...COLUMNS, { header: 'Actions', cell: actions }]}
      rows={alerts}
      keyOf={(alert) => alert.fingerprint}
      rowClass={(alert) => `alert-${alert.state}`}
    />
  );
}
