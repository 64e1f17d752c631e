import { mkdtemp, rm } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packageRoot } from '../../../native/host/package-root.ts';
import { startEtcdCluster, type EtcdCluster } from '../../support/etcd-cluster.ts';
import { GRANTS, grantWords, revokeWords, type Grant } from '../../support/etcd-users.ts';
import { makeUnderlay } from '../../support/netns.ts';
import { untilReady } from '../../support/processes.ts';
import { until } from '../../support/until.ts';
import { overlayHost, STATUS, type OverlayHost } from './cluster.ts';

const [CONFIG, LEASES, AGENTS, RESERVATIONS] = GRANTS;

const stack = new AsyncDisposableStack();
let etcd: EtcdCluster;
let one: OverlayHost;
let two: OverlayHost;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weft-test-flannel-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const underlay = stack.use(await makeUnderlay({ hosts: 2 }));
  etcd = stack.use(await startEtcdCluster({ fabric: underlay.fabric, tls: 'mutual', auth: true }));
  etcd.ctl('put', CONFIG.key, '{"Network":"10.5.0.0/16","Backend":{"Type":"vxlan"}}');
  const hosts = underlay.hosts.map((host) => overlayHost(host, { folder, etcdFlags: etcd.agentFlags() }));
  stack.defer(async () => {
    await Promise.all(hosts.map((host) => host.stop()));
  });
  [one, two] = hosts as [OverlayHost, OverlayHost];
});

afterAll(async () => {
  await stack.disposeAsync();
});

const told = (host: OverlayHost, sentence: string): boolean =>
  host
    .agent()
    .logs()
    .some((line) => JSON.stringify(line).includes(sentence));

test('the role in the README is the one that these tests give', () => {
  const readme = readFileSync(join(packageRoot(), 'flannel/README.md'), 'utf8');
  const commands = GRANTS.map((grant) => `etcdctl ${grantWords(grant).join(' ').replaceAll(' weft ', ' flannel ')}`);
  expect(commands.filter((command) => !readme.includes(`${command}\n`))).toEqual([]);
});

test('agents under exactly that role lease, show themselves and reach each other without a word', async () => {
  await one.ready();
  await two.ready();
  for (const host of [one, two]) {
    await until(async () => (await host.status()).peers.programmed === 1, { what: 'the peer is programmed' });
    expect((await host.status()).problems).toEqual([]);
    expect(
      host
        .agent()
        .logs()
        .filter(({ level }) => Number(level) >= 40),
    ).toEqual([]);
  }
  expect(etcd.ctl('get', '--prefix', '--keys-only', AGENTS.key).match(/\/weft\/agents\/\S+\/flannel/g)).toHaveLength(2);
});

const REMEDY = 'etcdctl role grant-permission ROLE';

test.each<{ name: string; lost: Grant; left?: Grant; sentence: string; remedy: string }>([
  {
    name: 'the config',
    lost: CONFIG,
    sentence: `the etcd user weft lacks the permission read on the key ${CONFIG.key}`,
    remedy: `${REMEDY} read ${CONFIG.key}`,
  },
  {
    name: 'the leases',
    lost: LEASES,
    sentence: `the etcd user weft lacks the permission read on the keys that start with ${LEASES.key}`,
    remedy: `${REMEDY} --prefix=true read ${LEASES.key}`,
  },
  {
    name: 'the leases, which it may only read',
    lost: LEASES,
    left: { ...LEASES, permission: 'read' },
    sentence: `the etcd user weft lacks the permission readwrite on the keys that start with ${LEASES.key}`,
    remedy: `${REMEDY} --prefix=true readwrite ${LEASES.key}`,
  },
  {
    name: 'the signs of life',
    lost: AGENTS,
    sentence: `the etcd user weft lacks the permission write on the keys that start with ${AGENTS.key}`,
    remedy: `${REMEDY} --prefix=true write ${AGENTS.key}`,
  },
  {
    name: 'the reservations',
    lost: RESERVATIONS,
    sentence: `the etcd user weft lacks the permission read on the keys that start with ${RESERVATIONS.key}`,
    remedy: `${REMEDY} --prefix=true read ${RESERVATIONS.key}`,
  },
])('without the permission for $name an agent says what its user lacks, and goes on with it', async (missing) => {
  const { lost, left, sentence, remedy } = missing;
  await one.stop();
  // A lease of its own would be found and need no write.
  etcd.ctl('del', `${LEASES.key}/${(await one.subnet()).replace('/', '-')}`);
  etcd.ctl(...revokeWords(lost));
  if (left !== undefined) etcd.ctl(...grantWords(left));
  const child = await one.start();
  await until(() => told(one, `${sentence}: ${remedy}`), { what: sentence, timeoutMs: 20_000 });
  if (left !== undefined) etcd.ctl(...revokeWords(left));
  etcd.ctl(...grantWords(lost));
  await untilReady(child, { listen: STATUS, namespace: one.ns.name, timeoutMs: 30_000 });
  await until(async () => (await one.status()).problems.length === 0, {
    what: 'no problem is left',
    timeoutMs: 20_000,
  });
});

test('the permission for the config is taken away while the agent runs: told, and the agent goes on', async () => {
  const problem = async (): Promise<string | undefined> =>
    (await one.status()).problems.find(({ subject }) => subject === 'network config')?.sentence;
  etcd.ctl(...revokeWords(CONFIG));
  // etcd asks for permissions when a watch begins.
  await Promise.all(etcd.members.map((member) => member.kill()));
  await Promise.all(etcd.members.map((member) => member.start({ alone: true })));
  await until(async () => (await problem())?.includes(`lacks the permission read on the key ${CONFIG.key}`), {
    what: 'the status tells',
    timeoutMs: 30_000,
  });
  expect(await problem()).toMatch(/the agent goes on with the configuration that it has$/);
  expect((await one.status()).readiness.ready).toBe(true);
  etcd.ctl(...grantWords(CONFIG));
  await until(async () => (await problem()) === undefined, { what: 'no problem is left', timeoutMs: 20_000 });
});
