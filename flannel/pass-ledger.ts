import type { Logger } from '../native/host/log.ts';
import type { StepFailure } from './io/kernel.ts';
import type { LeaseSource } from './model/lease.ts';
import { stepsDone, type Step } from './model/step.ts';
import { PeerReport } from './peer-report.ts';
import type { PeerView } from './peer-view.ts';
import type { Section, Survey } from './reconciler.ts';
import type { PeerStatus } from './status-wire.ts';
import type { FlannelStatus } from './status.ts';

export interface PassOutcome {
  readonly survey: Survey;
  /** Of these the ones that were tried. */
  readonly sections: readonly Section[];
  readonly failures: readonly StepFailure[];
  /** No lease had asked for the steps: somebody else had changed the overlay. */
  readonly isRepair: boolean;
}

/** Writes into the status and the log what passes found and did. */
export class PassLedger {
  readonly #status: FlannelStatus;
  readonly #log: Logger;
  readonly #report: PeerReport;
  #problemKeys = '';

  constructor(status: FlannelStatus, log: Logger, backend: string) {
    this.#status = status;
    this.#log = log;
    this.#report = new PeerReport(backend);
  }

  /** The peers of all families; contradictions are logged when they change. */
  peers(views: readonly PeerView[]): void {
    const { levels } = this.#status;
    const problems = views.flatMap((view) => view.problems);
    levels.peers = Math.max(0, ...views.map((view) => view.size));
    levels.contradictions = problems.length;
    const problemKeys = problems.map(({ key }) => key).join(' ');
    if (problemKeys !== this.#problemKeys && problems.length > 0) {
      this.#log.warn({ problems }, 'leases contradict each other');
    }
    this.#problemKeys = problemKeys;
  }

  /** Each peer as the last pass left it. */
  peerStatus(views: readonly PeerView[], leases: LeaseSource): PeerStatus[] {
    return this.#report.list(views, leases, this.#status.facts.kernelProblem);
  }

  pass(tookMs: number): void {
    this.#status.passSeconds.observe(tookMs / 1000);
  }

  shortPath(steps: number, tookMs: number): void {
    const { counters } = this.#status;
    counters.steps += steps;
    counters.shortPaths += 1;
    counters.shortPathSeconds += tookMs / 1000;
  }

  /** Entries that somebody deleted were put back without a pass. */
  healed(steps: readonly Step[]): void {
    this.#status.counters.steps += steps.length;
    this.#repaired(steps);
  }

  applied({ survey, sections, failures, isRepair }: PassOutcome): void {
    const { counters, levels } = this.#status;
    this.#report.pass({ desired: survey.desired, planned: survey.sections, sections, failures });
    const failed = new Set(failures.map(({ step }) => step));
    const done = sections.map((section) => ({ ...section, steps: stepsDone(section.steps, failed) }));
    const steps = done.flatMap((section) => section.steps);
    counters.steps += steps.length;
    counters.stepFailures += failures.length;
    counters.deviceCreations += steps.filter(isCreation).length;
    for (const { error } of failures) count(counters.netlinkErrors, error.code);
    levels.failingSteps = failures.length;
    levels.routes = done.reduce((sum, section) => sum + routesAfter(section), 0);
    const recreated = steps.find((step) => step.kind === 'delete-link');
    if (recreated !== undefined) {
      this.#log.warn(
        { device: recreated.name, because: recreated.because },
        'device exists with incompatible configuration; recreating',
      );
    }
    if (isRepair && steps.length > 0) this.#repaired(steps);
  }

  #repaired(steps: readonly Step[]): void {
    const { counters } = this.#status;
    const kinds: Record<string, number> = {};
    for (const { kind } of steps) {
      kinds[kind] = (kinds[kind] ?? 0) + 1;
      count(counters.repairsByKind, kind);
    }
    counters.repairs += steps.length;
    this.#log.info({ steps: kinds }, 'overlay had been changed by somebody; repaired');
  }
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

const isCreation = ({ kind }: Step): boolean => kind === 'create-link' || kind === 'create-tunnel';

const ADDITIONS: ReadonlySet<Step['kind']> = new Set(['add-route', 'add-direct-route', 'add-tunnel-route']);
const REMOVALS: ReadonlySet<Step['kind']> = new Set(['remove-route', 'remove-direct-route', 'remove-tunnel-route']);

/** Routes that a section has after its steps were done; a device that was made anew began without. */
function routesAfter({ steps, routesBefore }: Section): number {
  let routes = steps.some((step) => isCreation(step) || step.kind === 'delete-link') ? 0 : routesBefore;
  for (const { kind } of steps) {
    if (ADDITIONS.has(kind)) routes += 1;
    else if (REMOVALS.has(kind)) routes -= 1;
  }
  return routes;
}
