import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../support/until.ts';
import { makeCluster, SUBNETS, type OverlayCluster, type OverlayHost } from './cluster.ts';
import { answerOf, type Answer } from './command.ts';

let cluster: OverlayCluster;
let one: OverlayHost;
let two: OverlayHost;
let stateDir: string;

beforeAll(async () => {
  cluster = await makeCluster({ hosts: 2 });
  [one, two] = cluster.hosts as [OverlayHost, OverlayHost];
  cluster.configure({ Network: '10.5.0.0/16', Backend: { Type: 'vxlan', DirectRouting: true } });
  await one.ready('--ip-blackhole-route');
  await two.ready();
  await until(async () => (await one.status()).peers.programmed === 1, { what: 'one knows two' });
  stateDir = one.subnetFile.replace(/\.env$/, '');
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

const cleanup = (...flags: readonly string[]): Promise<Answer> =>
  answerOf(one, ['cleanup', ...flags], {
    FLANNELD_ETCD_ENDPOINTS: cluster.etcd.endpoint,
    FLANNELD_SUBNET_FILE: one.subnetFile,
    FLANNELD_STATE_DIR: stateDir,
  });

/** What a flanneld would have left beside, and what is nobody's business. */
function furnish(): void {
  one.ns.run(
    'nft',
    'add table ip flannel-ipv4; add chain ip flannel-ipv4 postrtg; add table ip mine; add table inet flannel-ipv4',
  );
  const rules = [
    '*nat',
    ':FLANNEL-POSTRTG - [0:0]',
    '-A POSTROUTING -m comment --comment "flanneld masq" -j FLANNEL-POSTRTG',
    '-A POSTROUTING -s 10.77.0.0/16 -j MASQUERADE',
    'COMMIT',
    '',
  ];
  one.ns.run('sh', '-c', `printf '%s\\n' "$0" | iptables-nft-restore --noflush`, rules.join('\n'));
  one.ns.ip('link add other0 type vxlan id 9 dev eth0 dstport 4790');
  one.ns.ip('link add flannel.9 type bridge');
  one.ns.ip('route add 10.99.0.0/24 via 192.168.77.1 proto static');
  mkdirSync(`${stateDir}/dashboard`);
}

test('while the agent runs nothing is touched', async () => {
  const { code, out, err } = await cleanup();
  expect([code, out]).toEqual([1, '']);
  expect(err).toMatch(
    /^weft cleanup: weft flanneld runs here \(pid \d+\) and would put it back: stop it, or give --force$/m,
  );
  expect(one.device().ifindex).toBeGreaterThan(0);
});

test('all that is ours goes, as told before, and nothing else', async () => {
  const subnet = await one.subnet();
  const twoSubnet = await two.subnet();
  await one.stop();
  furnish();
  const dry = await cleanup('--dry-run', '--release-lease', '--state');
  const told = [
    `release the lease ${SUBNETS}${subnet.replace('/', '-')}`,
    'delete the vxlan device flannel.1 and all that is on it',
    `delete the blackhole route ${subnet}`,
    `delete the route ${twoSubnet} via ${two.address} dev eth0`,
    'delete the nftables table ip flannel-ipv4',
    'delete the chains FLANNEL-FWD and what leads there (iptables-nft, table filter)',
    'delete the chains FLANNEL-POSTRTG and what leads there (iptables-nft, table nat)',
    `remove ${one.subnetFile}`,
    `remove ${stateDir}/node-id`,
    `remove ${stateDir}/flannel.1.mac`,
    `remove ${stateDir}/firewall-place`,
  ];
  expect(dry.code).toBe(0);
  const lines = dry.out.trim().split('\n');
  const last = lines.pop();
  expect(lines.toSorted()).toEqual(told.toSorted());
  expect(last).toBe('nothing is done: that is what it would do');
  expect(one.device().ifindex).toBeGreaterThan(0);

  const done = await cleanup('--release-lease', '--state');
  expect([done.code, done.err]).toEqual([0, '']);
  expect(done.out.trim().split('\n')).toEqual(lines);
  expect(one.ns.ip('-j link show')).not.toContain('"flannel.1"');
  expect(one.ns.ip('route show')).not.toContain(subnet);
  expect(one.ns.ip('route show')).not.toContain(twoSubnet);
  expect(one.ns.run('nft', 'list', 'tables')).not.toContain('table ip flannel-ipv4');
  expect(one.ns.run('iptables-nft-save', '-t', 'nat')).not.toContain('FLANNEL');
  expect(existsSync(one.subnetFile)).toBe(false);
  expect(readdirSync(stateDir)).toEqual(['dashboard']);
  expect(cluster.keys(SUBNETS).has(`${SUBNETS}${subnet.replace('/', '-')}`)).toBe(false);

  expect(one.ns.ip('-j link show')).toContain('"other0"');
  expect(one.ns.ip('-j link show')).toContain('"flannel.9"');
  expect(one.ns.ip('route show')).toContain('10.99.0.0/24');
  expect(one.ns.run('nft', 'list', 'tables')).toContain('table ip mine');
  expect(one.ns.run('nft', 'list', 'tables')).toContain('table inet flannel-ipv4');
  expect(one.ns.run('iptables-nft-save', '-t', 'nat')).toContain('-A POSTROUTING -s 10.77.0.0/16 -j MASQUERADE');
  expect(cluster.keys(SUBNETS).size).toBe(1);
});

test('a second time there is nothing to do, and an unknown lease is told', async () => {
  expect(await cleanup()).toEqual({ code: 0, out: 'nothing of the overlay is left on this host\n', err: '' });
  const { code, err } = await cleanup('--release-lease');
  expect([code, err]).toEqual([
    1,
    expect.stringMatching(/^weft cleanup: there is no node-id in .*release it by its subnet/),
  ]);
  expect((await cleanup('all')).code).toBe(2);
});

test('a path that is none is named', async () => {
  const { code, err } = await cleanup('--state-dir=');
  expect([code, err]).toEqual([2, 'weft cleanup: --state-dir: expected a path, got ""\n']);
});

test('an agent that starts afterwards has all again', async () => {
  await one.ready();
  await until(async () => (await one.status()).peers.programmed === 1, { what: 'two is a peer again' });
});
