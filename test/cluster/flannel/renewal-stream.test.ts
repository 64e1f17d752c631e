import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { grantLease, leaseName, revokeLease } from '../../../native/etcd/lease.ts';
import { RenewalStream } from '../../../native/etcd/renewal-stream.ts';
import { systemClock } from '../../../native/host/clock.ts';
import { until } from '../../support/until.ts';
import { freshEtcd } from './fresh-etcd.ts';

const fresh = freshEtcd();

test('a lease is renewed over one stream, through a restart of etcd, until it is gone', async () => {
  const { client, etcd } = fresh;
  using renewals = new RenewalStream(client, systemClock);
  const signal = AbortSignal.timeout(60_000);
  const lease = await grantLease(client, 60);
  expect([await renewals.renew(lease.id, signal), await renewals.renew(lease.id, signal)]).toEqual([60, 60]);
  await etcd.kill();
  await expect(renewals.renew(lease.id, signal)).rejects.toThrow(
    `cannot keep alive ${leaseName(lease.id)} at ${etcd.endpoint}: `,
  );
  await etcd.start();
  const again = await until(() => renewals.renew(lease.id, signal).catch(() => undefined), { what: 'renewed again' });
  expect(again).toBe(60);
  await revokeLease(client, lease.id);
  expect(await renewals.renew(lease.id, signal)).toBeUndefined();
});

test('a renewal gives up on a member that hangs, ends when it is told to, and goes on afterwards', async () => {
  const { client, etcd } = fresh;
  using renewals = new RenewalStream(client, systemClock);
  const signal = AbortSignal.timeout(60_000);
  const lease = await grantLease(client, 60);
  await renewals.renew(lease.id, signal);
  const stop = new AbortController();
  process.kill(etcd.pid(), 'SIGSTOP');
  // What runs on another processor goes on until it is stopped there.
  await until(() => /^State:\s+T/m.test(readFileSync(`/proc/${etcd.pid()}/status`, 'utf8')), {
    what: 'etcd stands still',
  });
  try {
    const hung = renewals.renew(lease.id, signal);
    await expect(hung).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', reason: 'no answer in time' });
    const stopped = renewals.renew(lease.id, stop.signal);
    stop.abort(new RangeError('told to stop'));
    await expect(stopped).rejects.toThrow('told to stop');
  } finally {
    process.kill(etcd.pid(), 'SIGCONT');
  }
  const again = await until(() => renewals.renew(lease.id, signal).catch(() => undefined), { what: 'renewed again' });
  expect(again).toBe(60);
});
