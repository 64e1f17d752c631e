import { Backoff } from '../native/host/backoff.ts';
import type { Clock, RandomSource } from '../native/host/clock.ts';
import type { Logger } from '../native/host/log.ts';
import { Waker } from '../native/host/waker.ts';
import type { IpAddress } from '../native/net/ip.ts';
import { NetlinkError } from '../native/netlink/errors.ts';
import type { StateInput } from './backends/state-input.ts';
import { deviceIndex, eventFilterOf, gatewaysOf, placeOf } from './event-filter.ts';
import { AdvertisementWatch } from './io/advertisement-watch.ts';
import type { OverlayKernel, StepFailure } from './io/kernel.ts';
import { watchKernel, type EventFilter } from './io/kernel-events.ts';
import type { LeaseStore } from './io/lease-store.ts';
import type { LeaseFeed } from './lease-feed.ts';
import type { Self } from './model/allocate.ts';
import { blackholeNetworks } from './model/blackhole.ts';
import type { OverlayPlace } from './model/conflicts.ts';
import type { Underlay } from './model/interface-choice.ts';
import type { KnownLease, LeaseUpdate } from './model/lease.ts';
import type { NetworkConfig } from './model/network-config.ts';
import type { Family } from './model/overlay.ts';
import type { EntryStep } from './model/peer-change.ts';
import type { Step } from './model/step.ts';
import { heldRemovals, isPeerRemoval } from './model/removal-guard.ts';
import { PassLedger } from './pass-ledger.ts';
import { PeerView } from './peer-view.ts';
import { Reconciler, type Section, type Survey } from './reconciler.ts';
import { RuntimeNotice, type RuntimeNoticeParts } from './runtime-notice.ts';
import { SecondList } from './second-list.ts';
import type { FlannelStatus } from './status.ts';
import type { UnderlayFollower } from './underlay-follower.ts';
import type { PerFamily } from './wire.ts';

export interface AgentOptions extends Pick<RuntimeNoticeParts, 'subnetFile' | 'mtuRule' | 'ipMasq'> {
  readonly resyncMs: number;
  /** How long a mass removal waits for the second list. */
  readonly confirmAfterMs: number;
  readonly nexthopObjects: boolean;
  readonly blackhole: 'on' | 'off';
}

export interface AgentParts extends Pick<StateInput, 'subnets' | 'macs' | 'wireguardKey'> {
  readonly kernel: OverlayKernel;
  readonly feed: LeaseFeed;
  readonly store: LeaseStore;
  readonly network: NetworkConfig;
  readonly self: Self;
  readonly underlay: UnderlayFollower;
  readonly options: AgentOptions;
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
const FAMILIES: readonly Family[] = ['ipv4', 'ipv6'];

/** Keeps the kernel as the leases want it: every wake is one pass of read, plan, apply. */
export class OverlayAgent {
  readonly #parts: AgentParts;
  readonly #waker = new Waker();
  readonly #confirmation = new Waker();
  readonly #wake = (): void => {
    this.#waker.wake();
  };
  readonly #advertisements = new AdvertisementWatch(this.#wake);
  readonly #retry: Backoff;
  readonly #views: readonly PeerView[];
  readonly #reconciler: Reconciler;
  readonly #secondList: SecondList;
  readonly #ledger: PassLedger;
  readonly #notice: RuntimeNotice;
  #network: NetworkConfig;
  /** Whether leases changed that no short path took: what a pass finds otherwise was somebody else's doing. */
  #isNews = true;
  /** Where subnets are routed over the underlay, as of the last pass. */
  #directGateways: ReadonlyMap<number | string, IpAddress> = new Map();
  #retryIsDue = false;
  #massLoss = false;

