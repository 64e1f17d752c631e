import type { Logger } from '../native/host/log.ts';
import type { FirewallCounters } from './firewall-report.ts';
import type { LeaseEvent } from './model/lease-event.ts';
import { EtcdRequests } from './etcd-requests.ts';
import { Histogram } from './histogram.ts';
import { unreadyReason, type HealthFacts } from './model/health.ts';
import type { StatusSources } from './status-sources.ts';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Told in the log; slight ones are without effect on readiness, for peers are reachable. */
type ProblemKind = SlightProblem | GraveProblem;

type SlightProblem = 'peerProblem' | 'storedConfigProblem' | 'presenceProblem';

const SLIGHT: ReadonlySet<ProblemKind> = new Set(['peerProblem', 'storedConfigProblem', 'presenceProblem']);

const isSlight = (kind: ProblemKind): kind is SlightProblem => SLIGHT.has(kind);

type GraveProblem =
  'etcdProblem' | 'configProblem' | 'leaseProblem' | 'kernelProblem' | 'subnetFileProblem' | 'firewallProblem';

/** Who looks for what is in the way; each tells all that it sees. */
type ConflictSource = 'host' | 'firewall';

const SUBJECT: Readonly<Record<ProblemKind, string>> = {
  etcdProblem: 'etcd',
  configProblem: 'network config',
  leaseProblem: 'subnet lease',
  kernelProblem: 'overlay device',
  peerProblem: 'peers',
  storedConfigProblem: 'network config',
  presenceProblem: 'sign of life',
  subnetFileProblem: 'subnet file',
  firewallProblem: 'firewall',
};

/** Only ever grow. */
export interface Counters extends FirewallCounters {
  lists: number;
  leaseEvents: number;
  steps: number;
  stepFailures: number;
  /** Steps of passes that no lease had asked for: somebody else had changed the overlay. */
  repairs: number;
  /** The same by the kind of step. */
  readonly repairsByKind: Map<string, number>;
  /** Refusals of the kernel by error code. */
  readonly netlinkErrors: Map<string, number>;
  /** Times that the lease was found lost, and times that the subnets became others. */
  leaseLosses: number;
  subnetChanges: number;
  deviceCreations: number;
  heldRemovals: number;
  shortPaths: number;
  shortPathSeconds: number;
}

/** As they are now. */
export interface Levels {
  leases: number;
  junkKeys: number;
  /** Hosts that have to be reached. */
  peers: number;
  /** Leases left out because they contradict others. */
  contradictions: number;
  /** Values of etcd's configuration that wait for a restart. */
  configPending: number;
  /** 1 while etcd's configuration is gone or cannot be used. */
  configUnusable: number;
  /** What stands in the overlay's way on this host. */
  conflicts: number;
  /** Routes of ours that the kernel has. */
  routes: number;
  failingSteps: number;
  mtuBytes: number;
}

