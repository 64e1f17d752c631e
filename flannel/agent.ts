import { Waker } from '../native/host/waker.ts';
import type { IpAddress } from '../native/net/ip.ts';
import { NetlinkError } from '../native/netlink/errors.ts';
import type { AgentParts } from './agent-parts.ts';
import { deviceIndex, eventFilterOf, gatewaysOf, placeOf } from './event-filter.ts';
import { AdvertisementWatch } from './io/advertisement-watch.ts';
import type { StepFailure } from './io/kernel.ts';
import type { EventFilter, KernelNews } from './io/kernel-events.ts';
import { StrangerNotice } from './io/stranger-notice.ts';
import { keepWatchingKernel } from './kernel-watch.ts';
import type { LeaseNews } from './lease-feed.ts';
import { blackholeNetworks } from './model/blackhole.ts';
import type { OverlayPlace } from './model/conflicts.ts';
import { Departures } from './model/departures.ts';
import type { Underlay } from './model/interface-choice.ts';
import type { KnownLease, LeaseChange, LeaseSource } from './model/lease.ts';
import type { NetworkConfig } from './model/network-config.ts';
import type { Family } from './model/overlay.ts';
import { restoreSteps } from './model/peer-change.ts';
import { isLinkStep } from './model/step.ts';
import { PassLedger } from './pass-ledger.ts';
import { PassPacer } from './pass-pacer.ts';
import { PassRetry } from './pass-retry.ts';
import { PeerView } from './peer-view.ts';
import { Reconciler } from './reconciler.ts';
import { RemovalHold } from './removal-hold.ts';
import { RuntimeNotice } from './runtime-notice.ts';
import { ShortPath, type ShortPathChange } from './short-path.ts';
import type { PerFamily } from './wire.ts';

/** More than these are put back by the loop, in batches. */
const SHORT_PATH_REPAIRS = 8;
const FAMILIES: readonly Family[] = ['ipv4', 'ipv6'];