  constructor(parts: AgentParts) {
    const { self, subnets, macs, network, options, status, log } = parts;
    this.#parts = parts;
    this.#network = network;
    this.#retry = new Backoff({ ...RETRY, random: parts.random });
    this.#reconciler = new Reconciler({ ...parts, ...options });
    this.#ledger = new PassLedger(status, log, network.backend.kind);
    this.#notice = new RuntimeNotice({ ...options, subnets, status });
    this.#views = FAMILIES.flatMap((family) => {
      const subnet = subnets[family];
      if (subnet === undefined) return [];
      const own = { ...self, family, backend: network.backend.kind, subnet, vtepMac: macs[family] };
      return [new PeerView(own, options)];
    });
    this.#select(parts.feed.leases);
    status.sources.peers = () => this.#ledger.peerStatus(this.#views, parts.feed.leases);
    this.#secondList = new SecondList({
      ...parts,
      confirmAfterMs: options.confirmAfterMs,
      onAnswer: this.#wake,
    });
  }

  /** Takes a lease update: few changes go into the kernel at once, the loop confirms them. */
  onLeases(update: LeaseUpdate, leases: ReadonlyMap<string, KnownLease>): void {
    const startedMs = this.#parts.clock.monotonicMs();
    if (update.kind === 'snapshot') {
      if (update.reason === 'store-replaced') this.#massLoss = true;
      this.#select(leases);
      this.#leaveToLoop();
      return;
    }
    if (this.#views.some((view) => view.isMassLoss(update))) this.#massLoss = true;
    const changes = this.#views.map((view) => ({ family: view.family, steps: view.change(update, leases) }));
    this.#ledger.peers(this.#views);
    this.#shortPath(changes, startedMs);
  }

  /** This host is at other addresses now. */
  onMoved({ publicIp, publicIpv6 }: Underlay): void {
    for (const view of this.#views) view.moveSelf({ publicIp, publicIpv6 });
    this.#select(this.#parts.feed.leases);
    this.#leaveToLoop();
  }

  /** Where this host's overlay is, for the search for conflicts. */
  place(): OverlayPlace {
    const { subnets, kernel } = this.#parts;
    return placeOf({ network: this.#network, subnets, views: this.#views, defaultPort: kernel.defaultPort });
  }

  /** Takes over what can be changed while running: the caller has judged that it can. */
  onNetwork(network: NetworkConfig): void {
    this.#network = network;
    this.#leaveToLoop();
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
      this.#ledger.pass(tookMs);
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
    const { clock, random, options } = this.#parts;
    for (;;) {
      await clock.sleep(options.resyncMs * (0.9 + 0.2 * random()), signal);
      this.#waker.wake();
    }
  }

  /** Wakes the loop at every event of the kernel that concerns the overlay. @throws the signal's reason. */
  async watchKernel(signal: AbortSignal): Promise<never> {
    const { clock, log, random } = this.#parts;
    const backoff = new Backoff({ ...RETRY, random });
    for (;;) {
      const { promise, resolve, reject } = Promise.withResolvers<NetlinkError>();
      const abort = (): void => {
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', abort, { once: true });
      try {
        using _watch = watchKernel({ filter: () => this.#eventFilter(), onChange: this.#wake, onFatal: resolve });
        log.warn({ err: await promise }, 'kernel events are lost; listening again');
      } finally {
        signal.removeEventListener('abort', abort);
      }
      this.#wake();
      await clock.sleep(backoff.nextMs(), signal);
    }
  }

  #eventFilter(): EventFilter {
    return eventFilterOf({
      network: this.#network,
      underlay: this.#parts.underlay.current,
      views: this.#views,
      ifindexOf: this.#ifindexOf,
      directGateways: this.#directGateways,
      plainIfindexes: this.#network.backend.kind === 'vxlan' ? [] : this.#reconciler.ifindexes,
      blackholes: blackholeNetworks(this.#parts.subnets, this.#parts.options.blackhole),
    });
  }

  readonly #ifindexOf = (family: Family): number | undefined =>
    deviceIndex(this.#network, family, (device) => this.#reconciler.ifindexOf(device));

  #select(leases: ReadonlyMap<string, KnownLease>): void {
    for (const view of this.#views) view.select(leases);
    this.#ledger.peers(this.#views);
  }

  #shortPath(changes: readonly { family: Family; steps: readonly EntryStep[] }[], startedMs: number): void {
    const { backend } = this.#network;
    const steps = changes.reduce((sum, change) => sum + change.steps.length, 0);
    const hasShortPath = backend.kind === 'vxlan' && !backend.directRouting && steps > 0 && !this.#massLoss;
    if (!hasShortPath || !changes.every((change) => this.#takesSteps(change))) {
      this.#leaveToLoop();
      return;
    }
    this.#ledger.shortPath(steps, this.#parts.clock.monotonicMs() - startedMs);
    this.#confirmation.wake();
  }

  /** Whether the kernel took every step. */
  #takesSteps({ family, steps }: { family: Family; steps: readonly EntryStep[] }): boolean {
    if (steps.length === 0) return true;
    const ifindex = this.#ifindexOf(family);
    try {
      if (ifindex === undefined || this.#parts.kernel.applySync(steps, ifindex).length > 0) return false;
      this.#reconciler.note(steps);
      return true;
    } catch (error) {
      if (error instanceof NetlinkError) return false; // what fails is met again by the loop
      throw error;
    }
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
    const { underlay: follower, status } = this.#parts;
    const isNews = this.#isNews;
    this.#isNews = false;
    const underlay = await follower.resolve(signal);
    if (underlay === undefined) {
      status.kernel(`the interface ${follower.current.name} with this host's address is gone`);
      this.#retryLater(signal);
      return;
    }
    const peers = (): PerFamily<PeerView['peers']> => {
      const [ipv4, ipv6] = FAMILIES.map((family) => this.#views.find((view) => view.family === family)?.peers);
      return { ipv4, ipv6 };
    };
    const survey = await this.#reconciler.survey({ network: this.#network, underlay, peers }, signal);
    this.#directGateways = gatewaysOf(survey.desired);
    const sections = this.#guarded(survey, signal);
    const failures = await this.#reconciler.apply(sections, signal);
    this.#advertisements.follow(this.#reconciler.devices, signal);
    const isRepair = !isNews && status.facts.peersProgrammed;
    this.#ledger.applied({ survey, sections, failures, isRepair });
    await this.#report(failures, underlay, signal);
  }

  #guarded({ sections, routesBefore }: Survey, signal: AbortSignal): readonly Section[] {
    const { options, log, status } = this.#parts;
    const held = heldRemovals({
      steps: sections.flatMap(({ steps }) => steps),
      routesBefore,
      deleted: new Set(this.#views.flatMap((view) => [...view.deleted])),
      massLoss: this.#massLoss,
      asking: this.#secondList.asking,
      confirmed: this.#secondList.confirmed,
    });
    if (held === 0) {
      this.#massLoss = false;
      this.#secondList.reset();
      for (const view of this.#views) view.forgetDeletions();
      return sections;
    }
    if (this.#secondList.ask(signal)) {
      status.counters.heldRemovals += held;
      const { confirmAfterMs } = options;
      log.warn({ held, confirmAfterMs }, 'peers left etcd in a mass; kept until a second list');
    }
    return sections.map((section) => ({ ...section, steps: section.steps.filter((step) => !isPeerRemoval(step)) }));
  }

  async #report(failures: readonly StepFailure[], underlay: Underlay, signal: AbortSignal): Promise<void> {
    const { status } = this.#parts;
    const grave = failures.find(({ step }) => isLinkStep(step));
    const slight = failures.find(({ step }) => !isLinkStep(step));
    status.kernel(grave?.error.message);
    status.peers(slight?.error.message);
    if (failures.length > 0) this.#retryLater(signal);
    else this.#retry.reset();
    if (grave !== undefined) return;
    if (!(await this.#notice.update(this.#network, underlay))) this.#retryLater(signal);
    status.reached('peersProgrammed');
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

/** A step on the device itself; the failure of another one leaves the other peers reachable. */
const isLinkStep = ({ kind }: Step): boolean => LINK_STEPS.has(kind);
