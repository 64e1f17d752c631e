import { z } from 'zod';
import { parseEndpoint, type EtcdEndpoint } from '../native/etcd/endpoint.ts';
import {
  ConfigError,
  durationMs,
  loadConfig,
  looseBoolean,
  looseInteger,
  stringList,
  type AgentInput,
} from '../native/host/config.ts';
import { LOG_LEVELS, type LogLevel } from '../native/host/log.ts';
import { parseIp } from '../native/net/ip.ts';
import { parseIpv4 } from '../native/net/ipv4.ts';
import { parseIpv6 } from '../native/net/ipv6.ts';
import { givenVariables } from './given-variables.ts';
import { FIREWALL_CHOICES } from './model/firewall-mode.ts';
import { interfacePattern } from './model/interface-pattern.ts';
import { DEFAULT_STATUS_SOCKET } from './status-wire.ts';
import { DEFAULT_ETCD_PREFIX } from './wire.ts';

const DEFAULT_ENDPOINTS = ['http://127.0.0.1:4001', 'http://127.0.0.1:2379'];

/** Runs a parser of ours inside a schema: its RangeError becomes a fault. */
function parsedBy<T>(parse: (text: string) => T): (text: string, context: z.RefinementCtx) => T {
  return (text, context) => {
    try {
      return parse(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
      return z.NEVER;
    }
  };
}

const endpoints = stringList
  .transform((texts, context): EtcdEndpoint[] => texts.map((text) => parsedBy(parseEndpoint)(text, context)))
  .refine((list) => list.length > 0, 'expected at least one endpoint, such as http://127.0.0.1:2379');

/** Empty is the same as not given, as in Go's flags. */
const optionalText = z.string().transform((text) => (text === '' ? undefined : text));

function optionally<T>(parse: (text: string) => T): z.ZodOptional<z.ZodType<T | undefined, string>> {
  const parsed = parsedBy(parse);
  return z
    .string()
    .transform((text, context) => (text === '' ? undefined : parsed(text, context)))
    .optional();
}

/** A repeatable flag. The environment holds one value, for a pattern may have commas in it. */
const repeatable = z
  .union([z.array(z.string()), z.string().transform((text) => [text])], { error: 'expected a text or a list of them' })
  .transform((texts) => texts.filter((text) => text !== ''));

const patterns = repeatable.transform((texts, context) => {
  for (const text of texts) parsedBy(interfacePattern)(text, context);
  return texts;
});

/** `file=2,other=1`: levels for single files of flanneld, which weft does not have; the highest counts. */
const vmodule = z
  .string()
  .regex(/^(?:[^=,]+=\d+(?:,[^=,]+=\d+)*)?$/, 'expected FILE=N, such as main=4')
  .transform((text) => Math.max(0, ...Array.from(text.matchAll(/=(\d+)/g), ([, level]) => Number(level))));

/** A flag of flannel's that means something this agent does not do: flannel's default passes, anything else is told. */
function only(fallback: string, sentence: string): z.ZodOptional<z.ZodType> {
  return z
    .unknown()
    .refine((value) => String(value) === fallback, sentence)
    .optional();
}

const NO_KUBE =
  'weft keeps its leases in etcd and has no Kubernetes subnet manager yet: leave this out and give --etcd-endpoints, ' +
  'or stay with flanneld on this cluster';

const kubernetes = {
  kubeSubnetMgr: looseBoolean.refine((wanted) => !wanted, NO_KUBE).optional(),
  kubeApiUrl: only('', NO_KUBE),
  kubeconfigFile: only('', NO_KUBE),
  kubeAnnotationPrefix: only('flannel.alpha.coreos.com', NO_KUBE),
  netConfigPath: only('/etc/kube-flannel/net-conf.json', NO_KUBE),
  /** Nothing to be set without Kubernetes, whichever way it is wanted. */
  setNodeNetworkUnavailable: looseBoolean.default(true),
};

const etcd = {
  etcdEndpoints: endpoints.default(DEFAULT_ENDPOINTS.map(parseEndpoint)),
  /** Finds the endpoints in DNS; takes the place of `etcdEndpoints`. */
  etcdDiscoverySrv: optionalText.optional(),
  etcdPrefix: z.string().min(1, 'expected a path such as /coreos.com/network').default(DEFAULT_ETCD_PREFIX),
  etcdCafile: optionalText.optional(),
  etcdCertfile: optionalText.optional(),
  etcdKeyfile: optionalText.optional(),
  etcdUsername: optionalText.optional(),
  etcdPassword: optionalText.optional(),
};

const schema = z.object({
  ...etcd,
  iface: repeatable.default([]),
  ifaceRegex: patterns.default([]),
  ifaceCanReach: optionally(parseIp),
  publicIp: optionally(parseIpv4),
  publicIpv6: optionally(parseIpv6),
  subnetFile: z.string().min(1, 'expected a path').default('/run/flannel/subnet.env'),
  subnetLeaseRenewMargin: looseInteger(1, 1439).default(60),
  firewall: z.enum(FIREWALL_CHOICES, { error: `expected ${FIREWALL_CHOICES.join(', ')}` }).default('auto'),
  ipMasq: looseBoolean.default(false),
  ipMasqFullyRandomDisable: looseBoolean.default(false),
  /** Seconds. */
  iptablesResync: looseInteger(1, 86_400).default(5),
  iptablesForwardRules: looseBoolean.default(true),
  ipBlackholeRoute: looseBoolean.default(false),
  healthzIp: z.string().min(1, 'expected an address').default('0.0.0.0'),
  healthzPort: looseInteger(0, 65_535).default(0),
  stateDir: z.string().min(1, 'expected a folder').default('/var/lib/weft'),
  /** `undefined` is off. */
  statusSocket: z
    .string()
    .default(DEFAULT_STATUS_SOCKET)
    .transform((text) => (text === '' ? undefined : text)),
  resync: durationMs.refine((ms) => ms >= 1000, 'expected at least 1s').default(30_000),
  strictMtu: looseBoolean.default(false),
  nexthopObjects: looseBoolean.default(false),
  hook: optionalText.optional(),
  logLevel: z.enum(LOG_LEVELS, { error: `expected one of ${LOG_LEVELS.join(', ')}` }).optional(),
  v: looseInteger(-2_147_483_648, 2_147_483_647).default(0),
  vmodule: vmodule.default(0),
  /** Every error that is logged has its stack already. */
  logBacktraceAt: z.string().optional(),
  ...kubernetes,
});

type Settings = Readonly<z.infer<typeof schema>>;

export type FlannelConfig = Omit<Settings, 'logLevel'> & {
  readonly logLevel: LogLevel;
  /** flanneld's `WIREGUARD_KEY_FILE`, without its prefix; `undefined` is a file in `stateDir`. */
  readonly wireguardKeyFile: string | undefined;
  /** systemd's `NOTIFY_SOCKET`; `undefined` where nobody waits to be told. */
  readonly notifySocket: string | undefined;
};

const etcdSchema = z.object(etcd);

/** Where etcd is, for the agent and every command that reads it. */
export type EtcdConfig = Readonly<z.infer<typeof etcdSchema>>;

/** Settings that are right one by one and wrong together. */
function contradictions(config: EtcdConfig): string[] {
  const { etcdCafile, etcdCertfile, etcdKeyfile, etcdUsername, etcdPassword, etcdEndpoints } = config;
  const faults: string[] = [];
  if ((etcdCertfile === undefined) !== (etcdKeyfile === undefined)) {
    faults.push('etcd-certfile and etcd-keyfile: expected both or none');
  }
  if ((etcdUsername === undefined) !== (etcdPassword === undefined)) {
    faults.push('etcd-username and etcd-password: expected both or none');
  }
  const wantsTls = [etcdCafile, etcdCertfile, etcdKeyfile].some((file) => file !== undefined);
  const plain = etcdEndpoints.find(({ secure }) => !secure);
  if (wantsTls && plain !== undefined) {
    faults.push(`etcd-endpoints: TLS files are given, but ${plain.url} is not encrypted: write https://`);
  }
  return faults;
}

/** `--log-level`, else what flannel's `-v` comes to: 1 to 4 is debug, 5 and more trace. */
function logLevelOf({ logLevel, v, vmodule: module }: Settings): LogLevel {
  if (logLevel !== undefined) return logLevel;
  const verbosity = Math.max(v, module);
  if (verbosity <= 0) return 'info';
  return verbosity < 5 ? 'debug' : 'trace';
}

/** Flags, `FLANNELD_…` and the file as one checked value. @throws {ConfigError} with every fault at once. */
export function loadFlannelConfig(input: AgentInput): FlannelConfig {
  const env = givenVariables(input.env);
  const config = loadConfig(schema, {
    flags: input.flags,
    env,
    envPrefix: 'FLANNELD_',
    file: input.configFile,
  });
  const faults = contradictions(config);
  if (faults.length > 0) throw new ConfigError(faults);
  const { WIREGUARD_KEY_FILE: wireguardKeyFile, NOTIFY_SOCKET: notifySocket } = env;
  return Object.freeze({ ...config, logLevel: logLevelOf(config), wireguardKeyFile, notifySocket });
}

/** The settings about etcd alone, from the same flags and variables. @throws {ConfigError} with every fault at once. */
export function loadEtcdConfig({ flags, env }: Pick<AgentInput, 'flags' | 'env'>): EtcdConfig {
  const mine = Object.entries(flags).filter(([name]) => Object.hasOwn(etcd, name));
  const config = loadConfig(etcdSchema, {
    flags: Object.fromEntries(mine),
    env: givenVariables(env),
    envPrefix: 'FLANNELD_',
  });
  const faults = contradictions(config);
  if (faults.length > 0) throw new ConfigError(faults);
  return config;
}
