import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { etcdHealthy } from '../../cli/demo/etcd.ts';
import { startEtcd } from '../support/etcd.ts';
import { makeUnderlay } from '../support/netns.ts';
import { httpGet, startProcess } from '../support/processes.ts';
import { until } from '../support/until.ts';

test('two hosts on a bridge reach each other, and nothing is left afterwards', async () => {
  const names: string[] = [];
  {
    await using underlay = await makeUnderlay({ hosts: 2 });
    names.push(underlay.fabric.path, ...underlay.hosts.map((host) => host.namespace.path));
    const [first, second] = underlay.hosts;
    expect(first!.namespace.run('ping', '-c', '1', '-W', '2', second!.underlayAddress)).toContain(' 0% packet loss');
  }
  expect(names.filter((path) => existsSync(path))).toEqual([]);
});

test('an etcd in the fabric is reached from a host, and comes back with its data after kill -9', async () => {
  await using underlay = await makeUnderlay({ hosts: 1 });
  const namespace = underlay.hosts[0]!.namespace.name;
  await using etcd = await startEtcd({ namespace: underlay.fabric.name, addresses: [underlay.address, '127.0.0.1'] });
  expect((await httpGet(`${etcd.endpoint}/health`, { namespace })).status).toBe(200);
  await etcd.kill();
  await expect(httpGet(`${etcd.endpoint}/health`, { namespace })).rejects.toThrow();
  await etcd.start();
  expect((await httpGet(`${etcd.endpoint}/health`, { namespace })).body).toContain('true');
});

test('an etcd on loopback is healthy and its process ends with its scope', async () => {
  let pid = 0;
  {
    await using etcd = await startEtcd();
    pid = etcd.pid();
    expect(await etcdHealthy(etcd.endpoint)).toBe(true);
  }
  expect(existsSync(`/proc/${pid}`)).toBe(false);
});

test('a process that ignores SIGTERM is ended all the same', async () => {
  const child = await startProcess(['sh', '-c', 'trap "" TERM; echo up; while :; do sleep 0.1; done']);
  await until(() => child.stdout().includes('up'), { what: 'the trap is set' });
  expect(await child.stop(200)).toEqual({ code: null, signal: 'SIGKILL' });
});
