import type { GoFlag, GoFlagGroup } from './go-flags.ts';

/** Where etcd is, for the agent and for every command that reads it. */
export const ETCD_FLAGS: readonly GoFlag[] = [
  {
    name: 'etcd-endpoints',
    value: 'URLS',
    text: 'comma list of http:// or https:// (http://127.0.0.1:4001,http://127.0.0.1:2379)',
  },
  { name: 'etcd-prefix', value: 'PATH', text: 'where config and subnets are (/coreos.com/network)' },
  { name: 'etcd-discovery-srv', value: 'DOMAIN', text: 'finds etcd in DNS (SRV) instead of by etcd-endpoints' },
  { name: 'etcd-cafile', value: 'FILE', text: 'CA that vouches for etcd, PEM; enough by itself for TLS' },
  { name: 'etcd-certfile', value: 'FILE', text: 'client certificate, PEM' },
  { name: 'etcd-keyfile', value: 'FILE', text: 'its key, PEM' },
  { name: 'etcd-username', value: 'NAME', text: 'etcd user' },
  { name: 'etcd-password', value: 'SECRET', text: 'its password; better in FLANNELD_ETCD_PASSWORD' },
];

/** Which interface is the underlay. */
export const INTERFACE_FLAGS: readonly GoFlag[] = [
  {
    name: 'iface',
    value: 'NAME|ADDRESS',
    repeatable: true,
    text: "underlay interface; repeat for more, the first hit counts (the default route's)",
  },
  {
    name: 'iface-regex',
    value: 'PATTERN',
    repeatable: true,
    text: 'the same by a pattern for its address or name; looked at after --iface',
  },
  { name: 'iface-can-reach', value: 'ADDRESS', text: 'the interface that packets to ADDRESS leave by' },
  { name: 'public-ip', value: 'ADDRESS', text: "what peers send to (the interface's address)" },
  { name: 'public-ipv6', value: 'ADDRESS', text: 'the same for IPv6' },
];

/** Every flag of `weft flanneld`: flannel's with their names and defaults, and weft's own. */
export const FLANNELD_FLAGS: readonly GoFlagGroup[] = [
  { title: 'etcd', flags: ETCD_FLAGS },
  { title: 'Interface', flags: INTERFACE_FLAGS },
  {
    title: 'Subnet and routes',
    flags: [
      { name: 'subnet-file', value: 'FILE', text: 'for container runtimes (/run/flannel/subnet.env)' },
      { name: 'subnet-lease-renew-margin', value: 'MINUTES', text: 'alarm when the lease has less left (60)' },
      { name: 'ip-blackhole-route', text: 'a blackhole route for the own subnet (false)' },
      { name: 'resync', value: 'TIME', text: 'look at the kernel at least this often (30s)' },
      { name: 'strict-mtu', text: "write the MTU that fits IPv6 too, not flannel's number (false)" },
      { name: 'nexthop-objects', text: 'a nexthop object for each peer, for large clusters (false)' },
    ],
  },
  {
    title: 'Firewall',
    flags: [
      { name: 'firewall', value: 'KIND', text: 'auto, nftables or iptables (auto)' },
      { name: 'ip-masq', text: 'masquerade what leaves the overlay (false)' },
      { name: 'ip-masq-fully-random-disable', text: 'choose source ports in order (false)' },
      { name: 'iptables-resync', value: 'SECONDS', text: 'time between two looks at rules in iptables-legacy (5)' },
      { name: 'iptables-forward-rules', text: 'accept forwarded packets of the overlay (true)' },
    ],
  },
  {
    title: 'Health, state and log',
    flags: [
      { name: 'healthz-ip', value: 'ADDRESS', text: 'of /healthz, /readyz, /metrics and /status (0.0.0.0)' },
      { name: 'healthz-port', value: 'PORT', text: '0 is off (0)' },
      {
        name: 'status-socket',
        value: 'FILE',
        text: 'for "weft status"; empty is off (/run/weft/flannel.sock)',
      },
      { name: 'state-dir', value: 'DIR', text: 'node id and keys (/var/lib/weft)' },
      { name: 'hook', value: 'FILE', text: 'program to call when the lease or the subnet changes' },
      { name: 'log-level', value: 'LEVEL', text: 'fatal, error, warn, info, debug or trace (info)' },
      { name: 'v', value: 'N', text: "flannel's verbosity: 1 to 4 is debug, 5 and more trace (0)" },
      { name: 'vmodule', value: 'FILE=N,…', text: 'the highest N counts as -v' },
      { name: 'log_backtrace_at', value: 'FILE:N', text: 'no effect: logged errors have their stack' },
      { name: 'config', value: 'FILE', text: 'the same settings as YAML or JSON' },
      { name: 'version', text: 'print the version' },
      { name: 'help', text: 'print this' },
    ],
  },
  {
    title: 'Kubernetes (not carried: only these defaults are taken)',
    flags: [
      { name: 'kube-subnet-mgr', text: '(false)' },
      { name: 'kube-api-url', value: 'URL', text: '()' },
      { name: 'kubeconfig-file', value: 'FILE', text: '()' },
      { name: 'kube-annotation-prefix', value: 'TEXT', text: '(flannel.alpha.coreos.com)' },
      { name: 'net-config-path', value: 'FILE', text: '(/etc/kube-flannel/net-conf.json)' },
      { name: 'set-node-network-unavailable', text: 'no effect without Kubernetes (true)' },
    ],
  },
];
