import { describe, expect, test } from 'vitest';
import { parseGoFlags } from '../../../cli/flanneld.ts';
import { loadFlannelConfig, type FlannelConfig } from '../../../flannel/config.ts';
import { ConfigError } from '../../../native/host/config.ts';
import { formatIpv4 } from '../../../native/net/ipv4.ts';

const load = (argv: readonly string[], env: Record<string, string> = {}): FlannelConfig =>
  loadFlannelConfig({ flags: parseGoFlags(argv), env, configFile: undefined });

function faultsOf(argv: readonly string[], env: Record<string, string> = {}): readonly string[] {
  try {
    load(argv, env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

test('without settings it is flannel’s defaults', () => {
  const config = load([]);
  expect(config.etcdEndpoints.map(({ url }) => url)).toEqual(['http://127.0.0.1:4001', 'http://127.0.0.1:2379']);
  expect(config).toMatchObject({
    etcdPrefix: '/coreos.com/network',
    subnetFile: '/run/flannel/subnet.env',
    subnetLeaseRenewMargin: 60,
    healthzIp: '0.0.0.0',
    healthzPort: 0,
    stateDir: '/var/lib/weft',
    resync: 30_000,
    logLevel: 'info',
    iface: [],
  });
});

test('flannel’s other flags pass with their defaults', () => {
  const argv = [
    '--ip-masq=false',
    '--iptables-resync=5',
    '--iptables-forward-rules=true',
    '--kube-subnet-mgr=false',
    '--kube-annotation-prefix=flannel.alpha.coreos.com',
    '--net-config-path=/etc/kube-flannel/net-conf.json',
    '--set-node-network-unavailable=true',
    '--public-ipv6=',
    '--v=0',
  ];
  expect(faultsOf(argv)).toEqual([]);
});

describe('flags as Go reads them', () => {
  test.each([
    { argv: ['-etcd-prefix', '/a'], want: { etcdPrefix: '/a' } },
    { argv: ['--etcd-prefix=/a'], want: { etcdPrefix: '/a' } },
    { argv: ['-etcd-prefix=/a=b'], want: { etcdPrefix: '/a=b' } },
    { argv: ['--iface=eth0', '-iface', 'eth1'], want: { iface: ['eth0', 'eth1'] } },
    { argv: ['-ip-masq', '--iface', 'eth0'], want: { ipMasq: true, iface: ['eth0'] } },
    { argv: ['--log_backtrace_at=:0'], want: { logBacktraceAt: ':0' } },
    { argv: ['stray'], want: { stray: true } },
    { argv: ['--public-ip'], want: { publicIp: '' } },
  ])('$argv', ({ argv, want }) => {
    expect(parseGoFlags(argv)).toEqual(want);
  });
});

test('a flag wins over the environment, unknown variables are passed over', () => {
  const env = {
    FLANNELD_ETCD_PREFIX: '/env',
    FLANNELD_PUBLIC_IP: '192.168.0.9',
    FLANNELD_COLOUR: 'red',
    FLANNELD_IFACE: 'eth7',
  };
  const config = load(['--etcd-prefix=/flag'], env);
  expect([config.etcdPrefix, config.publicIp && formatIpv4(config.publicIp), config.iface]).toEqual([
    '/flag',
    '192.168.0.9',
    ['eth7'],
  ]);
});

describe('each fault is one clear sentence', () => {
  test.each([
    { argv: ['--etcd-endpoints=ftp://x:1'], want: /^etcd-endpoints: "ftp:\/\/x:1" has no scheme that etcd speaks/ },
    { argv: ['--etcd-endpoints=http://x:1/v3'], want: /carries more than a host and a port/ },
    { argv: ['--etcd-endpoints='], want: /expected at least one endpoint/ },
    { argv: ['--public-ip=300.1.1.1'], want: /^public-ip: "300\.1\.1\.1" is not an IPv4 address/ },
    { argv: ['--subnet-lease-renew-margin=1440'], want: /expected a whole number from 1 to 1439/ },
    { argv: ['--resync=10ms'], want: /^resync: expected at least 1s/ },
    { argv: ['--log-level=loud'], want: /expected one of fatal, error/ },
    { argv: ['--ip-masq'], want: /^ip-masq: weft sets no firewall rules yet/ },
    { argv: ['--kube-subnet-mgr'], want: /^kube-subnet-mgr: weft keeps its leases in etcd/ },
    { argv: ['--iface-regex=eth.*'], want: /name one with --iface/ },
    { argv: ['-v=4'], want: /^v: use --log-level/ },
    { argv: ['--colour=red'], want: /^colour: unknown setting/ },
    { argv: ['stray'], want: /^stray: unknown setting/ },
    {
      argv: ['--etcd-certfile=/c', '--etcd-endpoints=https://e:1'],
      want: /^etcd-certfile and etcd-keyfile: expected both or none/,
    },
    { argv: ['--etcd-username=u'], want: /^etcd-username and etcd-password: expected both or none/ },
    {
      argv: ['--etcd-cafile=/ca', '--etcd-endpoints=http://e:2379'],
      want: /http:\/\/e:2379 is not encrypted: write https:/,
    },
  ])('$argv', ({ argv, want }) => {
    const faults = faultsOf(argv);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(want);
  });

  test('all of them are told together', () => {
    expect(faultsOf(['--healthz-port=x', '--colour=red', '--resync=soon'])).toHaveLength(3);
  });
});
