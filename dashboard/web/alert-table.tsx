import type { JSX } from 'preact';
import { Link } from 'wouter-preact';
import { fieldTerm } from '../model/filter.ts';
import type { AlertStateName, AlertView } from '../wire.ts';
import { nowUnixMs } from './clock.ts';
import { FactTable, type FactColumn } from './fact-table.tsx';
import { formatDuration, formatMetric, formatSetting } from './format.ts';
import { containersWith } from './links.ts';
import { Mark, type MarkKind } from './mark.tsx';

const MARK: Readonly<Record<AlertStateName, MarkKind>> = {
  pending: 'pending',
  firing: 'critical',
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

function Labels({ alert }: { readonly alert: AlertView }): JSX.Element {
  return (
    <span class="chips">
      {Object.entries(alert.labels)
        .filter(([name]) => name !== 'alertname')
        .map(([name, value]) => (
          <span key={name} class="chip">
            <span class="chip-name">{name}</span>
            {value}
          </span>
        ))}
    </span>
  );
}

function ValueCell({ alert }: { readonly alert: AlertView }): JSX.Element {
  return (
    <>
      <span class="alert-value">{formatMetric(alert.metric, alert.value)}</span>
      <span class="muted"> / {formatSetting(alert.metric, alert.threshold)}</span>
    </>
  );
}

function sinceUnixMs(alert: AlertView): number {
  switch (alert.state) {
    case 'pending':
      return alert.activeAtUnixMs;
    case 'firing':
      return alert.firedAtUnixMs ?? alert.activeAtUnixMs;
    case 'resolved':
      return alert.resolvedAtUnixMs ?? alert.activeAtUnixMs;
  }
}

function SinceCell({ alert }: { readonly alert: AlertView }): JSX.Element {
  const since = new Date(sinceUnixMs(alert));
  return (
    <time dateTime={since.toISOString()} title={since.toLocaleString()}>
      {formatDuration(nowUnixMs.value - since.getTime())}
      {alert.state === 'resolved' ? ' ago' : null}
    </time>
  );
}

/** The containers page for what the alert is about; nothing when its labels do not say. */
function subjectLink(alert: AlertView): string | undefined {
  const { host, container } = alert.labels;
  const terms = [
    ...(host === undefined ? [] : [fieldTerm('host', host)]),
    ...(container === undefined ? [] : [fieldTerm('name', container)]),
  ];
  return terms.length === 0 ? undefined : containersWith(terms.join(' '));
}

function SubjectCell({ alert }: { readonly alert: AlertView }): JSX.Element {
  const href = subjectLink(alert);
  return href === undefined ? (
    <Labels alert={alert} />
  ) : (
    <Link href={href} class="chips-link">
      <Labels alert={alert} />
    </Link>
  );
}

const COLUMNS: readonly [FactColumn<AlertView>, ...FactColumn<AlertView>[]] = [
  { header: 'Alert', cell: (alert) => <RuleCell alert={alert} /> },
  { header: 'State', cell: (alert) => <StateCell alert={alert} /> },
  { header: 'Labels', cell: (alert) => <SubjectCell alert={alert} /> },
  { header: 'Value / threshold', numeric: true, cell: (alert) => <ValueCell alert={alert} /> },
  { header: 'Since', numeric: true, cell: (alert) => <SinceCell alert={alert} /> },
  { header: 'Notification', cell: (alert) => alert.delivery },
];

/** Alerts with their state, what they are about, and what became of their notification. */
export function AlertTable({ label, alerts }: { label: string; alerts: readonly AlertView[] }): JSX.Element {
  return (
    <FactTable
      label={label}
      columns={COLUMNS}
      rows={alerts}
      keyOf={(alert) => alert.fingerprint}
      rowClass={(alert) => `alert-${alert.state}`}
    />
  );
}
