import { expect, test } from 'vitest';
import { compileRoutes } from '../../../../../dashboard/model/notify/route.ts';
import { whyLine, type WhyInput } from '../../../../../dashboard/model/notify/why.ts';
import { T0 } from '../../builders.ts';
import { anAlert, PENDING, RESOLVED } from './alerts.ts';

const alert = anAlert();
const route = compileRoutes({ receiver: 'r' });
const group = { key: 'g', route, labels: {}, nextFlushUnixMs: T0 + 12_000, flushed: false, alerts: [] };
const entry = { groupKey: 'g', receiver: 'r', firing: [alert.fingerprint], resolved: [], atUnixMs: T0 };
const silence = {
  id: '01J',
  matchers: [],
  startsAtUnixMs: T0,
  endsAtUnixMs: T0 + 4 * 3_600_000,
  updatedAtUnixMs: T0,
  createdBy: 'ann',
  comment: 'works',
  annotations: {},
};
const idle = { label: 'ops', status: { kind: 'idle' }, entry: undefined } as const;
const sent = { label: 'ops', status: { kind: 'sent', status: '200', atUnixMs: T0 }, entry } as const;

test.each<Partial<WhyInput> & { readonly want: string }>([
  {
    alert: anAlert({}, { state: { ...PENDING, heldMs: 12_000 } as typeof PENDING }),
    want: 'not sent: pending 12 s of 30 s',
  },
  { want: 'not sent yet: groups for 12 s more' },
  { group: { ...group, flushed: true }, want: 'not sent yet: its group is told of changes in 12 s' },
  { suppression: { kind: 'silenced', by: silence }, want: 'not sent: silenced by 01J until 14:00 UTC by ann: works' },
  {
    suppression: { kind: 'inhibited', by: anAlert({ alertname: 'HostUnreachable' }) },
    want: 'not sent: inhibited by HostUnreachable, h1',
  },
  {
    suppression: { kind: 'muted', by: 'weekends', untilUnixMs: T0 + 48 * 3_600_000 },
    want: 'not sent: muted by weekends until 2026-11-22 10:00 UTC',
  },
  { leader: 'dash-2', want: 'not sent: dash-2 notifies, not this dashboard' },
  { channels: [], want: 'not sent: no channel is configured' },
  { graceUntil: 'hosts', want: 'not sent: the dashboard started a moment ago and waits for its hosts' },
  { channels: [sent], want: 'sent to ops at 10:00:00 UTC (200)' },
  {
    channels: [sent],
    acknowledgedBy: 'bob',
    want: 'sent to ops at 10:00:00 UTC (200); acknowledged by bob, so not repeated',
  },
  { channels: [{ ...idle, status: { kind: 'sending' } }], want: 'being sent to ops' },
  {
    channels: [{ ...idle, status: { kind: 'retrying', why: 'answered 500', attempt: 3, nextUnixMs: T0 } }],
    want: 'ops answered 500; attempt 3 at 10:00:00 UTC',
  },
  {
    channels: [{ ...idle, status: { kind: 'refused', why: 'refused it with 404', atUnixMs: T0 } }],
    want: 'ops refused it with 404 at 10:00:00 UTC; it is not sent again',
  },
  { channels: [{ ...idle, status: { kind: 'disabled', why: 'gone' } }], want: 'ops is switched off: gone' },
  {
    channels: [sent, { ...idle, label: 'dev' }],
    want: 'sent to ops at 10:00:00 UTC (200); not sent yet: groups for 12 s more',
  },
  { alert: anAlert({}, { state: RESOLVED }), want: 'not sent: it resolved before anyone was told' },
])('$want', ({ want, ...over }) => {
  const input: WhyInput = {
    alert,
    nowUnixMs: T0,
    group,
    suppression: undefined,
    channels: [idle],
    leader: undefined,
    graceUntil: undefined,
    acknowledgedBy: undefined,
    ...over,
  };
  expect(whyLine(input)).toBe(want);
});
