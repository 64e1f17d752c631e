import { expect, test } from 'vitest';
import { splitDeviceNumber } from '../../../../cli/demo/block-device.ts';
import { parseCgroupMounts } from '../../../../cli/demo/cgroups.ts';
import { macOf } from '../../../../cli/demo/container-network.ts';
import { formatSeconds } from '../../../../cli/demo/console.ts';
import { etcdCommand } from '../../../../cli/demo/etcd.ts';
import { parseSubnetEnv } from '../../../../cli/demo/subnet-env.ts';
import { alertLines } from '../../../../cli/demo/webhook-receiver.ts';
import { parseIpv4 } from '../../../../native/net/ipv4.ts';

test.each([
  {
    name: 'hybrid',
    text: `25 24 0:22 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
26 25 0:23 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
35 25 0:32 / /sys/fs/cgroup/systemd rw,relatime shared:9 - cgroup cgroup rw,name=systemd
36 25 0:33 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
`,
    want: ['/sys/fs/cgroup/cpu', '/sys/fs/cgroup/systemd', '/sys/fs/cgroup/unified'],
  },
  {
    name: 'version 2 only',
    text: '31 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate',
    want: ['/sys/fs/cgroup'],
  },
  { name: 'none', text: '22 1 254:0 / / rw - ext4 /dev/vda rw', want: [] },
])('cgroup mounts: $name', ({ text, want }) => {
  expect(parseCgroupMounts(text)).toEqual(want);
});

test('subnet.env as flannel writes it', () => {
  const text = 'FLANNEL_NETWORK=10.5.0.0/16\nFLANNEL_SUBNET=10.5.89.1/24\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=false\n';
  expect(parseSubnetEnv(text)).toEqual({ gateway: { address: parseIpv4('10.5.89.1'), prefixLength: 24 }, mtu: 1450 });
});

test.each(['', 'FLANNEL_SUBNET=10.5.89.1/24\n', 'FLANNEL_SUBNET=x\nFLANNEL_MTU=1450\n'])(
  'no subnet.env: %j',
  (text) => {
    expect(() => parseSubnetEnv(text)).toThrow();
  },
);

test.each([
  { device: 0xfe00, want: { major: 254, minor: 0 } },
  { device: 0x10301, want: { major: 259, minor: 1 } },
  { device: 0x0010_0801, want: { major: 8, minor: 0x101 } },
])('device number $device', ({ device, want }) => {
  expect(splitDeviceNumber(device)).toEqual(want);
});

test('a MAC is 0a:58 and the address, as CNI makes it', () => {
  expect(macOf(parseIpv4('10.244.1.1'))).toBe('0a:58:0a:f4:01:01');
});

test('seconds are right-aligned', () => {
  expect([formatSeconds(4), formatSeconds(12_345)]).toEqual(['  0.00 s', ' 12.35 s']);
});

test('etcd listens where it is told and nowhere else', () => {
  const command = etcdCommand({
    dataDir: '/d',
    clientUrls: ['http://192.168.77.254:1', 'http://127.0.0.1:1'],
    peerUrl: 'http://127.0.0.1:2',
  });
  expect(command.filter((flag) => flag.includes('url'))).toEqual([
    '--listen-client-urls=http://192.168.77.254:1,http://127.0.0.1:1',
    '--advertise-client-urls=http://192.168.77.254:1',
    '--listen-peer-urls=http://127.0.0.1:2',
    '--initial-advertise-peer-urls=http://127.0.0.1:2',
  ]);
});

const payload = (status: string, labels: object, annotations: object = {}): string =>
  JSON.stringify({ version: '4', status, alerts: [{ status, labels, annotations }] });

test.each([
  {
    name: 'firing, with a summary',
    body: payload(
      'firing',
      { alertname: 'ContainerCpuHigh', container: 'cpu-wave', host: 'weft-h1' },
      { summary: '98% of its CPU limit' },
    ),
    want: 'alert firing: ContainerCpuHigh container=cpu-wave host=weft-h1 (98% of its CPU limit)',
  },
  { name: 'resolved', body: payload('resolved', { alertname: 'A' }), want: 'alert resolved: A' },
  {
    name: 'a name that would move the cursor',
    body: payload('firing', { alertname: 'A', container: '\u001b[2J\nx\u202e' }),
    want: 'alert firing: A container=?[2J?x?',
  },
])('an alert in one line: $name', ({ body, want }) => {
  expect(alertLines(body)).toEqual([want]);
});

test.each(['', '{}', '[]', '{"version":"3","alerts":[]}', payload('exploded', {})])('no payload: %j', (body) => {
  expect(() => alertLines(body)).toThrow();
});

test('many alerts are many lines', () => {
  const body = JSON.stringify({
    version: '4',
    alerts: ['a', 'b'].map((alertname) => ({ status: 'firing', labels: { alertname } })),
  });
  expect(alertLines(body)).toEqual(['alert firing: a', 'alert firing: b']);
});