/** Keeps the kernel as the leases want it: every wake is one pass of read, plan, apply. */
export class OverlayAgent {
  readonly #parts: AgentParts;
  readonly #waker = new Waker();
  readonly #pacer: PassPacer;
  readonly #wake = (): void => {
    this.#waker.wake();
  };
  /** Something that others changed must not wait for the loop's rest. */
  readonly #wakeAtOnce = (): void => {
    this.#pacer.hurry();
    this.#waker.wake();
  };
  /** What may have come in the overlay's way. */
  readonly strangers = new StrangerNotice();
  readonly #departures = new Departures();
  readonly #departing = new Waker();
  /** What peers are chosen among: all leases, and those that were deleted a moment ago. */
  readonly #leases: LeaseSource;
  readonly #shortPath: ShortPath;
  readonly #advertisements = new AdvertisementWatch(this.#wakeAtOnce);
  readonly #retry: PassRetry;
  readonly #views: readonly PeerView[];
  readonly #reconciler: Reconciler;
  readonly #hold: RemovalHold;
  readonly #ledger: PassLedger;
  readonly #notice: RuntimeNotice;
  #network: NetworkConfig;
  /** Whether leases changed that no short path took: what a pass finds otherwise was somebody else's doing. */
  #isNews = true;
  /** Where subnets are routed over the underlay, as of the last pass. */
  #directGateways: ReadonlyMap<number | string, IpAddress> = new Map();

  constructor(parts: AgentParts) {
    const { self, subnets, macs, network, options, status, log, feed, clock } = parts;
    this.#parts = parts;
    this.#leases = { values: () => leasesOf(feed.leases, this.#departures) };
    this.#pacer = new PassPacer(clock);
    this.#network = network;
    this.#retry = new PassRetry(parts, this.#wake);
    this.#reconciler = new Reconciler({ ...parts, ...options });
    this.#shortPath = new ShortPath({ ...parts, reconciler: this.#reconciler });
    this.#ledger = new PassLedger(status, log, network.backend.kind);
    this.#notice = new RuntimeNotice({ ...options, subnets, status });
    this.#views = FAMILIES.flatMap((family) => {
      const subnet = subnets[family];
      const range = network[family];
      if (subnet === undefined || range === undefined) return [];
      const own = {
        ...self,
        family,
        backend: network.backend.kind,
        network: range.network,
        subnet,
        vtepMac: macs[family],
      };
      return [new PeerView(own, options)];
    });
    this.#select();
    status.sources.peers = () => this.#ledger.peerStatus(this.#views, this.#leases);
    const { confirmAfterMs } = options;
    this.#hold = new RemovalHold({ ...parts, views: this.#views, confirmAfterMs, onAnswer: this.#wake });
  }

  /** Takes a lease update: few changes go into the kernel at once, the loop confirms them. */
  onLeases({ update, gone }: LeaseNews): void {
    this.strangers.change(); // a route that was a peer's failure may be a stranger's now
    const startedMs = this.#parts.clock.monotonicMs();
    if (update.kind === 'snapshot') {
      if (update.reason === 'store-replaced') this.#hold.doubt();
      if (update.reason === 'interval') this.#departures.listed(update.leases);
      else this.#departures.clear();
      this.#select();
      this.#leaveToLoop();
      return;
    }
    if (this.#views.some((view) => view.isMassLoss(update))) this.#hold.doubt();
    // A mass loss is doubted for longer, by the guard.
    const holdable = this.#hold.massLoss ? NO_LEASES : gone;
    this.#change(this.#departures.take(update.changes, holdable, startedMs), startedMs);
    this.#departing.wake();
  }

  /** Takes the deletions into effect that were held back. @throws the signal's reason. */
  async endDepartures(signal: AbortSignal): Promise<never> {
    const { clock } = this.#parts;
    for (;;) {
      await this.#departing.next(signal);
      while (this.#departures.dueMs !== undefined) {
        await clock.sleep(this.#departures.dueMs - clock.monotonicMs(), signal);
        const nowMs = clock.monotonicMs();
        this.#change(this.#departures.due(nowMs), nowMs);
      }
    }
  }

  /** This host is at other addresses now. */
  onMoved({ publicIp, publicIpv6 }: Underlay): void {
    for (const view of this.#views) view.moveSelf({ publicIp, publicIpv6 });
    this.#select();
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
    this.strangers.change();
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
      await this.#pacer.rest(tookMs, signal);
    }
  }

  /** Has the loop confirm what the short path did. @throws the signal's reason. */
  async confirmShortPaths(signal: AbortSignal): Promise<never> {
    return this.#shortPath.confirm(this.#wake, signal);
  }

  /** Wakes the loop now and then, whether or not anything was heard. @throws the signal's reason. */
  async resync(signal: AbortSignal): Promise<never> {
    const { clock, random, options } = this.#parts;
    for (;;) {
      await clock.sleep(options.resyncMs * (0.9 + 0.2 * random()), signal);
      this.#waker.wake();
    }
  }

  /** Meets every event of the kernel that says that the overlay is not as it should be. @throws the signal's reason. */
  async watchKernel(signal: AbortSignal): Promise<never> {
    const onNews = (news: KernelNews): void => {
      this.#heal(news);
    };
    const { strangers } = this;
    return keepWatchingKernel({ ...this.#parts, filter: () => this.#eventFilter(), onNews, strangers }, signal);
  }

  #eventFilter(): EventFilter {
    return eventFilterOf({
      network: this.#network,
      underlay: this.#parts.underlay.current,
      views: this.#views,
      nexthopObjects: this.#parts.options.nexthopObjects,
      ifindexOf: this.#ifindexOf,
      directGateways: this.#directGateways,
      plainIfindexes: this.#network.backend.kind === 'vxlan' ? [] : this.#reconciler.ifindexes,
      blackholes: blackholeNetworks(this.#parts.subnets, this.#parts.options.blackhole),
    });
  }

  readonly #ifindexOf = (family: Family): number | undefined =>
    deviceIndex(this.#network, family, (device) => this.#reconciler.ifindexOf(device));

  #select(): void {
    for (const view of this.#views) view.select(this.#leases);
    this.#ledger.peers(this.#views);
  }

  #change(changes: readonly LeaseChange[], startedMs: number): void {
    if (changes.length === 0) return;
    const steps = this.#views.map((view): ShortPathChange => ({
      ifindex: this.#ifindexOf(view.family),
      steps: view.change(changes, this.#leases),
    }));
    this.#ledger.peers(this.#views);
    const { backend } = this.#network;
    const count = steps.reduce((sum, change) => sum + change.steps.length, 0);
    const hasShortPath = backend.kind === 'vxlan' && !backend.directRouting && count > 0 && !this.#hold.massLoss;
    if (!hasShortPath || !this.#shortPath.takes(steps)) {
      this.#leaveToLoop();
      return;
    }
    this.#ledger.shortPath(count, this.#parts.clock.monotonicMs() - startedMs);
  }

  /** Entries that somebody deleted go back at once; everything else the loop has to look at. */
  #heal({ missing, isUnclear }: KernelNews): void {
    const repairs = missing.map((entry): ShortPathChange => ({
      ifindex: entry.ifindex,
      steps: restoreSteps(entry, this.#parts.options),
    }));
    if (isUnclear || repairs.length > SHORT_PATH_REPAIRS || !this.#shortPath.takes(repairs)) {
      this.#wakeAtOnce();
      return;
    }
    this.#ledger.healed(repairs.flatMap(({ steps }) => steps));
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
      this.#retry.later(signal);
    }
  }

  async #pass(signal: AbortSignal): Promise<void> {
    const { underlay: follower, status } = this.#parts;
    const isNews = this.#isNews;
    this.#isNews = false;
    const underlay = await follower.resolve(signal);
    if (underlay === undefined) {
      status.kernel(`the interface ${follower.current.name} with this host's address is gone`);
      this.#retry.later(signal);
      return;
    }
    const peers = (): PerFamily<PeerView['peers']> => {
      const [ipv4, ipv6] = FAMILIES.map((family) => this.#views.find((view) => view.family === family)?.peers);
      return { ipv4, ipv6 };
    };
    const survey = await this.#reconciler.survey({ network: this.#network, underlay, peers }, signal);
    this.#directGateways = gatewaysOf(survey.desired);
    const sections = this.#hold.allowed(survey, signal);
    const failures = await this.#reconciler.apply(sections, signal);
    this.#advertisements.follow(this.#reconciler.devices, signal);
    const isRepair = !isNews && status.facts.peersProgrammed;
    this.#ledger.applied({ survey, sections, failures, isRepair });
    await this.#report(failures, underlay, signal);
  }

  async #report(failures: readonly StepFailure[], underlay: Underlay, signal: AbortSignal): Promise<void> {
    const { status } = this.#parts;
    const grave = failures.find(({ step }) => isLinkStep(step));
    const slight = failures.find(({ step }) => !isLinkStep(step));
    status.kernel(grave?.error.message);
    status.peers(slight?.error.message);
    if (failures.length > 0) this.#retry.later(signal);
    else this.#retry.reset();
    if (grave !== undefined) return;
    if (!(await this.#notice.update(this.#network, underlay))) this.#retry.later(signal);
    status.reached('peersProgrammed');
  }
}

const NO_LEASES: ReadonlyMap<string, KnownLease> = new Map();

function* leasesOf(known: ReadonlyMap<string, KnownLease>, departures: Departures): Iterable<KnownLease> {
  yield* known.values();
  yield* departures.leases;
}
