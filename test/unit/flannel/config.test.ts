import { describe, expect, test } from 'vitest';
import { FLANNELD_FLAGS } from '../../../cli/flanneld-flags.ts';
import { parseGoFlags } from '../../../cli/go-flags.ts';
import { loadFlannelConfig, type FlannelConfig } from '../../../flannel/config.ts';
import { ConfigError } from '../../../native/host/config.ts';
import { formatIpv4 } from '../../../native/net/ipv4.ts';

const TABLE = FLANNELD_FLAGS.flatMap(({ flags }) => flags);

const load = (argv: readonly string[], env: Record<string, string> = {}): FlannelConfig =>
  loadFlannelConfig({ flags: parseGoFlags(argv, TABLE).flags, env, configFile: undefined });

function faultsOf(argv: readonly string[], env: Record<string, string> = {}): readonly string[] {
  try {
    load(argv, env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

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

// A unit's file has lines such as FLANNELD_IFACE= for what is left to flanneld, which passes over them.
test('an empty variable is one that is not given', () => {
  const variables = TABLE.map(({ name }) => `FLANNELD_${name.toUpperCase().replaceAll('-', '_')}`);
  // The socket is weft's own, and its empty value is off.
  expect(load([], Object.fromEntries(variables.map((variable) => [variable, ''])))).toEqual(load(['--status-socket=']));
});

test('a prefix may begin without a slash, which makes other keys', () => {
  expect(load(['--etcd-prefix=flannel/network']).etcdPrefix).toBe('flannel/network');
  expect(faultsOf(['--etcd-prefix='])).toEqual(['etcd-prefix: expected a path such as /coreos.com/network, got ""']);
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
    { argv: ['--firewall=pf'], want: /^firewall: expected auto, nftables, iptables/ },
    { argv: ['--kube-subnet-mgr'], want: /^kube-subnet-mgr: weft keeps its leases in etcd/ },
    { argv: ['--iface-regex=eth['], want: /^iface-regex: "eth\[" is not a regular expression/ },
    { argv: ['--iface-can-reach=there'], want: /^iface-can-reach: "there" is not an IP address/ },
    { argv: ['--public-ipv6=10.0.0.1'], want: /^public-ipv6: "10\.0\.0\.1" is not an IPv6 address/ },
    { argv: ['-v=loud'], want: /^v: expected a whole number/ },
    { argv: ['--vmodule=main'], want: /^vmodule: expected FILE=N, such as main=4/ },
    { argv: ['--ip-masq=yes'], want: /^ip-masq: expected true or false, got "yes"/ },
    { argv: ['--iptables-resync=0'], want: /^iptables-resync: expected a whole number from 1 to 86400/ },
    { argv: ['--colour=red'], want: /^colour: unknown setting/ },
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
