import { HostFileError } from '../native/host/atomic-file.ts';
import { Backoff } from '../native/host/backoff.ts';
import type { Clock, RandomSource } from '../native/host/clock.ts';
import type { Logger } from '../native/host/log.ts';
import { Waker } from '../native/host/waker.ts';
import type { Cidr4 } from '../native/net/cidr.ts';
import type { MacAddress } from '../native/net/mac.ts';
import { NetlinkError } from '../native/netlink/errors.ts';
import { deviceName, vxlanOverlay, type VxlanNetwork } from './backends/vxlan.ts';
import type { Applied, OverlayKernel } from './io/kernel.ts';
import { watchKernel, type EventFilter } from './io/kernel-events.ts';
import type { LeaseStore } from './io/lease-store.ts';
import { writeSubnetEnv } from './io/subnet-env-file.ts';
import type { LeaseFeed } from './lease-feed.ts';
import type { Self } from './model/allocate.ts';
import type { Underlay } from './model/interface-choice.ts';
import type { KnownLease, LeaseUpdate } from './model/lease.ts';
import type { DesiredOverlay } from './model/overlay.ts';
import type { EntryStep } from './model/peer-change.ts';
import { plan, type ActualOverlay, type Step } from './model/plan.ts';
import { guardRemovals } from './model/removal-guard.ts';
import { PeerView } from './peer-view.ts';
import { SecondList } from './second-list.ts';
import type { FlannelStatus } from './status.ts';

export interface AgentParts {
  readonly kernel: OverlayKernel;
  readonly feed: LeaseFeed;
  readonly store: LeaseStore;
  readonly config: VxlanNetwork;
  readonly self: Self;
  readonly subnet: Cidr4;
  readonly vtepMac: MacAddress;
  /** As chosen at the start; where it stands now is read in every pass. */
  readonly underlay: Underlay;
  readonly subnetFile: string;
  readonly resyncMs: number;
  /** How long a mass removal waits for the second list. */
  readonly confirmAfterMs: number;
  readonly status: FlannelStatus;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
}

/** Passes may take at most a quarter of the time, whatever wakes them. */
const PAUSE_PER_PASS = 3;
const MAX_PAUSE_MS = 250;
const CONFIRM_AFTER_MS = 250;
const RETRY = { firstMs: 200, maxMs: 30_000 };

/** Keeps the kernel as the leases want it: every wake is one pass of read, plan, apply. */
export class OverlayAgent {
  readonly #parts: AgentParts;
  readonly #waker = new Waker();
  readonly #confirmation = new Waker();
  readonly #retry: Backoff;
  readonly #view: PeerView;
  readonly #secondList: SecondList;
  /** Whether leases changed that no short path took: what a pass finds otherwise was somebody else's doing. */
  #isNews = true;
  #underlay: Underlay;
  #ifindex: number | undefined;
  #mtuWritten: number | undefined;
  #retryIsDue = false;
  #storeReplaced = false;

