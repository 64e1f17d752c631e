import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../support/until.ts';
import { containerAddress, makeCluster, reaches, startPing, type OverlayCluster, type OverlayHost } from './cluster.ts';

const KEY = '/coreos.com/network/config';
const NETWORK = { Network: '10.5.0.0/16' };
const VXLAN = { Type: 'vxlan' };

let cluster: OverlayCluster;
let one: OverlayHost;
let two: OverlayHost;
let pids: number[];

beforeAll(async () => {
  cluster = await makeCluster({ hosts: 2 });
  [one, two] = cluster.hosts as [OverlayHost, OverlayHost];
  cluster.configure({ ...NETWORK, Backend: VXLAN });
  pids = await Promise.all(cluster.hosts.map(async (host) => (await host.ready()).pid));
  for (const host of cluster.hosts) host.ns.run('sysctl', '-qw', 'net.ipv4.ip_forward=1');
  const there = await Promise.all(cluster.hosts.map((host) => containerAddress(host)));
  await reaches(one, there[1]!);
  await reaches(two, there[0]!);
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

const configure = (backend: object, more: object = {}): void => {
  cluster.configure({ ...NETWORK, ...more, Backend: { ...VXLAN, ...backend } });
};

const mtuOf = (host: OverlayHost): number =>
  (JSON.parse(host.ns.ip('-j link show dev flannel.1')) as { mtu: number }[])[0]!.mtu;

/** On the devices of both hosts and in subnet.env. */
async function untilMtu(mtu: number): Promise<void> {
  for (const host of cluster.hosts) {
    await until(async () => mtuOf(host) === mtu && (await host.environment())['FLANNEL_MTU'] === String(mtu), {
      what: `${host.ns.name} has the MTU ${mtu}`,
      timeoutMs: 30_000,
    });
  }
}

/** How often the log tells something whose text has these words. */
const told = (host: OverlayHost, words: string): number =>
  host
    .agent()
    .logs()
    .filter((line) => JSON.stringify(line).includes(words)).length;

async function untilProblem(host: OverlayHost, sentence: string | undefined): Promise<void> {
  await until(
    async () => {
      const problem = (await host.status()).problems.find(({ subject }) => subject === 'network config');
      return sentence === undefined ? problem === undefined : problem?.sentence.includes(sentence) === true;
    },
    { what: `${host.ns.name} tells of its config: ${sentence ?? 'nothing'}`, timeoutMs: 30_000 },
  );
}

test('an MTU and DirectRouting are taken over while packets flow, without a restart', async () => {
  const target = await containerAddress(two);
  const ping = await startPing(one, target, await containerAddress(one));
  configure({ MTU: 1400, DirectRouting: true });
  await untilMtu(1350);
  const subnet = await two.subnet();
  await until(() => one.ns.ip(`route show ${subnet}`).includes(`via ${two.address} dev eth0`), {
    what: 'a route over the underlay',
  });
  configure({ MTU: 1400 });
  await until(() => one.ns.ip(`route show ${subnet}`).includes('dev flannel.1'), { what: 'a route over VXLAN' });
  expect((await ping.lost()).lost).toBe(0);
  expect(cluster.hosts.map((host) => host.agent().pid)).toEqual(pids);
  expect((await one.status()).config).toMatchObject({
    text: JSON.stringify({ ...NETWORK, Backend: { ...VXLAN, MTU: 1400 } }),
    parsed: { Backend: { MTU: 1400, DirectRouting: false } },
    pendingRestart: [],
  });
  expect(told(one, 'Backend.MTU 0 -> 1400')).toBe(1);
});

test('what hosts have to agree on waits for a restart and is told once; the rest is taken over', async () => {
  configure({ VNI: 7, MTU: 1300 });
  await untilMtu(1250);
  await untilProblem(one, 'waits for a restart of this agent: Backend.VNI 1 -> 7');
  const { config, readiness } = await one.status();
  expect([config?.pendingRestart, readiness.ready]).toEqual([['Backend.VNI 1 -> 7'], true]);
  expect(await one.metric('weft_flannel_config_pending_restart')).toBe(1);
  expect(told(one, 'waits for a restart')).toBe(1);
  configure({ MTU: 1300 });
  await untilProblem(one, undefined);
  expect(await one.metric('weft_flannel_config_pending_restart')).toBe(0);
});

test.each([
  { name: 'junk', write: () => cluster.ctl('put', KEY, 'nonsense'), sentence: `${KEY}: not JSON` },
  {
    name: 'an MTU that is too small',
    write: () => {
      configure({ MTU: 100 });
    },
    sentence: 'MTU',
  },
  { name: 'nothing', write: () => cluster.ctl('del', KEY), sentence: `${KEY}: it was deleted` },
])('$name in the key: told, and the agent goes on with what it has', async ({ write, sentence }) => {
  write();
  await untilProblem(one, sentence);
  await untilProblem(one, 'the agent goes on with the configuration that it has');
  expect(await one.metric('weft_flannel_config_unusable')).toBe(1);
  expect(mtuOf(one)).toBe(1250);
  expect((await one.status()).readiness.ready).toBe(true);
  configure({ MTU: 1300 });
  await untilProblem(one, undefined);
  expect(await one.metric('weft_flannel_config_unusable')).toBe(0);
});

test('changes while the agent sleeps and the history is compacted: the last one is taken over', async () => {
  one.agent().signal('SIGSTOP');
  for (const mtu of [1390, 1380, 1370]) configure({ MTU: mtu });
  const { header } = JSON.parse(cluster.ctl('get', '-w', 'json', KEY)) as { header: { revision: number } };
  cluster.ctl('compact', '--physical', String(header.revision));
  await cluster.etcd.kill(); // the stream is gone as well, with what was on its way
  await cluster.etcd.start();
  one.agent().signal('SIGCONT');
  await untilMtu(1320);
});

test('another store with another config: taken over', async () => {
  const argv = readFileSync(`/proc/${cluster.etcd.pid()}/cmdline`, 'utf8').split('\0');
  const folder = argv.find((word) => word.startsWith('--data-dir='))?.replace('--data-dir=', '') ?? '';
  expect(folder).toMatch(/weft-test-etcd-/);
  await cluster.etcd.kill();
  await rm(folder, { recursive: true });
  await cluster.etcd.start();
  configure({ MTU: 1500 });
  await untilMtu(1450);
  await untilProblem(one, undefined);
  expect(cluster.hosts.map((host) => host.agent().pid)).toEqual(pids);
});
