import { expect, test } from 'vitest';
import { WatchHealth } from '../../../flannel/watch-health.ts';
import { EtcdError } from '../../../native/etcd/errors.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const connected = { kind: 'connected', endpoint: 'http://a:1' } as const;
const unavailable = {
  kind: 'unavailable',
  error: new EtcdError({ operation: 'watch', key: '/p', code: 'UNAVAILABLE', endpoint: 'http://a:1', reason: 'gone' }),
} as const;

test('nothing is known before anything was heard', () => {
  expect(new WatchHealth(new ManualClock()).view()).toEqual({});
});

test('the lag is what the last answer took, and an open question that has taken longer', async () => {
  const clock = new ManualClock();
  const health = new WatchHealth(clock);
  health.asked();
  await clock.advance(30);
  health.heard(7n);
  health.state(connected);
  await clock.advance(2_000);
  expect(health.view()).toEqual({ endpoint: 'http://a:1', lagMs: 30, silenceMs: 2_000, revision: '7' });
  health.asked();
  await clock.advance(10);
  expect(health.view().lagMs).toBe(30);
  await clock.advance(490);
  expect(health.view()).toMatchObject({ lagMs: 500, silenceMs: 2_500 });
  health.heard(9n);
  expect(health.view()).toMatchObject({ lagMs: 500, silenceMs: 0, revision: '9' });
});

test('without a connection the lag is the age of what is known', async () => {
  const clock = new ManualClock();
  const health = new WatchHealth(clock);
  health.asked();
  health.heard(7n);
  health.state(connected);
  health.asked();
  await clock.advance(4_000);
  health.state(unavailable);
  await clock.advance(6_000);
  expect(health.view()).toEqual({ lagMs: 10_000, silenceMs: 10_000, revision: '7' });
  // Tried again: the question is a new one.
  health.asked();
  await clock.advance(20);
  health.heard(8n);
  health.state(connected);
  expect(health.view()).toMatchObject({ lagMs: 20, silenceMs: 0 });
});
