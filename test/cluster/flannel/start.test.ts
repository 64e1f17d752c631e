import { existsSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { httpGet, startProcess, WEFT, type TestProcess } from '../../support/processes.ts';
import { until } from '../../support/until.ts';
import { makeCluster, STATUS, SUBNETS, type OverlayCluster, type OverlayHost } from './cluster.ts';

let cluster: OverlayCluster;
let host: OverlayHost;

beforeAll(async () => {
  cluster = await makeCluster({ hosts: 1 });
  [host] = cluster.hosts as [OverlayHost];
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

/** The last line of the log, as a person reads it. */
const lastWords = (child: TestProcess): string => String(child.logs().at(-1)?.['msg']);

describe('a start that cannot succeed ends with one sentence', () => {
  test.each([
    {
      name: 'bad flags, all at once',
      flags: ['--colour=red', '--resync=soon'],
      code: 2,
      want: [/colour: unknown setting/, /resync: expected a duration/],
    },
    {
      name: 'an endpoint without a scheme of etcd',
      flags: ['--etcd-endpoints=ftp://x:1'],
      code: 2,
      want: [/etcd-endpoints: "ftp:\/\/x:1" has no scheme/],
    },
    {
      name: 'an interface that is not there',
      flags: ['--iface=wlan9'],
      code: 1,
      want: [/--iface wlan9: no interface has this name; this host has lo, eth0 \(192\.168\.77\.11\)/],
    },
    {
      name: 'a public IP of nobody',
      flags: ['--public-ip=203.0.113.9'],
      code: 1,
      want: [/--public-ip 203\.0\.113\.9: no interface has this address/],
    },
    {
      name: 'a missing TLS file',
      flags: ['--etcd-endpoints=https://192.168.77.1:1', '--etcd-cafile=/nowhere/ca.pem'],
      code: 2,
      want: [/cannot read the etcd CA file: ENOENT.*\/nowhere\/ca\.pem/],
    },
  ])('$name', async ({ flags, code, want }) => {
    await using child = await host.start(...flags);
    expect(await child.exited).toEqual({ code, signal: null });
    for (const sentence of want) expect(child.stderr()).toMatch(sentence);
  });

  test('a state folder that cannot be written', async () => {
    const file = `${host.subnetFile}.not-a-folder`;
    writeFileSync(file, '');
    await using child = await host.start(`--state-dir=${file}/state`);
    expect(await child.exited).toEqual({ code: 1, signal: null });
    expect(lastWords(child)).toMatch(
      /^cannot read or make .*node-id: .*ENOTDIR.*; name a writable folder with --state-dir$/,
    );
  });

  test('a port in use', async () => {
    const hold = "require('node:net').createServer().listen(9100, '127.0.0.1')";
    await using _holder = await startProcess([process.execPath, '-e', hold], { namespace: host.ns.name });
    await until(() => host.ns.run('ss', '-ltn').includes(':9100'), { what: 'the port is taken' });
    await using child = await host.start();
    expect(await child.exited).toEqual({ code: 1, signal: null });
    expect(lastWords(child)).toBe(
      'cannot listen on 127.0.0.1:9100: another process listens there; choose another with --healthz-port',
    );
  });

  test('no right to change the network', async () => {
    const argv = ['setpriv', '--bounding-set=-net_admin', WEFT, 'flanneld', `--state-dir=${host.subnetFile}.state`];
    await using child = await startProcess(argv, { namespace: host.ns.name });
    expect(await child.exited).toEqual({ code: 1, signal: null });
    expect(lastWords(child)).toBe('cannot change the network: CAP_NET_ADMIN is missing; run weft flanneld as root');
  });
});

/** What /readyz says. */
async function unready(): Promise<string> {
  const { status, body } = await httpGet(`http://${STATUS}/readyz`, { namespace: host.ns.name });
  return status === 503 ? body.trim() : `ready: ${status}`;
}

async function untilUnreadyWith(sentence: string | RegExp): Promise<void> {
  const fits = (text: string): boolean => (typeof sentence === 'string' ? text === sentence : sentence.test(text));
  await until(async () => fits(await unready()), {
    what: `/readyz says ${String(sentence)}`,
    timeoutMs: 30_000,
  });
}

describe('what others can mend is waited for, and told', () => {
  test.each([
    {
      name: 'nobody listens',
      endpoint: 'http://192.168.77.1:1',
      want: /at http:\/\/192\.168\.77\.1:1: nothing listens there \(connection refused\)$/,
    },
    {
      name: 'TLS asked of a plain etcd',
      endpoint: undefined,
      want: /: it does not speak TLS: write http:\/\/ instead of https:\/\/$/,
    },
  ])('etcd: $name', async ({ endpoint, want }) => {
    const url = endpoint ?? cluster.etcd.endpoint.replace('http:', 'https:');
    await using child = await host.start(`--etcd-endpoints=${url}`);
    await untilUnreadyWith(want);
    const { status } = await httpGet(`http://${STATUS}/healthz`, { namespace: host.ns.name });
    expect([status, child.exit()]).toEqual([200, undefined]);
  });

  test('TLS to an address leaves nothing but JSON on stderr', async () => {
    await using child = await host.start(`--etcd-endpoints=${cluster.etcd.endpoint.replace('http:', 'https:')}`);
    await until(() => child.stderr().includes('it does not speak TLS'), { what: 'the log tells' });
    await child.stop();
    const lines = child.stderr().trim().split('\n');
    expect(lines.filter((line) => !line.startsWith('{'))).toEqual([]);
  });

  test('an outage of etcd is one line in the log for each thing that waits, not one for each attempt', async () => {
    await using child = await host.start('--etcd-endpoints=http://192.168.77.1:1');
    const warnings = (): unknown[] => child.logs().filter(({ level }) => level === 'warn');
    const start = performance.now();
    await until(() => warnings().length > 0 && performance.now() - start > 3000, { what: 'some attempts are over' });
    expect(warnings().length).toBeLessThanOrEqual(2);
  });

  test('a config that is missing, malformed, overlapping, and at last right', async () => {
    const key = '/coreos.com/network/config';
    await using child = await host.start();
    await untilUnreadyWith(
      `there is no network config at ${key}: write one, for example with: etcdctl put ${key} '{"Network":"10.5.0.0/16","Backend":{"Type":"vxlan"}}'`,
    );
    cluster.ctl('put', key, '{"Network":');
    await untilUnreadyWith(/^\/coreos\.com\/network\/config: not JSON: /);
    cluster.configure({ Network: '10.5.0.0/16', SubnetLen: 31, Backend: { Type: 'vxlan' } });
    await untilUnreadyWith(`${key}: SubnetLen must be less than /31`);
    cluster.configure({ Network: '10.5.0.0/16', Backend: { Type: 'udp' } });
    await untilUnreadyWith(/the backend udp is not carried by weft: write "Backend": \{"Type": "vxlan"\}/);
    cluster.configure({ Network: '192.168.0.0/16', Backend: { Type: 'vxlan' } });
    await untilUnreadyWith(/Network 192\.168\.0\.0\/16 contains 192\.168\.77\.11, the address of eth0/);
    const sayings = (): number => child.logs().filter(({ subject }) => subject === 'network config').length;
    await until(() => sayings() >= 5, { what: 'five sentences in the log' });
    expect(sayings()).toBe(5);
    cluster.configure({ Network: '10.5.0.0/16', Backend: { Type: 'vxlan' } });
    await until(async () => (await unready()) === 'ready: 200', { what: 'ready' });
  });

  test('a range without a free subnet', async () => {
    const names = ['10.5.64.0-18', '10.5.128.0-18', '10.5.192.0-18'];
    for (const [index, name] of names.entries()) {
      cluster.ctl('put', `${SUBNETS}${name}`, `{"PublicIP":"192.168.77.${100 + index}"}`);
    }
    for (const key of cluster.keys(SUBNETS).keys()) if (key.endsWith('-24')) cluster.ctl('del', key);
    cluster.configure({ Network: '10.5.0.0/16', SubnetLen: 18, Backend: { Type: 'vxlan' } });
    await using child = await host.start();
    await untilUnreadyWith('out of subnets: 3 leases leave no free /18 from 10.5.64.0 to 10.5.192.0');
    cluster.ctl('del', `${SUBNETS}10.5.128.0-18`);
    await until(async () => (await unready()) === 'ready: 200', { what: 'ready' });
    expect([await host.subnet(), child.exit()]).toEqual(['10.5.128.0/18', undefined]);
    for (const key of cluster.keys(SUBNETS).keys()) cluster.ctl('del', key);
    cluster.configure({ Network: '10.5.0.0/16', Backend: { Type: 'vxlan' } });
  });

  test('another device with the same VNI and port', async () => {
    host.ns.try('ip', 'link', 'del', 'flannel.1');
    host.ns.run(...'ip link add other0 type vxlan id 1 dev eth0 dstport 8472'.split(' '));
    await using child = await host.start();
    await untilUnreadyWith(
      'cannot create link flannel.1: EEXIST (another vxlan device has VNI 1 and port 8472: delete it, or change VNI or Port)',
    );
    host.ns.ip('link del other0');
    await until(async () => (await unready()) === 'ready: 200', { what: 'ready', timeoutMs: 40_000 });
    expect(child.exit()).toBeUndefined();
  });

  // Where the kernel has ipip another device for the same address is in the way; where it has not, it refuses anyway.
  test('a tunnel that cannot be made is not ready, and no repair', async () => {
    host.ns.try(...`ip link add other1 type ipip local ${host.address} dev eth0`.split(' '));
    cluster.configure({ Network: '10.5.0.0/16', Backend: { Type: 'ipip' } });
    await using child = await host.start(`--subnet-file=${host.subnetFile}.tunnel`);
    await untilUnreadyWith(/^cannot create tunnel flannel\.ipip: /);
    // Three attempts: what failed once must not be told as done the next time.
    await until(async () => (await host.metric('weft_flannel_pass_seconds_count')) >= 3, { what: 'three passes' });
    expect([await unready(), existsSync(`${host.subnetFile}.tunnel`)]).toEqual([
      expect.stringMatching(/^cannot create tunnel flannel\.ipip: /),
      false,
    ]);
    expect(child.logs().map(({ msg }) => String(msg))).not.toContainEqual(expect.stringContaining('repaired'));
    host.ns.try('ip', 'link', 'del', 'other1');
    cluster.configure({ Network: '10.5.0.0/16', Backend: { Type: 'vxlan' } });
  });

  test('a subnet file that cannot be written', async () => {
    const file = `${host.subnetFile}.no-folder`;
    writeFileSync(file, '');
    await using _child = await host.start(`--subnet-file=${file}/subnet.env`);
    await untilUnreadyWith(/^cannot write .*subnet\.env: .*; choose another with --subnet-file$/);
  });
});
