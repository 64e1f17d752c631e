import { expect, test } from 'vitest';
import { startEtcdCluster } from '../../support/etcd-cluster.ts';
import { EtcdProcess } from '../../support/etcd-process.ts';
import { makeUnderlay } from '../../support/netns.ts';
import { until } from '../../support/until.ts';

const PREFIX = '/coreos.com/network/subnets/';
const KEY = `${PREFIX}10.5.1.0-24`;
/** Writes before the login: a token names the index of the log at which it was given. */
const WRITES = 300;

test.each<{ members: 1 | 3 }>([{ members: 1 }, { members: 3 }])(
  'a store of $members restored from a snapshot: who was logged in goes on by itself',
  async ({ members }) => {
    await using underlay = await makeUnderlay({ hosts: 2 });
    await using etcd = await startEtcdCluster({ fabric: underlay.fabric, members, tls: 'mutual', auth: true });
    const processAt = async (number: 0 | 1): Promise<EtcdProcess> =>
      EtcdProcess.start(underlay.hosts[number]!.namespace.name, {
        endpoints: etcd.members.map(({ endpoint }) => endpoint),
        tls: etcd.tls,
        auth: { username: etcd.user!.name, password: etcd.user!.password },
      });
    await using writer = await processAt(0);
    for (let number = 0; number < WRITES; number += 1) await writer.put(KEY, String(number));
    await using host = await processAt(1);
    await host.watch(PREFIX);
    await etcd.restore(etcd.snapshot());
    // Nobody else writes meanwhile: the log of the new store stays short.
    await until(() => host.get(KEY), { what: 'an answer', timeoutMs: 20_000, everyMs: 200 });
    const value = 'written to the restored store';
    await host.put(KEY, value);
    await until(() => host.arrivals(PREFIX).has(`${KEY}=${value}`), { what: 'the watch goes on', timeoutMs: 20_000 });
    expect(host.known(PREFIX)).toEqual([`${KEY}=${value}`]);
  },
);

test('users that are switched on after a host with a certificate came: its calls and its watch log in', async () => {
  await using underlay = await makeUnderlay({ hosts: 1 });
  await using etcd = await startEtcdCluster({ fabric: underlay.fabric, members: 1, tls: 'mutual', auth: true });
  await etcd.wipe();
  await using host = await EtcdProcess.start(underlay.hosts[0]!.namespace.name, {
    endpoints: etcd.members.map(({ endpoint }) => endpoint),
    tls: etcd.tls,
    auth: { username: etcd.user!.name, password: etcd.user!.password },
  });
  await host.watch(PREFIX); // finds nothing, so that it goes on without a call
  etcd.enableAuth();
  // Without a token etcd takes the certificate's name for the user's, and that one may do nothing.
  const [member] = etcd.members;
  await member!.kill();
  await member!.start();
  etcd.ctl('put', KEY, 'by root');
  await until(() => host.arrivals(PREFIX).has(`${KEY}=by root`), { what: 'the watch goes on', timeoutMs: 20_000 });
  await host.put(KEY, 'by the host');
  await until(() => host.arrivals(PREFIX).has(`${KEY}=by the host`), { what: 'the write', timeoutMs: 20_000 });
});
