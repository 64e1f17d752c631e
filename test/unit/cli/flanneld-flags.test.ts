import { describe, expect, test } from 'vitest';
import { FLANNELD_FLAGS } from '../../../cli/flanneld-flags.ts';
import { goFlagsHelp, parseGoFlags, type GoFlag } from '../../../cli/go-flags.ts';
import { loadFlannelConfig, type FlannelConfig } from '../../../flannel/config.ts';
import { ConfigError } from '../../../native/host/config.ts';
import { parseIpv4 } from '../../../native/net/ipv4.ts';
import { parseIpv6 } from '../../../native/net/ipv6.ts';

const TABLE: readonly GoFlag[] = FLANNELD_FLAGS.flatMap(({ flags }) => flags);

/** Read by the command line itself. */
const OF_THE_COMMAND = new Set(['config', 'version', 'help']);

function load(argv: readonly string[], env: Record<string, string> = {}): FlannelConfig {
  const { flags, faults } = parseGoFlags(argv, TABLE);
  expect(faults).toEqual([]);
  return loadFlannelConfig({ flags, env, configFile: undefined });
}

interface Row {
  readonly name: string;
  /** As flannel documents it, or weft for its own. */
  readonly fallback: unknown;
  /** Another value as text, and what it is read as; not given where only the default is taken. */
  readonly text?: string;
  readonly want?: unknown;
  /** Its key in the settings, where that is not the name in camelCase. */
  readonly key?: keyof FlannelConfig;
}

const ROWS: readonly Row[] = [
  { name: 'etcd-prefix', fallback: '/coreos.com/network', text: '/a', want: '/a' },
  { name: 'etcd-discovery-srv', fallback: undefined, text: 'example.com', want: 'example.com' },
  { name: 'etcd-cafile', fallback: undefined, text: '', want: undefined },
  { name: 'etcd-certfile', fallback: undefined, text: '', want: undefined },
  { name: 'etcd-keyfile', fallback: undefined, text: '', want: undefined },
  { name: 'etcd-username', fallback: undefined, text: '', want: undefined },
  { name: 'etcd-password', fallback: undefined, text: '', want: undefined },
  { name: 'iface', fallback: [], text: 'eth0,1', want: ['eth0,1'] },
  { name: 'iface-regex', fallback: [], text: '^eth\\d{1,2}$', want: ['^eth\\d{1,2}$'] },
  { name: 'iface-can-reach', fallback: undefined, text: 'fd00::1', want: parseIpv6('fd00::1') },
  { name: 'public-ip', fallback: undefined, text: '192.0.2.1', want: parseIpv4('192.0.2.1') },
  { name: 'public-ipv6', fallback: undefined, text: '2001:db8::1', want: parseIpv6('2001:db8::1') },
  { name: 'subnet-file', fallback: '/run/flannel/subnet.env', text: '/s', want: '/s' },
  { name: 'subnet-lease-renew-margin', fallback: 60, text: '1439', want: 1439 },
  { name: 'ip-blackhole-route', fallback: false, text: 'false', want: false },
  { name: 'resync', fallback: 30_000, text: '1m', want: 60_000 },
  { name: 'strict-mtu', fallback: false, text: 'F', want: false },
  { name: 'nexthop-objects', fallback: false, text: '0', want: false },
  { name: 'firewall', fallback: 'auto', text: 'nftables', want: 'nftables' },
  { name: 'ip-masq', fallback: false, text: 'FALSE', want: false },
  { name: 'ip-masq-fully-random-disable', fallback: false, text: 'T', want: true },
  { name: 'iptables-resync', fallback: 5, text: '10', want: 10 },
  { name: 'iptables-forward-rules', fallback: true, text: 'f', want: false },
  { name: 'healthz-ip', fallback: '0.0.0.0', text: '127.0.0.1', want: '127.0.0.1' },
  { name: 'healthz-port', fallback: 0, text: '8080', want: 8080 },
  { name: 'status-socket', fallback: '/run/weft/flannel.sock', text: '', want: undefined },
  { name: 'state-dir', fallback: '/var/lib/weft', text: '/d', want: '/d' },
  { name: 'hook', fallback: undefined, text: '', want: undefined },
  { name: 'log-level', fallback: 'info', text: 'warn', want: 'warn' },
  { name: 'v', fallback: 'info', text: '4', want: 'debug', key: 'logLevel' },
  { name: 'vmodule', fallback: 'info', text: 'main=1,device=5', want: 'trace', key: 'logLevel' },
  { name: 'log_backtrace_at', fallback: 'info', text: 'main.go:204', want: 'info', key: 'logLevel' },
  { name: 'kube-subnet-mgr', fallback: undefined, text: 'false', want: false },
  { name: 'kube-api-url', fallback: undefined, text: '', want: '' },
  { name: 'kubeconfig-file', fallback: undefined, text: '', want: '' },
  {
    name: 'kube-annotation-prefix',
    fallback: undefined,
    text: 'flannel.alpha.coreos.com',
    want: 'flannel.alpha.coreos.com',
  },
  {
    name: 'net-config-path',
    fallback: undefined,
    text: '/etc/kube-flannel/net-conf.json',
    want: '/etc/kube-flannel/net-conf.json',
  },
  { name: 'set-node-network-unavailable', fallback: true, text: 'false', want: false },
];