  constructor(parts: AgentParts) {
    const { self, subnet, vtepMac, status, log } = parts;
    this.#parts = parts;
    this.#underlay = parts.underlay;
    this.#retry = new Backoff({ ...RETRY, random: parts.random });
    this.#view = new PeerView({ ...self, subnet, vtepMac }, status, log);
    this.#view.select(parts.feed.leases);
    this.#secondList = new SecondList({
      ...parts,
      onAnswer: () => {
        this.#waker.wake();
      },
    });
  }

  /** Takes a lease update: few changes go into the kernel at once, the loop confirms them. */
  onLeases(update: LeaseUpdate, leases: ReadonlyMap<string, KnownLease>): void {
    const startedMs = this.#parts.clock.monotonicMs();
    if (update.kind === 'snapshot') {
      if (update.reason === 'store-replaced') this.#storeReplaced = true;
      this.#view.select(leases);
      this.#leaveToLoop();
    } else {
      this.#shortPath(this.#view.change(update, leases), startedMs);
    }
  }

  /** Reconciles at every wake until the signal aborts. @throws the signal's reason. */
  async run(signal: AbortSignal): Promise<never> {
    const { clock } = this.#parts;
    this.#waker.wake();
    for (;;) {
      await this.#waker.next(signal);
      const startedMs = clock.monotonicMs();
      await this.#attempt(signal);
      const tookMs = clock.monotonicMs() - startedMs;
      const { counters } = this.#parts.status;
      counters.passes += 1;
      counters.passSeconds += tookMs / 1000;
      await clock.sleep(Math.min(MAX_PAUSE_MS, tookMs * PAUSE_PER_PASS), signal);
    }
  }

  /** Has the loop confirm what the short path did: one pass for all that came within a moment. @throws the signal's reason. */
  async confirmShortPaths(signal: AbortSignal): Promise<never> {
    for (;;) {
      await this.#confirmation.next(signal);
      await this.#parts.clock.sleep(CONFIRM_AFTER_MS, signal);
      this.#waker.wake();
    }
  }

  /** Wakes the loop now and then, whether or not anything was heard. @throws the signal's reason. */
  async resync(signal: AbortSignal): Promise<never> {
    const { clock, random, resyncMs } = this.#parts;
    for (;;) {
      await clock.sleep(resyncMs * (0.9 + 0.2 * random()), signal);
      this.#waker.wake();
    }
  }

  /** Wakes the loop at every event of the kernel that concerns the overlay. @throws the signal's reason. */
  async watchKernel(signal: AbortSignal): Promise<never> {
    const { clock, log, random } = this.#parts;
    const backoff = new Backoff({ ...RETRY, random });
    const onChange = (): void => {
      this.#waker.wake();
    };
    for (;;) {
      const { promise, resolve, reject } = Promise.withResolvers<NetlinkError>();
      const abort = (): void => {
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', abort, { once: true });
      try {
        using _watch = watchKernel({ filter: () => this.#eventFilter(), onChange, onFatal: resolve });
        log.warn({ err: await promise }, 'kernel events are lost; listening again');
      } finally {
        signal.removeEventListener('abort', abort);
      }
      onChange();
      await clock.sleep(backoff.nextMs(), signal);
    }
  }

  #eventFilter(): EventFilter {
    const { config } = this.#parts;
    return {
      deviceName: deviceName(config),
      deviceIfindex: this.#ifindex,
      underlayName: this.#underlay.name,
      underlayIfindex: this.#underlay.ifindex,
      network: config.ipv4.network,
      peerAt: (address) => this.#view.peerAt(address),
      remoteOf: (mac) => this.#view.remoteOf(mac),
    };
  }

  #shortPath(steps: readonly EntryStep[], startedMs: number): void {
    const { kernel, clock, status } = this.#parts;
    if (steps.length === 0 || this.#ifindex === undefined || !takesSteps(kernel, steps, this.#ifindex)) {
      this.#leaveToLoop();
      return;
    }
    status.counters.steps += steps.length;
    status.counters.shortPaths += 1;
    status.counters.shortPathSeconds += (clock.monotonicMs() - startedMs) / 1000;
    this.#confirmation.wake();
  }

  #leaveToLoop(): void {
    this.#isNews = true;
    this.#waker.wake();
  }

  async #attempt(signal: AbortSignal): Promise<void> {
    try {
      await this.#pass(signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof NetlinkError || error instanceof RangeError)) throw error;
      this.#parts.status.kernel(error.message);
      this.#retryLater(signal);
    }
  }

  async #pass(signal: AbortSignal): Promise<void> {
    const { kernel, config, vtepMac, subnet, status } = this.#parts;
    const isNews = this.#isNews;
    this.#isNews = false;
    const { underlay, actual } = await kernel.read({ device: deviceName(config), underlay: this.#underlay }, signal);
    this.#ifindex = actual.device?.ifindex;
    if (underlay === undefined) {
      status.kernel(`the interface ${this.#underlay.name} with this host's address is gone`);
      return; // its return is an event
    }
    this.#underlay = underlay;
    const { peers } = this.#view;
    const { defaultPort } = kernel;
    const desired = vxlanOverlay({ config, underlay, vtepMac, subnet, peers, defaultPort });
    const steps = this.#guarded(plan(desired, actual), actual, signal);
    const result =
      steps.length === 0 ? { failures: [], ifindex: this.#ifindex } : await kernel.apply(steps, this.#ifindex, signal);
    this.#ifindex = result.ifindex;
    this.#account({ steps, actual, isRepair: !isNews && status.facts.peersProgrammed }, result);
    await this.#report(desired, result, signal);
  }

  #guarded(steps: readonly Step[], actual: ActualOverlay, signal: AbortSignal): readonly Step[] {
    const { confirmAfterMs, log, status } = this.#parts;
    const guarded = guardRemovals({
      steps,
      routesBefore: actual.routes.length,
      deleted: this.#view.deleted,
      storeReplaced: this.#storeReplaced,
      confirmed: this.#secondList.confirmed,
    });
    if (guarded.held === 0) {
      this.#storeReplaced = false;
      this.#secondList.reset();
      this.#view.forgetDeletions();
    } else if (this.#secondList.ask(signal)) {
      status.counters.heldRemovals += guarded.held;
      log.warn({ held: guarded.held, confirmAfterMs }, 'peers left etcd in a mass; kept until a second list');
    }
    return guarded.steps;
  }

  #account(pass: { steps: readonly Step[]; actual: ActualOverlay; isRepair: boolean }, { failures }: Applied): void {
    const { status, log } = this.#parts;
    const { steps, actual, isRepair } = pass;
    status.counters.steps += steps.length;
    status.counters.stepFailures += failures.length;
    status.counters.deviceCreations += steps.filter(({ kind }) => kind === 'create-link').length;
    status.levels.failingSteps = failures.length;
    const added = steps.filter(({ kind }) => kind === 'add-route').length;
    const removed = steps.filter(({ kind }) => kind === 'remove-route').length;
    const isNew = steps.some(({ kind }) => kind === 'create-link');
    status.levels.routes = (isNew ? 0 : actual.routes.length) + added - removed;
    const recreated = steps.find((step) => step.kind === 'delete-link');
    if (recreated !== undefined) {
      log.warn(
        { device: recreated.name, because: recreated.because },
        'device exists with incompatible configuration; recreating',
      );
    }
    if (!isRepair || steps.length === 0) return;
    status.counters.repairs += steps.length;
    log.info({ steps: countKinds(steps) }, 'overlay had been changed by somebody; repaired');
  }

  async #report(desired: DesiredOverlay, { failures, ifindex }: Applied, signal: AbortSignal): Promise<void> {
    const { status } = this.#parts;
    const grave = failures.find(({ step }) => !isEntryStep(step));
    const slight = failures.find(({ step }) => isEntryStep(step));
    status.kernel(grave?.error.message);
    status.peers(slight?.error.message);
    if (failures.length > 0) this.#retryLater(signal);
    else this.#retry.reset();
    if (grave !== undefined || ifindex === undefined) return;
    status.levels.mtuBytes = desired.device.mtu;
    await this.#tellRuntimes(desired, signal);
    status.reached('peersProgrammed');
  }

  async #tellRuntimes({ device, network }: DesiredOverlay, signal: AbortSignal): Promise<void> {
    const { subnetFile, subnet, status } = this.#parts;
    if (this.#mtuWritten === device.mtu) return;
    try {
      await writeSubnetEnv(subnetFile, { network, subnet, mtu: device.mtu, ipMasq: false });
      this.#mtuWritten = device.mtu;
      status.subnetFile(undefined);
      status.reached('subnetFileWritten');
    } catch (error) {
      if (!(error instanceof HostFileError)) throw error;
      status.subnetFile(`${error.message}; choose another with --subnet-file`);
      this.#retryLater(signal);
    }
  }

  #retryLater(signal: AbortSignal): void {
    if (this.#retryIsDue) return;
    this.#retryIsDue = true;
    this.#parts.clock.sleep(this.#retry.nextMs(), signal).then(
      () => {
        this.#retryIsDue = false;
        this.#waker.wake();
      },
      () => undefined, // stopped
    );
  }
}

const LINK_STEPS: ReadonlySet<Step['kind']> = new Set([
  'delete-link',
  'create-link',
  'set-link',
  'add-address',
  'remove-address',
]);

/** A step on one peer: its failure leaves the other peers reachable. */
const isEntryStep = ({ kind }: Step): boolean => !LINK_STEPS.has(kind);

/** Whether the kernel took every step. */
function takesSteps(kernel: OverlayKernel, steps: readonly EntryStep[], ifindex: number): boolean {
  try {
    return kernel.applySync(steps, ifindex).length === 0;
  } catch (error) {
    if (error instanceof NetlinkError) return false; // what fails is met again by the loop
    throw error;
  }
}

function countKinds(steps: readonly Step[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind } of steps) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}
