import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../support/until.ts';
import { makeCluster, STATUS, SUBNETS, type OverlayCluster, type OverlayHost } from './cluster.ts';
import { httpGet } from '../../support/processes.ts';

let folder: string;
let cluster: OverlayCluster;
let h1: OverlayHost;
let h2: OverlayHost;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-test-hook-'));
  const hook = join(folder, 'hook');
  await writeFile(
    hook,
    '#!/bin/sh\necho "$WEFT_EVENT $WEFT_SUBNET $WEFT_PREVIOUS_SUBNET" >> "$(dirname "$0")/calls"\n',
    {
      mode: 0o755,
    },
  );
  cluster = await makeCluster({ hosts: 2 });
  cluster.configure({ Network: '10.5.0.0/16', SubnetMax: '10.5.199.0', Backend: { Type: 'vxlan' } });
  [h1, h2] = cluster.hosts as [OverlayHost, OverlayHost];
  await Promise.all(cluster.hosts.map((host) => host.ready(`--hook=${hook}`)));
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const calls = (): string[] => readFileSync(join(folder, 'calls'), 'utf8').trim().split(/ *\n/);
const keyOf = (subnet: string): string => `${SUBNETS}${subnet.replace('/', '-')}`;

test('a deleted key is told to the hook, and that it is back', async () => {
  const subnet = await h1.subnet();
  cluster.ctl('del', keyOf(subnet));
  await until(() => calls().length === 2, { what: 'two calls' });
  expect(calls()).toEqual([`lease-lost ${subnet}`, `lease-regained ${subnet}`]);
  expect([
    await h1.metric('weft_flannel_lease_losses_total'),
    await h1.metric('weft_flannel_subnet_changes_total'),
  ]).toEqual([1, 0]);
});

test('a change of subnets is told as an error and to the hook, and device, routes and subnet.env follow', async () => {
  const before = await h1.subnet();
  const after = '10.5.150.0/24';
  const value = cluster.keys(keyOf(before)).get(keyOf(before)) ?? '';
  // The end of a change that was begun: this host has another lease, and no more the one it works on.
  cluster.ctl('put', keyOf(after), value);
  cluster.ctl('del', keyOf(before));
  await until(async () => (await h1.subnet()) === after, { what: 'subnet.env' });
  await until(() => calls().at(-1) === `subnet-changed ${after} ${before}`, { what: 'the hook is told' });
  await until(() => h1.ns.ip('addr show dev flannel.1').includes('inet 10.5.150.0/32'), { what: 'address' });
  expect(h1.ns.ip('addr show dev flannel.1')).not.toContain(`inet ${before.replace(/\/.*/, '')}/32`);
  await until(() => h2.ns.ip('route show').includes('10.5.150.0/24 via 10.5.150.0 dev flannel.1 onlink'), {
    what: 'the route on the other host',
  });
  expect(h2.ns.ip('route show')).not.toContain(before);
  expect(cluster.keys(SUBNETS).size).toBe(2);
  expect(await h1.metric('weft_flannel_subnet_changes_total')).toBe(1);
  await until(async () => (await httpGet(`http://${STATUS}/readyz`, { namespace: h1.ns.name })).status === 200, {
    what: 'ready',
  });
  h1.ns.run('ping', '-c', '1', '-W', '2', (await h2.subnet()).replace(/\/.*/, ''));
  const told = h1
    .agent()
    .logs()
    .filter(({ msg }) => String(msg).startsWith('THE SUBNET CHANGED'));
  expect(told).toMatchObject([{ level: 'error', subnet: after, previous: before }]);
});
