import { expect, test } from 'vitest';
import type { Alert } from '../../dashboard/model/alert/alert.ts';
import { AlertmanagerForwarder, postableAlert } from '../../dashboard/io/notify/alertmanager.ts';
import { createLogger } from '../../native/host/log.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { T0 } from '../unit/dashboard/builders.ts';
import { anAlert, FIRING, PENDING, RESOLVED } from '../unit/dashboard/model/notify/alerts.ts';
import { startSink } from './channel-fixture.ts';

const iso = (unixMs: number): string => new Date(unixMs).toISOString();

test.each([
  { name: 'what fires is good for four times the resend', alert: anAlert(), want: iso(T0 + 5000 + 4 * 60_000) },
  {
    name: 'what ended ended when it did',
    alert: anAlert({}, { state: RESOLVED }),
    want: iso(RESOLVED.resolvedAtUnixMs),
  },
])('$name', ({ alert, want }) => {
  expect(postableAlert(alert, { externalUrl: 'https://d', nowUnixMs: T0 + 5000 })).toMatchObject({ endsAt: want });
});

test('an alert is told at once, each minute after, and when it ended; what may only fire is not', async () => {
  await using sink = await startSink({ status: 200 });
  const clock = new ManualClock();
  const forwarder = new AlertmanagerForwarder({
    id: 'am',
    url: new URL(sink.url).origin,
    label: 'am',
    externalUrl: 'https://d',
    http: { policy: { allowed: ['127.0.0.0/8'] }, timeoutMs: 5000, userAgent: 'weft/test' },
    clock,
    log: createLogger({ name: 'test', level: 'fatal' }),
    onOutcome: () => undefined,
  });
  const told = async (alert: Alert): Promise<number> => {
    forwarder.pump([alert], new AbortController().signal);
    await forwarder.settled();
    return sink.bodies.length;
  };
  const firing = anAlert({}, { state: { ...FIRING, firedAtUnixMs: clock.nowMs() - 1 } as Alert['state'] });
  const counts: number[] = [await told(anAlert({}, { state: PENDING })), await told(firing)];
  await clock.advance(59_999);
  counts.push(await told(firing));
  await clock.advance(1);
  counts.push(await told(firing));
  const resolved = { ...RESOLVED, resolvedAtUnixMs: clock.nowMs() + 1 };
  await clock.advance(2);
  counts.push(await told(anAlert({}, { state: resolved })), await told(anAlert({}, { state: resolved })));
  expect(counts).toEqual([0, 1, 1, 2, 3, 3]);
});
