import type { JSX } from 'preact';
import type { AlertView, RuleView } from '../../wire.ts';
import { AlertTable } from '../alert-table.tsx';
import { Empty, Waiting } from '../empty.tsx';
import { FactTable, type FactColumn } from '../fact-table.tsx';
import { formatDuration, formatSetting, plural } from '../format.ts';
import { Mark } from '../mark.tsx';
import { alerts, alertsMessage, inventory } from '../store.ts';

const STATE_RANK = { firing: 0, pending: 1, resolved: 2 } as const;

function byUrgency(a: AlertView, b: AlertView): number {
  return STATE_RANK[a.state] - STATE_RANK[b.state] || a.activeAtUnixMs - b.activeAtUnixMs;
}

function RuleState({ rule }: { readonly rule: RuleView }): JSX.Element {
  const count = (state: string): number =>
    alerts.value.filter((alert) => alert.rule === rule.name && alert.state === state).length;
  const [firing, pending] = [count('firing'), count('pending')];
  if (firing + pending === 0) return <Mark kind="resolved">quiet</Mark>;
  return (
    <span class="marks">
      {firing > 0 ? <Mark kind="critical">{firing} firing</Mark> : null}
      {pending > 0 ? <Mark kind="pending">{pending} pending</Mark> : null}
    </span>
  );
}

const RULE_COLUMNS: readonly [FactColumn<RuleView>, ...FactColumn<RuleView>[]] = [
  { header: 'Rule', cell: (rule) => rule.name },
  { header: 'State', cell: (rule) => <RuleState rule={rule} /> },
  {
    header: 'Fires when',
    cell: (rule) => (
      <>
        <code>{rule.metric}</code> {rule.op} {formatSetting(rule.metric, rule.threshold)}
      </>
    ),
  },
  { header: 'For', numeric: true, cell: (rule) => (rule.forMs === 0 ? 'at once' : formatDuration(rule.forMs)) },
  { header: 'Severity', cell: (rule) => rule.severity },
];

function Rules({ rules }: { readonly rules: readonly RuleView[] }): JSX.Element {
  return (
    <section aria-labelledby="rules-title">
      <div class="section-head">
        <h2 id="rules-title">Rules</h2>
        <span class="muted">{plural(rules.length, 'rule')}</span>
      </div>
      {rules.length === 0 ? (
        <Empty title="There are no rules">
          <p>
            Start <code>weft dashboard</code> with <code>--rules FILE.yaml</code> to be told when a container uses too
            much.
          </p>
        </Empty>
      ) : (
        <FactTable label="Alert rules" columns={RULE_COLUMNS} rows={rules} keyOf={(rule) => rule.name} />
      )}
    </section>
  );
}

function Webhooks(): JSX.Element | null {
  const count = inventory.value?.server.webhooks;
  if (count === undefined) return null;
  return (
    <p class="muted page-note">
      {count === 0 ? (
        <>
          Nobody is notified: start <code>weft dashboard</code> with <code>--webhook URL</code>.
        </>
      ) : (
        `Notifications go to ${plural(count, 'webhook')}.`
      )}
    </p>
  );
}

/** What fires, what is about to, what is over, and the rules that decide it. */
export function Alerts(): JSX.Element {
  const message = alertsMessage.value;
  if (message === undefined) return <Waiting title="Alerts" />;
  const active = message.alerts.filter((alert) => alert.state !== 'resolved').sort(byUrgency);
  const resolved = message.alerts
    .filter((alert) => alert.state === 'resolved')
    .sort((a, b) => (b.resolvedAtUnixMs ?? 0) - (a.resolvedAtUnixMs ?? 0));
  return (
    <div class="stack">
      <div class="page-head">
        <h1>Alerts</h1>
        <Webhooks />
      </div>
      <section aria-labelledby="active-title">
        <div class="section-head">
          <h2 id="active-title">Active</h2>
          <span class="muted">{plural(active.length, 'alert')}</span>
        </div>
        {active.length === 0 ? (
          <p class="quiet-line">
            <Mark kind="resolved">
              {message.rules.length === 0 ? 'No alerts' : `All quiet: ${plural(message.rules.length, 'rule')} watched`}
            </Mark>
          </p>
        ) : (
          <AlertTable label="Active alerts" alerts={active} />
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
      <Rules rules={message.rules} />
    </div>
  );
}
