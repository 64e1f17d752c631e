import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../support/until.ts';
import { makeCluster, SUBNETS, type OverlayCluster, type OverlayHost } from './cluster.ts';
import { answerOf, type Answer } from './command.ts';

const CONFIG = { Network: '10.5.0.0/16', Backend: { Type: 'vxlan' } };
const CONFIG_KEY = '/coreos.com/network/config';

let cluster: OverlayCluster;
let one: OverlayHost;
let two: OverlayHost;

beforeAll(async () => {
  cluster = await makeCluster({ hosts: 2 });
  [one, two] = cluster.hosts as [OverlayHost, OverlayHost];
  cluster.configure(CONFIG);
  await one.ready();
  await two.ready();
  await until(async () => (await one.status()).peers.programmed === 1, { what: 'one knows two' });
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

/** Runs `weft WORDS` where etcd and the agent's socket can be reached. */
async function weft(...words: readonly string[]): Promise<Answer> {
  const answer = await answerOf(one, words, {
    FLANNELD_ETCD_ENDPOINTS: cluster.etcd.endpoint,
    FLANNELD_STATUS_SOCKET: one.statusSocket,
  });
  const isTable = !words.includes('--json') && !words.includes('get');
  expect(answer.out.split('\n').filter((line) => line.length > 80 && isTable)).toEqual([]);
  return answer;
}

const json = async (...words: readonly string[]): Promise<unknown> =>
  JSON.parse((await weft(...words, '--json')).out) as unknown;

describe('status and peers', () => {
  test('are told for people and programs', async () => {
    const { code, out } = await weft('status');
    expect([code, out]).toEqual([0, expect.stringMatching(/^ready {6}yes$/m)]);
    expect(out).toMatch(
      new RegExp(`^lease {6}${await one.subnet()}, 23 h \\d+ min left, chosen from the free ones$`, 'm'),
    );
    expect(await json('status')).toMatchObject({ v: 1, readiness: { ready: true }, peers: { programmed: 1 } });
    const peers = await weft('peers');
    expect(peers.out).toContain(await two.subnet());
    expect(peers.out.trim().split('\n').at(-1)).toBe('1 peer');
    expect(await json('peers')).toMatchObject([{ publicIp: two.address, state: 'programmed' }]);
    expect((await weft('peers', '--state', 'failed')).out).toBe('0 failed peers\n');
  });

  test.each([
    {
      words: ['status', '--status-socket', '/nowhere/x.sock'],
      code: 1,
      err: 'weft status: the agent cannot be asked: /nowhere/x.sock: there is no such socket; start weft flanneld on this host, or name its socket with --status-socket\n',
    },
    {
      words: ['peers', '--state', 'lost'],
      code: 2,
      err: 'weft peers: --state: expected one of programmed, pending, failed, held, got "lost"\n',
    },
    { words: ['status', '--colour'], code: 2, err: "error: unknown option '--colour'\n" },
  ])('$words', async ({ words, code, err }) => {
    expect(await weft(...words)).toEqual({ code, out: '', err });
  });
});

describe('leases', () => {
  test('are listed with owners, time left and what is free', async () => {
    const { out } = await weft('leases', 'list');
    expect(out).toMatch(new RegExp(`^${await one.subnet()} +${one.address} +\\S+ +vxlan +23 h`, 'm'));
    expect(out).toContain('2 leases, 253 of 255 subnets free');
    expect(await json('leases', 'list')).toMatchObject({
      leases: [{ owner: 'alive' }, { owner: 'alive' }],
      counts: { ipv4: { total: '255', free: '253' } },
      problems: [],
    });
  });

  test('one is shown, by its subnet or an address in it', async () => {
    const subnet = await two.subnet();
    const whole = await weft('leases', 'show', subnet);
    expect(whole.out).toMatch(/^owner {6}its agent lives$/m);
    expect((await weft('leases', 'show', subnet.replace('.0/24', '.77'))).out).toContain(subnet);
    expect(await json('leases', 'show', subnet)).toMatchObject({ publicIp: two.address, agent: { v: 1 } });
  });

  test('that of a host that lives is not released, that of one that is gone is', async () => {
    const subnet = await two.subnet();
    const key = `${SUBNETS}${subnet.replace('/', '-')}`;
    const refused = await weft('leases', 'release', subnet);
    expect([refused.code, refused.err]).toEqual([1, expect.stringMatching(/lives and uses .*: stop its agent first/)]);
    expect(cluster.keys(key).size).toBe(1);
    await two.stop();
    await until(async () => JSON.stringify(await json('leases', 'list')).includes('"gone"'), {
      what: 'the presence of two is over',
      timeoutMs: 40_000,
      everyMs: 500,
    });
    expect(await weft('leases', 'release', subnet)).toMatchObject({ code: 0, err: '' });
    expect(cluster.keys(key).size).toBe(0);
    expect(await weft('leases', 'show', subnet)).toMatchObject({
      code: 1,
      err: `weft leases show: no lease has ${subnet}: "weft leases list" tells those that are there\n`,
    });
    await two.ready();
  });

  test('that of a flanneld goes by force only', async () => {
    const subnet = '10.5.250.0/24';
    cluster.ctl(
      'put',
      `${SUBNETS}10.5.250.0-24`,
      '{"PublicIP":"192.168.77.99","BackendType":"host-gw"}',
      '--lease',
      cluster.ctl('lease', 'grant', '3600').split(' ')[1] ?? '',
    );
    expect((await weft('leases', 'release', subnet)).err).toMatch(/is a flanneld's, and whether 192\.168\.77\.99 runs/);
    expect((await weft('leases', 'release', subnet, '--force')).out).toBe(
      `released ${subnet}, which 192.168.77.99 had\n`,
    );
  });

  test('what a host calls itself cannot steer the terminal of who asks', async () => {
    const presence = {
      v: 1,
      nodeId: 'evil',
      hostname: 'web\u001b[2J',
      version: '1',
      pid: 1,
      startedAtUnixMs: 1,
      publicIp: '192.168.77.98',
      subnet: '10.5.251.0/24',
      backendType: 'host-gw',
      vni: 0,
      vtepMac: '',
      mtu: 1500,
    };
    cluster.ctl('put', '/weft/agents/evil/flannel', JSON.stringify(presence));
    cluster.ctl(
      'put',
      `${SUBNETS}10.5.251.0-24`,
      '{"PublicIP":"192.168.77.98","BackendType":"host-gw","NodeID":"evil"}',
      '--lease',
      cluster.ctl('lease', 'grant', '3600').split(' ')[1] ?? '',
    );
    const answers = [
      await weft('leases', 'list'),
      await weft('leases', 'release', '10.5.251.0/24'),
      await weft('leases', 'release', '10.5.251.0/24', '--force'),
    ];
    cluster.ctl('del', '/weft/agents/evil/flannel');
    for (const { out, err } of answers) {
      expect(out + err).toContain('web\\u001b[2J');
      expect(out + err).not.toContain('\u001b');
    }
  });

  test('a subnet is reserved for a host, and given back', async () => {
    const subnet = '10.5.200.0/24';
    expect((await weft('leases', 'reserve', subnet, '--for-ip', two.address, '--note', 'the database')).out).toBe(
      `reserved ${subnet}\n`,
    );
    expect((await weft('leases', 'list')).out).toMatch(/^10\.5\.200\.0\/24 +192\.168\.77\.12 +the database$/m);
    const used = await weft('leases', 'reserve', await one.subnet());
    expect(used.out).toMatch(/has a lease of it now and keeps it/);
    expect((await weft('leases', 'unreserve', await one.subnet())).code).toBe(0);
    expect((await weft('leases', 'unreserve', subnet)).out).toBe(`unreserved ${subnet}\n`);
    expect(await weft('leases', 'unreserve', subnet)).toMatchObject({
      code: 1,
      err: `weft leases unreserve: ${subnet} is not reserved\n`,
    });
  });

  test.each([
    { words: ['show', 'web1'], err: '"web1" is not a subnet: expected one such as 10.5.1.0/24' },
    { words: ['show', '10.5.1.0/24', 'x'], err: 'expected one subnet or address, such as 10.5.1.0/24' },
    {
      words: ['reserve', '10.9.1.0/24'],
      err: 'no host can lease 10.9.1.0/24: expected a /24 from 10.5.1.0 to 10.5.255.0',
    },
    {
      words: ['reserve', '10.5.9.0/24', '--for-ip', 'db1'],
      err: '--for-ip: "db1" is not an IP address: expected one such as 10.0.0.7',
    },
    {
      words: ['reserve', '10.5.9.0/24', '--for-ip', '10.0.0.1', '--for-host', 'x'],
      err: 'expected one of --for-node, --for-ip and --for-host',
    },
    { words: ['list', '--etcd-endpoints', 'ftp://x'], err: /etcd-endpoints: "ftp:\/\/x" has no scheme/ },
  ])('leases $words', async ({ words, err }) => {
    const answer = await weft('leases', ...words);
    expect([answer.code, answer.out]).toEqual([2, '']);
    if (typeof err === 'string') expect(answer.err).toBe(`weft leases ${words[0] ?? ''}: ${err}\n`);
    else expect(answer.err).toMatch(err);
  });
});

describe('config', () => {
  test('is got as it stands, and checked with all defaults', async () => {
    expect((await weft('config', 'get')).out).toBe(`${JSON.stringify(CONFIG)}\n`);
    expect(await json('config', 'get')).toMatchObject({ key: CONFIG_KEY, text: JSON.stringify(CONFIG) });
    expect((await weft('config', 'check')).out).toMatch(/^SubnetMax +10\.5\.255\.0$/m);
  });

  test('is written only when it is valid, and tells what changes', async () => {
    const file = `${one.subnetFile}.config`;
    writeFileSync(file, JSON.stringify({ ...CONFIG, SubnetLen: 31 }));
    const bad = await weft('config', 'set', file);
    expect([bad.code, bad.err]).toEqual([2, `weft config set: ${file}: SubnetLen must be less than /31\n`]);
    writeFileSync(file, JSON.stringify({ ...CONFIG, SubnetLen: 26, Bakcend: 1 }));
    const dry = await weft('config', 'set', '--dry-run', file);
    expect(dry.out).toMatch(/^SubnetLen +24 +26$/m);
    expect(dry.out).toContain('2 leases will not fit');
    expect(dry.out).toContain("Bakcend is no key of flannel's");
    expect(dry.out.trim().split('\n').at(-1)).toBe(`${CONFIG_KEY} is not written`);
    expect((await weft('config', 'get')).out).toBe(`${JSON.stringify(CONFIG)}\n`);
    const nft = JSON.stringify({ ...CONFIG, EnableNFTables: true });
    expect(await json('config', 'set', nft)).toMatchObject({
      written: true,
      changes: [{ key: 'EnableNFTables', from: false, to: true }],
      misfits: [],
    });
    expect((await weft('config', 'get')).out).toBe(`${nft}\n`);
    expect((await weft('config', 'set', nft)).out).toContain(`${CONFIG_KEY} is so already\n`);
  });

  test.each([
    { words: ['check', '/nowhere'], err: /^weft config check: cannot read \/nowhere: ENOENT/ },
    { words: ['check', '/proc'], err: /^weft config check: cannot read \/proc: EISDIR/ },
    { words: ['check', '{"Network":'], err: /^weft config check: the configuration: not JSON: / },
    { words: ['set', 'a', 'b'], err: /^weft config set: expected one configuration, got 2 words: quote it$/m },
  ])('config $words', async ({ words, err }) => {
    const answer = await weft('config', ...words);
    expect([answer.code, answer.out]).toEqual([2, '']);
    expect(answer.err).toMatch(err);
  });
});

test('config is not read for ever from a device without end', async () => {
  const { code, out, err } = await weft('config', 'set', '/dev/zero');
  const told = 'weft config set: /dev/zero: more than 1048576 bytes, which no configuration has\n';
  expect([code, out, err]).toEqual([2, '', told]);
});

describe('explain-iface', () => {
  test('tells the choice and what was not taken', async () => {
    one.ns.ip('addr add 169.254.7.7/16 dev eth0 scope link');
    const { code, out } = await weft('explain-iface', '-iface=wlan0', '--iface-regex', '^eth', '--ip-masq=false');
    expect(code).toBe(0);
    expect(out).toMatch(/^interface {2}eth0, MTU 1500$/m);
    expect(out).toMatch(/^families {3}\/coreos\.com\/network\/config$/m);
    expect(out).toMatch(/^--iface wlan0 +no interface has this name$/m);
    expect(out).toMatch(/^169\.254\.7\.7 on eth0 +link-local$/m);
    expect(await json('explain-iface', '--iface-can-reach', two.address)).toMatchObject({
      chosen: { name: 'eth0', ipv4: one.address },
      because: `--iface-can-reach ${two.address}: packets go there by it, from ${one.address}`,
    });
  });

  test('what cannot be chosen', async () => {
    const answer = await weft('explain-iface', '--iface=wlan0');
    expect([answer.code, answer.err]).toEqual([
      1,
      expect.stringMatching(/--iface wlan0: no interface has this name; this host/),
    ]);
    expect(await weft('explain-iface', '--family=ipx')).toEqual({
      code: 2,
      out: '',
      err: 'weft explain-iface: --family: expected ipv4, ipv6 or dual, got "ipx"\n',
    });
  });
});
