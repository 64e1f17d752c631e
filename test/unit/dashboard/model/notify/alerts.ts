import type { Alert, ResolvedState } from '../../../../../dashboard/model/alert/alert.ts';
import { fingerprint } from '../../../../../dashboard/model/alert/fingerprint.ts';
import { T0 } from '../../builders.ts';

const life = { activeAtUnixMs: T0, heldMs: 30_000, clearMs: undefined, noData: false, value: 0.93 };

export const FIRING: Alert['state'] = { kind: 'firing', firedAtUnixMs: T0, ...life };
export const PENDING: Alert['state'] = { kind: 'pending', ...life };
export const RESOLVED: ResolvedState = {
  kind: 'resolved',
  firedAtUnixMs: T0,
  resolvedAtUnixMs: T0 + 60_000,
  reason: 'recovered',
  ...life,
};

/** An alert of these labels, firing unless `over` says otherwise. */
export function anAlert(labels: Readonly<Record<string, string>> = {}, over: Partial<Alert> = {}): Alert {
  const all = { alertname: 'A', host: 'h1', severity: 'warning', ...labels };
  return {
    fingerprint: fingerprint(all),
    ruleId: 'A',
    rule: 'A',
    target: 'n1/runc:api',
    labels: all,
    annotations: { summary: 'api uses 93%' },
    severity: 'warning',
    metric: 'cpuOfLimitRatio',
    op: '>',
    threshold: 0.8,
    forMs: 30_000,
    noDataSinceUnixMs: undefined,
    state: FIRING,
    levels: [],
    before: undefined,
    transitions: [],
    flapping: false,
    ...over,
  };
}
