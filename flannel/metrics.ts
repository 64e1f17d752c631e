import { labelledMetrics } from './labelled-metrics.ts';
import type { FlannelStatus } from './status.ts';

interface MetricSpec {
  readonly type: 'counter' | 'gauge';
  readonly name: string;
  readonly help: string;
  readonly value: (status: FlannelStatus) => number;
}

const is = (problem: string | undefined): number => (problem === undefined ? 0 : 1);

/** Every metric without labels; the README's table names all. */
const METRICS: readonly MetricSpec[] = [
  {
    type: 'gauge',
    name: 'weft_flannel_leases',
    help: 'Subnet leases known, of all backends.',
    value: (s) => s.levels.leases,
  },
  {
    type: 'gauge',
    name: 'weft_flannel_junk_keys',
    help: 'Keys under the subnets prefix that hold no lease.',
    value: (s) => s.levels.junkKeys,
  },
  {
    type: 'gauge',
    name: 'weft_flannel_peers',
    help: 'Hosts that have to be reached through the overlay.',
    value: (s) => s.levels.peers,
  },
  {
    type: 'gauge',
    name: 'weft_flannel_contradicting_leases',
    help: 'Leases left out because they overlap or share a VTEP MAC.',
    value: (s) => s.levels.contradictions,
  },
  {
    type: 'gauge',
    name: 'weft_flannel_conflicts',
    help: "Things on this host that stand in the overlay's way.",
    value: (s) => s.levels.conflicts,
  },
  {
    type: 'gauge',
    name: 'weft_flannel_routes',
    help: 'Overlay routes in the kernel at the last pass.',
    value: (s) => s.levels.routes,
  },
  {
    type: 'gauge',
    name: 'weft_flannel_failing_steps',
    help: 'Steps that the kernel refused in the last pass.',
    value: (s) => s.levels.failingSteps,
  },
  {
    type: 'gauge',
    name: 'weft_flannel_mtu_bytes',
    help: 'MTU of the overlay device.',
    value: (s) => s.levels.mtuBytes,
  },
  {
    type: 'gauge',
    name: 'weft_flannel_lease_seconds_left',
    help: 'Until the own subnet lease runs out.',
    value: (s) => s.leaseSecondsLeft(),
  },
  {
    type: 'gauge',
    name: 'weft_flannel_lease_problem',
    help: '1 while the own subnet is missing, disputed or running out.',
    value: (s) => is(s.facts.leaseProblem),
  },
  {
    type: 'gauge',
    name: 'weft_flannel_etcd_connected',
    help: '1 while lease changes arrive from etcd.',
    value: (s) => 1 - is(s.facts.etcdProblem),
  },
  {
    type: 'gauge',
    name: 'weft_flannel_config_pending_restart',
    help: "Values of etcd's network config that wait for a restart of this agent.",
    value: (s) => s.levels.configPending,
  },
  {
    type: 'gauge',
    name: 'weft_flannel_config_unusable',
    help: "1 while etcd's network config is gone or cannot be used, and the former one is kept.",
    value: (s) => s.levels.configUnusable,
  },
  {
    type: 'gauge',
    name: 'weft_flannel_watch_lag_seconds',
    help: 'How long a lease change is under way; without a connection, how old what is known is.',
    value: (s) => (s.sources.watch?.().lagMs ?? NaN) / 1000,
  },
  {
    type: 'gauge',
    name: 'weft_flannel_watch_silence_seconds',
    help: 'Since anything was heard of the watch.',
    value: (s) => (s.sources.watch?.().silenceMs ?? NaN) / 1000,
  },
  {
    type: 'gauge',
    name: 'weft_flannel_watch_revision',
    help: "etcd's revision, as the watch last heard it.",
    value: (s) => Number(s.sources.watch?.().revision ?? NaN),
  },
  {
    type: 'gauge',
    name: 'weft_flannel_ready',
    help: '1 while /readyz says so.',
    value: (s) => 1 - is(s.unready()),
  },
  {
    type: 'gauge',
    name: 'weft_flannel_firewall_in_place',
    help: '1 while the firewall rules are as they are wanted, also when none are.',
    value: (s) => Number(s.sources.firewall?.().inPlace ?? false),
  },
  {
    type: 'counter',
    name: 'weft_flannel_firewall_checks_total',
    help: 'Looks at the firewall rules that ran a program.',
    value: (s) => s.counters.firewallChecks,
  },
  {
    type: 'counter',
    name: 'weft_flannel_firewall_repairs_total',
    help: 'Times that somebody else had changed the firewall rules.',
    value: (s) => s.counters.firewallRepairs,
  },
  {
    type: 'counter',
    name: 'weft_flannel_firewall_failures_total',
    help: 'Attempts to keep the firewall rules that failed.',
    value: (s) => s.counters.firewallFailures,
  },
  {
    type: 'counter',
    name: 'weft_flannel_lease_lists_total',
    help: 'Full lists of the leases taken.',
    value: (s) => s.counters.lists,
  },
  {
    type: 'counter',
    name: 'weft_flannel_lease_events_total',
    help: 'Single lease changes received.',
    value: (s) => s.counters.leaseEvents,
  },
  {
    type: 'counter',
    name: 'weft_flannel_lease_losses_total',
    help: 'Times that the own lease was found gone or held by somebody else.',
    value: (s) => s.counters.leaseLosses,
  },
  {
    type: 'counter',
    name: 'weft_flannel_subnet_changes_total',
    help: 'Times that this host took other subnets than it had.',
    value: (s) => s.counters.subnetChanges,
  },
  {
    type: 'counter',
    name: 'weft_flannel_steps_total',
    help: 'Changes asked of the kernel.',
    value: (s) => s.counters.steps,
  },
  {
    type: 'counter',
    name: 'weft_flannel_step_failures_total',
    help: 'Changes that the kernel refused.',
    value: (s) => s.counters.stepFailures,
  },
  {
    type: 'counter',
    name: 'weft_flannel_repairs_total',
    help: 'Changes made because somebody else had altered the overlay.',
    value: (s) => s.counters.repairs,
  },
  {
    type: 'counter',
    name: 'weft_flannel_device_creations_total',
    help: 'Times the overlay device was made.',
    value: (s) => s.counters.deviceCreations,
  },
  {
    type: 'counter',
    name: 'weft_flannel_held_removals_total',
    help: 'Peer removals held back for a second list.',
    value: (s) => s.counters.heldRemovals,
  },
  {
    type: 'counter',
    name: 'weft_flannel_short_paths_total',
    help: 'Lease changes put into the kernel at once.',
    value: (s) => s.counters.shortPaths,
  },
  {
    type: 'counter',
    name: 'weft_flannel_short_path_seconds_total',
    help: 'From their arrival to the kernel.',
    value: (s) => s.counters.shortPathSeconds,
  },
];

/** The exposition of `/metrics`; prom-client is loaded at the first scrape, for the start must be quick. */
export function metricsOf(status: FlannelStatus): () => Promise<string> {
  let render: Promise<() => Promise<string>> | undefined;
  const build = async (): Promise<() => Promise<string>> => {
    const { Counter, Gauge, Registry, collectDefaultMetrics } = await import('prom-client');
    const registry = new Registry();
    const refresh = METRICS.map(({ type, name, help, value }) => {
      const options = { name, help, registers: [registry] };
      if (type === 'gauge') {
        const gauge = new Gauge(options);
        return () => {
          gauge.set(value(status));
        };
      }
      const counter = new Counter(options);
      return () => {
        counter.reset();
        counter.inc(value(status));
      };
    });
    collectDefaultMetrics({ register: registry });
    return async () => {
      for (const update of refresh) update();
      return `${await registry.metrics()}\n${labelledMetrics(status)}`;
    };
  };
  return async () => {
    render ??= build();
    return (await render)();
  };
}
