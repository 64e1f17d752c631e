import type { Command } from 'commander';
import { processEnvironment } from '../native/host/config.ts';
import { packageVersion } from '../native/host/package-root.ts';

interface Flag {
  /** As flannel spells it. */
  readonly name: string;
  /** `undefined` for a boolean. */
  readonly value: string | undefined;
  readonly text: string;
}

const FLAGS: readonly Flag[] = [
  { name: 'etcd-endpoints', value: 'URLS', text: 'comma list; http:// or https:// (http://127.0.0.1:2379)' },
  { name: 'etcd-prefix', value: 'PATH', text: 'where config and subnets are (/coreos.com/network)' },
  { name: 'etcd-cafile', value: 'FILE', text: 'CA that vouches for etcd, PEM; enough by itself for TLS' },
  { name: 'etcd-certfile', value: 'FILE', text: 'client certificate, PEM' },
  { name: 'etcd-keyfile', value: 'FILE', text: 'its key, PEM' },
  { name: 'etcd-username', value: 'NAME', text: 'etcd user' },
  { name: 'etcd-password', value: 'SECRET', text: 'better in FLANNELD_ETCD_PASSWORD' },
  { name: 'iface', value: 'NAME|ADDRESS', text: "underlay interface; repeatable, first hit (the default route's)" },
  { name: 'public-ip', value: 'ADDRESS', text: "what peers send to (the interface's address)" },
  { name: 'subnet-file', value: 'FILE', text: 'for container runtimes (/run/flannel/subnet.env)' },
  { name: 'subnet-lease-renew-margin', value: 'MINUTES', text: 'alarm when the lease has less left (60)' },
  { name: 'healthz-ip', value: 'ADDRESS', text: 'of /healthz, /readyz and /metrics (0.0.0.0)' },
  { name: 'healthz-port', value: 'PORT', text: '0 is off (0)' },
  { name: 'state-dir', value: 'DIR', text: 'node id and VTEP MAC (/var/lib/weft)' },
  { name: 'resync', value: 'TIME', text: 'look at the kernel at least this often (30s)' },
  { name: 'log-level', value: 'LEVEL', text: 'fatal, error, warn, info, debug or trace (info)' },
  { name: 'config', value: 'FILE', text: 'the same settings as YAML or JSON' },
  { name: 'version', value: undefined, text: 'print the version' },
  { name: 'help', value: undefined, text: 'print this' },
];

/** Flannel's own booleans: `-ip-masq` alone means true. */
const BOOLEANS = new Set([
  'version',
  'help',
  'ip-masq',
  'ip-masq-fully-random-disable',
  'iptables-forward-rules',
  'ip-blackhole-route',
  'kube-subnet-mgr',
  'set-node-network-unavailable',
]);

const REPEATABLE = new Set(['iface', 'iface-regex']);

function usage(): string {
  const rows = FLAGS.map(({ name, value, text }) => {
    const flag = `  --${name}${value === undefined ? '' : ` ${value}`}`;
    return `${flag.padEnd(40)} ${text}`;
  });
  return [
    "Usage: weft flanneld [flags]        joins a flannel cluster: leases a subnet in etcd, keeps the host's VXLAN overlay",
    '',
    ...rows,
    '',
    'Every flag may be written -flag, --flag VALUE or --flag=VALUE, and set as FLANNELD_FLAG in the environment.',
    "flannel's other flags are accepted with their defaults.",
    '',
  ].join('\n');
}

const camelOf = (name: string): string => name.replace(/[-_]([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** Go's flag syntax: one dash or two, `=` or the next word. What is no flag is kept under its own name, to be told as unknown. */
export function parseGoFlags(argv: readonly string[]): Record<string, unknown> {
  const flags: Record<string, unknown> = {};
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? '';
    const [, name, inline] = /^--?([A-Za-z][\w-]*)(?:=(.*))?$/s.exec(word) ?? [];
    if (name === undefined) {
      flags[word] = true;
      continue;
    }
    let value: unknown = inline;
    if (value === undefined && BOOLEANS.has(name)) value = true;
    if (value === undefined) value = argv[++at] ?? '';
    const key = camelOf(name);
    const before = flags[key];
    flags[key] = REPEATABLE.has(name) ? [...(Array.isArray(before) ? (before as unknown[]) : []), value] : value;
  }
  return flags;
}

/** `weft flanneld`: the overlay agent. */
export function addFlanneldCommand(program: Command): void {
  program
    .command('flanneld')
    .description('run the overlay agent of this host')
    .usage('[flags]')
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments()
    .action(async (_options: unknown, command: Command) => {
      const { config, help, version, ...flags } = parseGoFlags(command.args);
      if (help === true) {
        process.stdout.write(usage());
      } else if (version === true) {
        process.stdout.write(`weft ${packageVersion()}\n`);
      } else {
        const { runFlanneld } = await import('../flannel/main.ts');
        const configFile = typeof config === 'string' ? config : undefined;
        process.exitCode = await runFlanneld({ flags, env: processEnvironment(), configFile });
      }
    });
}
