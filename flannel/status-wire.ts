import { z } from 'zod';

/** Where an agent answers by itself; `--status-socket`. */
export const DEFAULT_STATUS_SOCKET = '/run/weft/flannel.sock';

/** Of the status server and the socket: one JSON document. */
export const STATUS_PATH = '/status';

// Addresses and subnets are texts; what is not known is left out, never 0 or empty.

const hostSchema = z.object({
  nodeId: z.string(),
  hostname: z.string(),
  version: z.string(),
  pid: z.number().int(),
  /** The underlay interface. */
  interface: z.string().optional(),
  /** Why that one. */
  interfaceBecause: z.string().optional(),
  /** The interface's own addresses, which packets come from. */
  ipv4: z.string().optional(),
  ipv6: z.string().optional(),
  /** What peers send to. */
  publicIp: z.string().optional(),
  publicIpv6: z.string().optional(),
});

const leaseSchema = z.object({
  subnets: z.array(z.string()),
  secondsLeft: z.number().optional(),
  /** Hexadecimal, as etcdctl prints it. */
  etcdLeaseId: z.string().optional(),
  /** How it came to be this one: by the node id, the public IP, the subnet of the run before, or a free one. */
  acquiredBy: z.enum(['node-id', 'public-ip', 'previous-subnet', 'reservation', 'free']).optional(),
  problem: z.string().optional(),
});

const PEER_STATES = ['programmed', 'pending', 'failed', 'held'] as const;

const peerSchema = z.object({
  subnets: z.array(z.string()),
  nodeId: z.string().optional(),
  publicIp: z.string().optional(),
  publicIpv6: z.string().optional(),
  backend: z.string(),
  /** The MAC of each family's VTEP, or the one WireGuard key. */
  vtepMac: z.string().optional(),
  vtepMacIpv6: z.string().optional(),
  publicKey: z.string().optional(),
  /** How packets go there: `vxlan`, `direct`, `wireguard`, `ipip`. */
  via: z.string(),
  /** `pending`: no pass has been made yet. `held`: it left etcd in a mass and stays until a second list says the same. */
  state: z.enum(PEER_STATES),
  error: z.string().optional(),
});

const peersSchema = z.object({
  wanted: z.number().int(),
  programmed: z.number().int().optional(),
  pending: z.number().int().optional(),
  failed: z.number().int().optional(),
  held: z.number().int().optional(),
  list: z.array(peerSchema).optional(),
});

const counts = z.record(z.string(), z.number().int());

const watchSchema = z.object({
  connected: z.boolean(),
  /** The member that it is connected to. */
  endpoint: z.string().optional(),
  /** How long an event is under way; without a connection, how old what is known of the leases is. */
  lagMs: z.number().optional(),
  /** Since anything was heard; 2.5 s is usual where nothing happens. */
  silenceMs: z.number().optional(),
  /** The store's, as it was last heard. */
  revision: z.string().optional(),
  /** Full lists by reason. */
  resyncs: counts,
});

const etcdSchema = z.object({
  /** The one in use. */
  endpoint: z.string().optional(),
  endpoints: z.array(z.string()),
  prefix: z.string(),
  problem: z.string().optional(),
});

const mtusSchema = z.object({
  underlay: z.number().int().optional(),
  /** Of the devices. */
  overlayIpv4: z.number().int().optional(),
  overlayIpv6: z.number().int().optional(),
  /** What subnet.env tells containers. */
  subnetEnv: z.number().int().optional(),
});

const firewallSchema = z.object({
  /** `nftables`, `iptables`, or `none`: no rules are wanted, or no firewall works here. */
  mode: z.string(),
  /** The programs and their versions. */
  with: z.string().optional(),
  /** Why that one. */
  why: z.string().optional(),
  /** Also true when no rules are wanted. */
  inPlace: z.boolean(),
  problem: z.string().optional(),
  /** Times since the start that somebody else had changed the rules. */
  repairs: z.number().int().optional(),
  /** The program that changed the tables last. */
  lastChangedBy: z.string().optional(),
});

const configSchema = z.object({
  /** The key in etcd. */
  key: z.string(),
  revision: z.string().optional(),
  /** As the operator wrote it. */
  text: z.string().optional(),
  /** As it is understood, completed. */
  parsed: z.record(z.string(), z.unknown()).optional(),
  /** Changes in etcd that wait for a restart of this agent. */
  pendingRestart: z.array(z.string()),
});

/** What an overlay agent tells of itself at {@link STATUS_PATH}. Readers pass over what they do not know. */
export const flannelStatusSchema = z.object({
  v: z.literal(1),
  startedAtUnixMs: z.number(),
  host: hostSchema.optional(),
  readiness: z.object({ ready: z.boolean(), reason: z.string().optional() }),
  problems: z.array(z.object({ subject: z.string(), sentence: z.string() })),
  lease: leaseSchema.optional(),
  peers: peersSchema,
  /** What somebody else had changed and was put back, by kind, since the start. */
  repairs: counts,
  watch: watchSchema,
  etcd: etcdSchema.optional(),
  mtus: mtusSchema,
  firewall: firewallSchema.optional(),
  config: configSchema.optional(),
});

export type FlannelStatusDocument = z.infer<typeof flannelStatusSchema>;
export type HostStatus = z.infer<typeof hostSchema>;
export type LeaseStatus = z.infer<typeof leaseSchema>;
export type PeerStatus = z.infer<typeof peerSchema>;
export type WatchStatus = z.infer<typeof watchSchema>;
export type EtcdStatus = z.infer<typeof etcdSchema>;
export type MtuStatus = z.infer<typeof mtusSchema>;
export type FirewallStatus = z.infer<typeof firewallSchema>;
export type ConfigStatus = z.infer<typeof configSchema>;
