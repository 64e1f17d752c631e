import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callCni, pluginFolder } from '../../support/cni.ts';
import { startDockerd, type RunningContainer } from '../../support/docker.ts';
import { run } from '../../support/netns.ts';
import { podman } from '../../support/podman.ts';
import { httpGet, WEFT } from '../../support/processes.ts';
import { runcRoom } from '../../support/runc.ts';
import { until } from '../../support/until.ts';
import { makeCluster, type OverlayCluster, type OverlayHost } from './cluster.ts';

let cluster: OverlayCluster;
let folder: string;
let plugins: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'weft-test-runtimes-'));
  plugins = pluginFolder(folder);
  cluster = await makeCluster({ hosts: 2 });
  cluster.configure({ Network: '10.5.0.0/16', Backend: { Type: 'vxlan' } });
  await Promise.all(cluster.hosts.map((host) => host.ready()));
  for (const { ns } of cluster.hosts) {
    // Runtimes turn it on, too; a dockerd that finds it off drops what is forwarded.
    ns.run('sysctl', '--quiet', '--write', 'net.ipv4.ip_forward=1');
    await until(() => ns.ip('route show').includes('dev flannel.1'), { what: 'the other host is known' });
  }
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const hosts = (): [OverlayHost, OverlayHost] => cluster.hosts as [OverlayHost, OverlayHost];

/** What a CNI runtime on a host is configured with: state in folders of the test. */
const flannelConf = (host: OverlayHost) => ({
  type: 'flannel',
  subnetFile: host.subnetFile,
  dataDir: join(folder, host.ns.name, 'data'),
  ipam: { dataDir: join(folder, host.ns.name, 'ipam') },
  delegate: { bridge: 'cni0', isDefaultGateway: true },
});

const inside = (container: { pid: number }, ...argv: string[]): string[] => [
  'nsenter',
  `--net=/proc/${container.pid}/ns/net`,
  ...argv,
];

/** 1422 bytes, 8 of ICMP and 20 of IP fill the overlay's MTU of 1450; one more does not fit. */
function pingThroughOverlay(from: RunningContainer, to: RunningContainer): void {
  const ping = (size: number): string[] =>
    inside(from, 'ping', '-M', 'do', '-s', String(size), '-c', '3', '-i', '0.05', '-W', '2', to.address);
  expect(run(...ping(1422))).toContain('3 packets transmitted, 3 received, 0% packet loss');
  expect(() => run(...ping(1423))).toThrow(/message too long, mtu=1450/);
}

function pingBothWays([a, b]: readonly [RunningContainer, RunningContainer]): void {
  expect(a.address).not.toBe(b.address);
  pingThroughOverlay(a, b);
  pingThroughOverlay(b, a);
}

const veths = (host: OverlayHost): string[] =>
  (JSON.parse(host.ns.ip('-j link show type veth')) as { ifname: string }[])
    .map(({ ifname }) => ifname)
    .filter((ifname) => ifname !== 'eth0');

/** Addresses of host-local that are given away, and files of the plugin. */
function leftBehind(host: OverlayHost, network: string): string[] {
  const addresses = readdirSync(join(folder, host.ns.name, 'ipam', network)).filter((name) => /^[\d.]+$/.test(name));
  return [...addresses, ...readdirSync(join(folder, host.ns.name, 'data')), ...veths(host)];
}

test('runc: CNI ADD, CHECK and DEL around containers on two hosts', async () => {
  await using room = runcRoom('cni');
  const conf = (host: OverlayHost) => ({ cniVersion: '1.0.0', name: 'weft-runc', ...flannelConf(host) });
  const call = (host: OverlayHost, command: string, more: object = {}) => {
    const [pid = 0] = room.pids(host.ns.name);
    return callCni({
      command,
      host: host.ns.name,
      containerId: host.ns.name,
      netns: `/proc/${pid}/ns/net`,
      folders: [plugins],
      conf: { ...conf(host), ...more },
    });
  };
  const started = hosts().map((host) => {
    room.run(host.ns.name);
    const added = call(host, 'ADD');
    expect(added).toMatchObject({ status: 0, stderr: '' });
    const prevResult = added.json() as { ips: { address: string }[] };
    const [pid = 0] = room.pids(host.ns.name);
    return { id: host.ns.name, pid, address: prevResult.ips[0]!.address.replace(/\/.*/, ''), prevResult };
  });
  const [a, b] = started as [(typeof started)[0], (typeof started)[0]];
  pingBothWays([a, b]);
  for (const [host, { prevResult }] of [
    [hosts()[0], a],
    [hosts()[1], b],
  ] as const) {
    expect(call(host, 'CHECK', { prevResult })).toMatchObject({ status: 0, stdout: '' });
    expect(call(host, 'DEL')).toMatchObject({ status: 0, stdout: '' });
    expect(leftBehind(host, 'weft-runc')).toEqual([]);
    host.ns.ip('link del cni0');
  }
});

test('podman: a network list with the plugin and portmap, on two hosts', async () => {
  const [h1, h2] = hosts();
  const listOf = (host: OverlayHost) => ({
    cniVersion: '0.4.0',
    name: 'weft-podman',
    plugins: [flannelConf(host), { type: 'portmap', capabilities: { portMappings: true } }],
  });
  await using engine1 = await podman(h1.ns.name, { conflist: listOf(h1), plugins });
  await using engine2 = await podman(h2.ns.name, { conflist: listOf(h2), plugins });
  const serve = ['/bin/httpd', '-f', '-p', '80', '-h', '/bin'];
  const a = engine1.start(serve, ['--publish=8080:80']);
  const b = engine2.start(serve, []);
  expect(`${a.address.replace(/\d+$/, '0')}/24`).toBe(await h1.subnet());
  pingBothWays([a, b]);
  const port = await httpGet(`http://${h1.address}:8080/none`, { namespace: cluster.fabric.name });
  expect(port.status).toBe(404);
  expect(JSON.parse(readFileSync(join(folder, h1.ns.name, 'data', a.id), 'utf8'))).toMatchObject({
    name: 'weft-podman',
  });
  engine1.remove(a.id);
  engine2.remove(b.id);
  for (const host of hosts()) {
    expect(leftBehind(host, 'weft-podman')).toEqual([]);
    host.ns.ip('link del cni0');
  }
});

test('docker: two dockerds with --bip and --mtu of weft docker-opts', async () => {
  await using stack = new AsyncDisposableStack();
  const started: RunningContainer[] = [];
  for (const host of hosts()) {
    const file = join(folder, `${host.ns.name}.docker.env`);
    run(WEFT, 'docker-opts', '-f', host.subnetFile, '-d', file);
    const text = readFileSync(file, 'utf8');
    const [, options = ''] = /^DOCKER_OPTS="(.*)"$/m.exec(text) ?? [];
    expect(options.trim().split(' ')).toEqual([
      `--bip=${(await host.subnet()).replace('.0/', '.1/')}`,
      '--ip-masq=true',
      '--mtu=1450',
    ]);
    const engine = stack.use(await startDockerd(host.ns.name, options.trim().split(' ')));
    expect(host.ns.ip('addr show docker0')).toContain((await host.subnet()).replace('.0/', '.1/'));
    started.push(engine.start(['/bin/sleep', '3600']));
  }
  pingBothWays(started as [RunningContainer, RunningContainer]);
  await stack.disposeAsync();
  for (const host of hosts()) {
    expect(veths(host)).toEqual([]);
    host.ns.ip('link del docker0');
  }
});
