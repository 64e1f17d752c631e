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
import { LOG_LEVELS } from '../native/host/log.ts';
import { parseIpv4 } from '../native/net/ipv4.ts';
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

const optionalText = z.string().transform((text) => (text === '' ? undefined : text));

/** A flag of flannel's that means something this agent does not do: flannel's default passes, anything else is told. */
function only(fallback: string, sentence: string): z.ZodOptional<z.ZodType> {
  return z
    .unknown()
    .refine((value) => String(value) === fallback, sentence)
    .optional();
}

const NO_KUBE = 'weft keeps its leases in etcd: leave this out, or run flanneld with the Kubernetes API';
const NO_RULES = 'weft sets no firewall rules yet: leave this out and masquerade on the host, for example with nft';
const NO_IPV6 = 'weft carries IPv4 only: leave this out';
const USE_LOG_LEVEL = 'use --log-level (debug, trace) instead';

const notSupported = {
  ipMasq: only('false', NO_RULES),
  ipMasqFullyRandomDisable: only('false', NO_RULES),
  iptablesResync: only('5', NO_RULES),
  ipBlackholeRoute: only('false', 'weft sets no blackhole route: leave this out'),
  ifaceRegex: only('', 'weft does not match interfaces by pattern: name one with --iface, by name or address'),
  ifaceCanReach: only('', 'weft does not choose by reachability: name the interface with --iface'),
  publicIpv6: only('', NO_IPV6),
  kubeSubnetMgr: only('false', NO_KUBE),
  kubeApiUrl: only('', NO_KUBE),
  kubeconfigFile: only('', NO_KUBE),
  kubeAnnotationPrefix: only('flannel.alpha.coreos.com', NO_KUBE),
  netConfigPath: only('/etc/kube-flannel/net-conf.json', NO_KUBE),
  setNodeNetworkUnavailable: only('true', NO_KUBE),
  v: only('0', USE_LOG_LEVEL),
  vmodule: only('', USE_LOG_LEVEL),
  logBacktraceAt: only(':0', USE_LOG_LEVEL),
};

const schema = z.object({
  etcdEndpoints: endpoints.default(DEFAULT_ENDPOINTS.map(parseEndpoint)),
  etcdPrefix: z.string().startsWith('/', 'expected a path that starts with /').default(DEFAULT_ETCD_PREFIX),
  etcdCafile: optionalText.optional(),
  etcdCertfile: optionalText.optional(),
  etcdKeyfile: optionalText.optional(),
  etcdUsername: optionalText.optional(),
  etcdPassword: optionalText.optional(),
  iface: stringList.default([]),
  publicIp: z
    .string()
    .transform((text, context) => (text === '' ? undefined : parsedBy(parseIpv4)(text, context)))
    .optional(),
  subnetFile: z.string().min(1, 'expected a path').default('/run/flannel/subnet.env'),
  subnetLeaseRenewMargin: looseInteger(1, 1439).default(60),
  /** What weft does anyway is set no forward rules; flannel's default of true is taken without complaint. */
  iptablesForwardRules: looseBoolean.default(true),
  healthzIp: z.string().default('0.0.0.0'),
  healthzPort: looseInteger(0, 65_535).default(0),
  stateDir: z.string().min(1, 'expected a folder').default('/var/lib/weft'),
  resync: durationMs.refine((ms) => ms >= 1000, 'expected at least 1s').default(30_000),
  logLevel: z.enum(LOG_LEVELS, { error: `expected one of ${LOG_LEVELS.join(', ')}` }).default('info'),
  ...notSupported,
});

export type FlannelConfig = Readonly<z.infer<typeof schema>>;

/** Settings that are right one by one and wrong together. */
function contradictions(config: FlannelConfig): string[] {
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

/** Flags, `FLANNELD_…` and the file as one checked value. @throws {ConfigError} with every fault at once. */
export function loadFlannelConfig(input: AgentInput): FlannelConfig {
  const config = loadConfig(schema, {
    flags: input.flags,
    env: input.env,
    envPrefix: 'FLANNELD_',
    file: input.configFile,
  });
  const faults = contradictions(config);
  if (faults.length > 0) throw new ConfigError(faults);
  return config;
}
