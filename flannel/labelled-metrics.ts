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

function histogramText(name: string, help: string, { buckets, sum, count }: HistogramView): string[] {
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} histogram`,
    ...buckets.map((bucket) => `${name}_bucket{le="${bucket.le}"} ${bucket.count}`),
    `${name}_bucket{le="+Inf"} ${count}`,
    `${name}_sum ${sum}`,
    `${name}_count ${count}`,
  ];
}

/** The metrics that prom-client has no use for: what is counted elsewhere and carries labels, in the text format of Prometheus. */
export function labelledMetrics(status: FlannelStatus): string {
  const lines = [
    ...LABELLED.flatMap((spec) => familyText(spec, status)),
    ...histogramText('weft_flannel_pass_seconds', 'Passes of the reconcile loop.', status.passSeconds.view()),
  ];
  return `${lines.join('\n')}\n`;
}