const keyOf = ({ name, key }: Row): string =>
  key ?? name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
const settingOf = (config: FlannelConfig, row: Row): unknown =>
  Object.entries(config).find(([key]) => key === keyOf(row))?.[1];

describe.each(ROWS)('$name', (row) => {
  const { name, text = '', fallback, want } = row;
  const variable = `FLANNELD_${name.toUpperCase().replaceAll('-', '_')}`;
  const isBoolean = TABLE.find((flag) => flag.name === name)?.value === undefined;

  test('has its default', () => {
    expect(settingOf(load([]), row)).toEqual(fallback);
  });

  test.each([
    { spelling: '-flag=value', argv: [`-${name}=${text}`] },
    { spelling: '--flag=value', argv: [`--${name}=${text}`] },
    ...(isBoolean
      ? []
      : [
          { spelling: '-flag value', argv: [`-${name}`, text] },
          { spelling: '--flag value', argv: [`--${name}`, text] },
        ]),
  ])('$spelling', ({ argv }) => {
    expect(settingOf(load(argv), row)).toEqual(want);
  });

  test('in the environment, where a flag wins over it', () => {
    // An empty variable is none; the socket's is off.
    const inEnvironment = text === '' && name !== 'status-socket' ? fallback : want;
    expect(settingOf(load([], { [variable]: text }), row)).toEqual(inEnvironment);
    expect(settingOf(load([`--${name}=${text}`], { [variable]: 'nonsense' }), row)).toEqual(want);
  });
});

test('every flag of the table is tried here', () => {
  const tried = new Set([...ROWS.map(({ name }) => name), ...OF_THE_COMMAND, 'etcd-endpoints']);
  expect(TABLE.map(({ name }) => name).filter((name) => !tried.has(name))).toEqual([]);
});

test('endpoints are a comma list, in the environment too', () => {
  const urls = (config: FlannelConfig): string[] => config.etcdEndpoints.map(({ url }) => url);
  expect(urls(load([]))).toEqual(['http://127.0.0.1:4001', 'http://127.0.0.1:2379']);
  expect(urls(load(['-etcd-endpoints', 'http://a:1,http://b:2']))).toEqual(['http://a:1', 'http://b:2']);
  expect(urls(load([], { FLANNELD_ETCD_ENDPOINTS: 'http://a:1, http://b:2' }))).toEqual(['http://a:1', 'http://b:2']);
});

describe('the log level', () => {
  test.each([
    { argv: ['-v=1'], want: 'debug' },
    { argv: ['-v', '10'], want: 'trace' },
    { argv: ['-v=-1'], want: 'info' },
    { argv: ['-vmodule=a=2', '-v=7'], want: 'trace' },
    { argv: ['-v=10', '--log-level=error'], want: 'error' },
  ])('$argv is $want', ({ argv, want }) => {
    expect(load(argv).logLevel).toBe(want);
  });
});

describe('words as Go reads them', () => {
  test.each([
    { argv: ['-etcd-prefix=/a=b'], flags: { etcdPrefix: '/a=b' }, faults: [] },
    { argv: ['--iface=eth0', '-iface', 'eth1'], flags: { iface: ['eth0', 'eth1'] }, faults: [] },
    { argv: ['-ip-masq', '--iface', 'eth0'], flags: { ipMasq: true, iface: ['eth0'] }, faults: [] },
    { argv: ['--colour=red'], flags: { colour: 'red' }, faults: [] },
    { argv: ['--public-ip', '-1'], flags: { publicIp: '-1' }, faults: [] },
    { argv: ['--public-ip'], flags: {}, faults: ['public-ip: expected a value'] },
    {
      argv: ['-ip-masq', 'false'],
      flags: { ipMasq: true },
      faults: ['"false" is not a flag: expected one such as --etcd-endpoints; a boolean takes its value as =false'],
    },
  ])('$argv', ({ argv, flags, faults }) => {
    expect(parseGoFlags(argv, TABLE)).toEqual({ flags, faults });
  });
});

describe('what Kubernetes wants is answered', () => {
  test.each(['--kube-subnet-mgr', '--kube-api-url=https://k:1', '--kubeconfig-file=/k', '--net-config-path=/n'])(
    '%s',
    (word) => {
      expect(() => load([word])).toThrow(ConfigError);
      expect(() => load([word])).toThrow(
        /has no Kubernetes subnet manager yet: leave this out and give --etcd-endpoints/,
      );
    },
  );
});

test('the help fits 80 columns and has every flag', () => {
  const lines = goFlagsHelp(FLANNELD_FLAGS).split('\n');
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
  for (const { name } of TABLE)
    expect(
      lines.some((line) => line.startsWith(`  --${name}`)),
      name,
    ).toBe(true);
});