/** What the agent knows about itself: for `/readyz`, `/metrics`, and one log line at each change. */
export class FlannelStatus {
  readonly counters: Counters = {
    lists: 0,
    leaseEvents: 0,
    steps: 0,
    stepFailures: 0,
    repairs: 0,
    repairsByKind: new Map(),
    netlinkErrors: new Map(),
    leaseLosses: 0,
    subnetChanges: 0,
    deviceCreations: 0,
    heldRemovals: 0,
    shortPaths: 0,
    shortPathSeconds: 0,
    firewallChecks: 0,
    firewallRepairs: 0,
    firewallFailures: 0,
  };
  readonly levels: Levels = {
    leases: 0,
    junkKeys: 0,
    peers: 0,
    contradictions: 0,
    configPending: 0,
    configUnusable: 0,
    conflicts: 0,
    routes: 0,
    failingSteps: 0,
    mtuBytes: 0,
  };
  /** NaN before there is a lease. */
  leaseSecondsLeft: () => number = () => NaN;
  /** Full lists of the leases by reason; {@link Counters.lists} is their sum. */
  readonly resyncs: Record<string, number> = {};
  /** Passes of the reconcile loop. */
  readonly passSeconds = new Histogram();
  readonly etcdRequests = new EtcdRequests();
  /** For `/status`. */
  readonly sources: StatusSources = {};
  readonly #log: Logger;
  readonly #subnetFile = Promise.withResolvers<undefined>();
  readonly #conflicts = new Map<ConflictSource, readonly string[]>();
  readonly #problems = new Map<ProblemKind, string>();
  readonly #facts: Writable<HealthFacts> = {
    etcdProblem: undefined,
    configProblem: undefined,
    leaseProblem: undefined,
    kernelProblem: undefined,
    subnetFileProblem: undefined,
    firewallProblem: undefined,
    leaseHeld: false,
    subnetFileWritten: false,
    peersProgrammed: false,
    firewallInPlace: false,
  };

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Settles when containers may start: subnet.env is there. */
  get subnetFileWritten(): Promise<void> {
    return this.#subnetFile.promise;
  }

  get facts(): Readonly<HealthFacts> {
    return this.#facts;
  }

  /** For `/readyz`. */
  unready(): string | undefined {
    return unreadyReason(this.#facts);
  }

  /** What is wrong now, in the order in which it came. */
  problems(): { subject: string; sentence: string }[] {
    return [
      ...Array.from(this.#problems, ([kind, sentence]) => ({ subject: SUBJECT[kind], sentence })),
      ...[...this.#conflicts.values()].flat().map((sentence) => ({ subject: 'conflict', sentence })),
    ];
  }

  /** A full list of the leases was taken. */
  listed(reason: string): void {
    this.counters.lists += 1;
    this.resyncs[reason] = (this.resyncs[reason] ?? 0) + 1;
  }

  etcd(problem: string | undefined): void {
    this.#tell('etcdProblem', problem);
  }

  /** What etcd's configuration has that this agent does not run with. */
  storedConfig(problem: string | undefined): void {
    this.#tell('storedConfigProblem', problem);
  }

  /** This host cannot show itself to the others. */
  presence(problem: string | undefined): void {
    this.#tell('presenceProblem', problem);
  }

  config(problem: string | undefined): void {
    this.#tell('configProblem', problem);
  }

  /** Counts what happened to the lease. */
  leaseEvent(kind: LeaseEvent['kind']): void {
    if (kind === 'lease-lost') this.counters.leaseLosses += 1;
    else if (kind === 'subnet-changed') this.counters.subnetChanges += 1;
  }

  lease(problem: string | undefined): void {
    this.#tell('leaseProblem', problem);
  }

  kernel(problem: string | undefined): void {
    this.#tell('kernelProblem', problem);
  }

  peers(problem: string | undefined): void {
    this.#tell('peerProblem', problem);
  }

  subnetFile(problem: string | undefined): void {
    this.#tell('subnetFileProblem', problem);
  }

  firewall(problem: string | undefined): void {
    this.#tell('firewallProblem', problem);
  }

  /** What stands in the overlay's way, a sentence each; readiness does not depend on it. */
  conflicts(source: ConflictSource, sentences: readonly string[]): void {
    const before = this.#conflicts.get(source) ?? [];
    this.#conflicts.set(source, sentences);
    this.levels.conflicts = [...this.#conflicts.values()].flat().length;
    for (const sentence of sentences) {
      if (!before.includes(sentence)) this.#log.warn({ subject: 'conflict' }, sentence);
    }
    for (const was of before) {
      if (!sentences.includes(was)) this.#log.info({ subject: 'conflict', was }, 'problem is over');
    }
  }

  /** A milestone on the way to being ready; logs the moment it is reached. */
  reached(milestone: 'leaseHeld' | 'subnetFileWritten' | 'peersProgrammed' | 'firewallInPlace'): void {
    if (this.#facts[milestone]) return;
    this.#facts[milestone] = true;
    if (milestone === 'subnetFileWritten') this.#subnetFile.resolve(undefined);
    if (this.unready() === undefined) this.#log.info({ peers: this.levels.peers }, 'ready');
  }

  /** The same sentence is logged once, however often it is met. */
  #tell(kind: ProblemKind, problem: string | undefined): void {
    const before = this.#problems.get(kind);
    if (before === problem) return;
    this.#problems.delete(kind);
    if (problem !== undefined) this.#problems.set(kind, problem);
    if (!isSlight(kind)) this.#facts[kind] = problem;
    if (problem === undefined) this.#log.info({ subject: SUBJECT[kind], was: before }, 'problem is over');
    else this.#log.warn({ subject: SUBJECT[kind] }, problem);
  }
}
