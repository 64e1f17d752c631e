import type { HistogramView } from './histogram.ts';
import type { FlannelStatus } from './status.ts';

interface LabelledSpec {
  readonly type: 'counter' | 'gauge';
  readonly name: string;
  readonly help: string;
  readonly label: string;
  /** By the label's value. */
  readonly values: (status: FlannelStatus) => Iterable<readonly [string, number]>;
}

/** Peers are there in each state at any time, for a state that vanishes from a graph looks like an outage of the agent. */
const NO_PEERS = { programmed: 0, pending: 0, failed: 0, held: 0 };

function peersByState({ sources }: FlannelStatus): Iterable<readonly [string, number]> {
  const counts: Record<string, number> = { ...NO_PEERS };
  for (const { state } of sources.peers?.() ?? []) counts[state] = (counts[state] ?? 0) + 1;
  return Object.entries(counts);
}

const LABELLED: readonly LabelledSpec[] = [
  {
    type: 'gauge',
    name: 'weft_flannel_peers_by_state',
    help: 'Hosts that have to be reached, by how the last pass left them, and those held until a second list.',
    label: 'state',
    values: peersByState,
  },
  {
    type: 'counter',
    name: 'weft_flannel_repaired_steps_total',
    help: 'Changes made because somebody else had altered the overlay, by kind.',
    label: 'kind',
    values: (s) => s.counters.repairsByKind,
  },
  {
    type: 'counter',
    name: 'weft_flannel_netlink_errors_total',
    help: 'Refusals of the kernel by error code.',
    label: 'errno',
    values: (s) => s.counters.netlinkErrors,
  },
  {
    type: 'counter',
    name: 'weft_flannel_watch_resyncs_total',
    help: 'Full lists of the leases by the reason for each.',
    label: 'reason',
    values: (s) => Object.entries(s.resyncs),
  },
];

const escaped = (text: string): string => text.replace(/[\\"\n]/g, (sign) => (sign === '\n' ? '\\n' : `\\${sign}`));

function familyText({ type, name, help, label, values }: LabelledSpec, status: FlannelStatus): string[] {
  const samples = Array.from(values(status), ([value, count]) => `${name}{${label}="${escaped(value)}"} ${count}`);
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples];
}

/** What this host is called and which overlay it is in, to join with; nothing before it has joined one. */
function infoText({ sources }: FlannelStatus): string[] {
  const [host, overlay] = [sources.host?.(), sources.overlay?.()];
  if (host === undefined || overlay === undefined) return [];
  const labels = { host: host.hostname, node_id: host.nodeId, backend: overlay.backend, vni: String(overlay.vni) };
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${escaped(value)}"`);
  const name = 'weft_flannel_host_info';
  return [`# HELP ${name} Constant 1.`, `# TYPE ${name} gauge`, `${name}{${pairs.join(',')}} 1`];
}

interface HistogramSpec {
  readonly name: string;
  readonly help: string;
  /** One for each set of labels. */
  readonly views: readonly { readonly labels: Readonly<Record<string, string>>; readonly view: HistogramView }[];
}

const histograms = ({ passSeconds, etcdRequests }: FlannelStatus): HistogramSpec[] => [
  {
    name: 'weft_flannel_pass_seconds',
    help: 'Passes of the reconcile loop.',
    views: [{ labels: {}, view: passSeconds.view() }],
  },
  {
    name: 'weft_flannel_etcd_request_seconds',
    help: 'Requests to etcd by method and outcome; a call that fails over is several.',
    views: etcdRequests.views().map(({ method, outcome, ...view }) => ({ labels: { method, outcome }, view })),
  },
];

function histogramText({ name, help, views }: HistogramSpec): string[] {
  const samples = views.flatMap(({ labels, view: { buckets, sum, count } }) => {
    const own = Object.entries(labels).map(([label, value]) => `${label}="${escaped(value)}"`);
    const all = own.length === 0 ? '' : `{${own.join(',')}}`;
    const bucket = (le: string): string => `${name}_bucket{${[...own, `le="${le}"`].join(',')}}`;
    return [
      ...buckets.map((each) => `${bucket(String(each.le))} ${each.count}`),
      `${bucket('+Inf')} ${count}`,
      `${name}_sum${all} ${sum}`,
      `${name}_count${all} ${count}`,
    ];
  });
  return [`# HELP ${name} ${help}`, `# TYPE ${name} histogram`, ...samples];
}

/** The metrics that prom-client has no use for: what is counted elsewhere and carries labels, in the text format of Prometheus. */
export function labelledMetrics(status: FlannelStatus): string {
  const lines = [
    ...infoText(status),
    ...LABELLED.flatMap((spec) => familyText(spec, status)),
    ...histograms(status).flatMap(histogramText),
  ];
  return `${lines.join('\n')}\n`;
}
