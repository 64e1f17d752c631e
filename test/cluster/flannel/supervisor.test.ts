import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { receiveDatagrams } from '../../support/datagrams.ts';
import { until } from '../../support/until.ts';
import { makeCluster, type OverlayCluster, type OverlayHost } from './cluster.ts';

let folder: string;
let cluster: OverlayCluster;
let host: OverlayHost;
let notifySocket: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-test-supervisor-'));
  notifySocket = join(folder, 'notify');
  cluster = await makeCluster({ hosts: 1, env: { NOTIFY_SOCKET: notifySocket } });
  [host] = cluster.hosts as [OverlayHost];
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

// A unit of flanneld's has Type=notify: systemd ends what does not say READY=1, and starts docker behind it.
test('systemd is told once that containers may start, when subnet.env is there', async () => {
  await using receiver = await receiveDatagrams(notifySocket, host.subnetFile);
  await using child = await host.start();
  await until(() => child.logs().some(({ subject }) => subject === 'network config'), {
    what: 'it waits for a config',
  });
  expect(receiver.lines()).toEqual([]);
  cluster.configure({ Network: '10.5.0.0/16', Backend: { Type: 'vxlan' } });
  await until(() => receiver.lines().length > 0, { what: 'systemd is told' });
  host.ns.ip('link set eth0 mtu 1400'); // subnet.env is written again
  await until(async () => (await host.environment())['FLANNEL_MTU'] === '1350', { what: 'another MTU' });
  expect(receiver.lines()).toEqual(['file: READY=1']);
});

test('a supervisor that does not listen yet is told when it does', async () => {
  await host.stop();
  await rm(notifySocket, { force: true });
  await using child = await host.start();
  const warnings = (): unknown[] => child.logs().filter(({ path }) => path === notifySocket);
  await until(() => warnings().length > 0, { what: 'the log tells that nobody listens' });
  await using receiver = await receiveDatagrams(notifySocket, host.subnetFile);
  await until(() => receiver.lines().length > 0, { what: 'systemd is told', timeoutMs: 30_000 });
  expect([receiver.lines(), warnings().length, child.exit()]).toEqual([['file: READY=1'], 1, undefined]);
});
