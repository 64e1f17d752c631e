import { Waker } from '../native/host/waker.ts';
import { Acquirer, leaseFor, type Round } from './acquisition.ts';
import { wokenOrDue } from './due.ts';
import { GRACE_MS, type LeaseKeeperParts } from './lease-keeper-parts.ts';
import { LeasePauses, MOST_OFTEN_MS, sentenceOf } from './lease-pauses.ts';
import { LeaseTimes } from './lease-times.ts';
import type { Self } from './model/allocate.ts';
import type { KnownLease, LeaseUpdate } from './model/lease.ts';
import { addressText, subnetsText } from './model/lease-text.ts';
import { judgeOwnKey, rivalsToHeed, type HeldLease } from './model/renewal.ts';
import { Recovery } from './recovery.ts';
import type { LeaseStatus } from './status-wire.ts';
import { encodeLease, type Lease, type LeaseBackend, type SubnetPair } from './wire.ts';

/** Gets a subnet and holds it: as long as etcd is there to say so, and after an outage of any length. */
export class LeaseKeeper {
  readonly #parts: LeaseKeeperParts;
  readonly #acquirer: Acquirer;
  readonly #times: LeaseTimes;
  readonly #recovery: Recovery;
  readonly #waker = new Waker();
  readonly #pauses: LeasePauses;
  #self: Self;
  #backend: LeaseBackend;
  #held: HeldLease | undefined;
  /** Told and being put right. */
  #isLost = false;
  #seen: KnownLease | undefined;
  /** As last told; `undefined` when they have to be listed. */
  #leases: ReadonlyMap<string, KnownLease> | undefined;
  /** News older than what we wrote ourselves says nothing about it. */
  #newsFrom = 0n;
  #failing = false;
  /** Another host has our address: it holds the lease up, but takes nothing from it. */
  #rival: string | undefined;
  #problem: string | undefined;

  constructor(parts: LeaseKeeperParts) {
    const { store, random, self, backend } = parts;
    this.#parts = parts;
    this.#self = self;
    this.#backend = backend;
    this.#acquirer = new Acquirer(parts);
    this.#times = new LeaseTimes({ ...parts, ttlSeconds: store.ttlSeconds });
    this.#recovery = new Recovery({
      ...parts,
      acquirer: this.#acquirer,
      graceMs: parts.graceMs ?? GRACE_MS,
      onLost: (because) => {
        this.#lost(because);
      },
    });
    this.#pauses = new LeasePauses(random);
  }

  /** By our own reckoning; negative when etcd has been away for longer than the lease lasts, -Infinity without a lease. */
  get secondsLeft(): number {
    return this.#times.secondsLeft;
  }

  /** Writes that were tried to come by a subnet, lost races included, since the start. */
  get acquisitionWrites(): number {
    return this.#acquirer.writes;
  }

  /** This host's subnets; `undefined` before {@link LeaseKeeper.acquire} has come to something. */
  get subnets(): SubnetPair | undefined {
    return this.#held?.lease.subnets;
  }

  /** For the status. */
  get origin(): Pick<LeaseStatus, 'etcdLeaseId' | 'acquiredBy'> {
    const id = this.#held?.etcdLeaseId;
    const etcdLeaseId = id === undefined ? undefined : BigInt.asUintN(64, id).toString(16);
    return { etcdLeaseId, acquiredBy: this.#acquirer.origin };
  }

  /** The host has other addresses now: the lease is rewritten, the subnet stays. */
  setSelf(addresses: Pick<Self, 'publicIp' | 'publicIpv6'>): void {
    this.#self = { ...this.#self, ...addresses };
    this.#waker.wake();
  }

  /** Peers reach the host in another way now (another VTEP MAC, another key): the lease is rewritten, the subnet stays. */
  setBackend(backend: LeaseBackend): void {
    this.#backend = backend;
    this.#waker.wake();
  }

  /** Takes or finds this host's subnet; tries for as long as it takes. @throws the signal's reason. */
  async acquire(
    known: readonly KnownLease[],
    previous: SubnetPair | undefined,
    signal: AbortSignal,
  ): Promise<SubnetPair> {
    this.#times.observe({ kind: 'snapshot', leases: known, revision: 0n, reason: 'start' }, undefined);
    let leases: readonly KnownLease[] | undefined = known;
    for (;;) {
      let pause = this.#pauses.retry;
      try {
        leases ??= await this.#parts.store.list(signal);
        const round = await this.#round(leases, previous, signal);
        if (round.kind === 'held') return this.#hold(round.held, 'early');
        leases = undefined;
        if (round.kind === 'written') continue;
        if (round.kind === 'lost') pause = this.#pauses.race;
        else this.#tell(round.problem);
      } catch (error) {
        leases = undefined;
        this.#tell(sentenceOf(error, signal));
      }
      await this.#parts.clock.sleep(pause.nextMs(), signal);
    }
  }

  /** Looks at the own key in every update, and wakes the keeper when it is not as we left it. */
  observe(leases: ReadonlyMap<string, KnownLease>, update: LeaseUpdate): void {
    const { dueAtMs } = this.#times;
    this.#times.observe(update, this.#held?.key);
    if (this.#times.dueAtMs < dueAtMs) this.#waker.wake();
    if (update.kind === 'snapshot' && update.reason === 'store-replaced') this.#newsFrom = 0n;
    if (this.#held === undefined || update.revision < this.#newsFrom) return;
    this.#leases = leases;
    const before = this.#seen?.modRevision;
    this.#seen = leases.get(this.#held.key);
    const isNews = this.#seen?.modRevision !== before;
    if (isNews && judgeOwnKey(this.#held, this.#seen, this.#self) !== 'ours') this.#waker.wake();
  }

  /** Keeps the lease until the signal aborts; nothing is given back at the end. @throws the signal's reason. */
  async run(signal: AbortSignal): Promise<never> {
    const { clock, random } = this.#parts;
    for (;;) {
      await this.#wokenOrDue(signal);
      try {
        if (this.#held !== undefined) await this.#mind(this.#held, signal);
        this.#failing = false;
      } catch (error) {
        this.#leases = undefined;
        this.#renewalFailed(sentenceOf(error, signal));
      }
      await clock.sleep(MOST_OFTEN_MS * random(), signal);
    }
  }

  /** An outage of etcd is no fault of the lease before its time runs short. */
  #renewalFailed(reason: string): void {
    const { log, marginSeconds } = this.#parts;
    const { secondsLeft } = this;
    if (!this.#failing) log.warn({ secondsLeft: Math.round(secondsLeft), reason }, 'lease cannot be renewed now');
    this.#failing = true;
    if (secondsLeft > marginSeconds || this.#isLost) return;
    const left = Math.round(secondsLeft / 60);
    this.#tell(left > 0 ? `the lease runs out in ${left} minutes: ${reason}` : `the lease has run out: ${reason}`);
  }

  async #round(leases: readonly KnownLease[], previous: SubnetPair | undefined, signal: AbortSignal): Promise<Round> {
    return this.#acquirer.round({ leases, self: this.#self, backend: this.#backend, previous }, signal);
  }

  /** One look at the lease: put right what changed, else keep it alive. */
  async #mind(held: HeldLease, signal: AbortSignal): Promise<void> {
    const { store, log } = this.#parts;
    if (this.#isLost || judgeOwnKey(held, this.#seen, this.#self) !== 'ours') {
      return this.#recover(held, signal);
    }
    const seconds = await store.keepAlive(held, signal);
    if (seconds === undefined) {
      log.warn({ key: held.key }, 'own lease ran out');
      this.#leases = undefined;
      return this.#recover(held, signal);
    }
    await this.#heedRivals(held, signal);
    this.#kept(seconds);
    if (this.#isOutdated(held)) await this.#rewrite(held, signal);
    else if (this.#times.putIsDue) this.#touched(await store.touch(held, signal));
  }

  #isOutdated(held: HeldLease): boolean {
    return held.value !== encodeLease(this.#lease(held.lease.subnets));
  }

  async #heedRivals(held: HeldLease, signal: AbortSignal): Promise<void> {
    const isOutdated = this.#isOutdated(held);
    const leases = this.#leases?.values() ?? (isOutdated ? await this.#parts.store.list(signal) : []);
    const rivals = rivalsToHeed(leases, this.#self, { createRevision: held.createRevision, isOutdated });
    this.#rival = await this.#acquirer.livingRival(rivals, this.#self, signal);
  }

  /** Address or backend changed: the same key with the new value, unless the new address is another live host's. */
  async #rewrite(held: HeldLease, signal: AbortSignal): Promise<void> {
    const { store, onEvent, log } = this.#parts;
    if (this.#rival !== undefined || this.#seen === undefined) return;
    const { subnets } = held.lease;
    const written = await store.adopt(this.#seen, this.#lease(subnets), signal);
    if (written === undefined) {
      this.#lookAgain();
      return;
    }
    this.#hold(written, 'early');
    const address = addressText(this.#self);
    log.info({ address, subnet: subnetsText(subnets) }, 'own lease is rewritten');
    if (addressText(held.lease) !== address) onEvent({ kind: 'address-changed', subnets, address });
  }

  #touched(held: HeldLease | undefined): void {
    if (held === undefined) this.#lookAgain();
    else this.#hold(held, 'again');
  }

  /** The lease is not as we left it: gets it back, or says what is in the way. */
  async #recover(held: HeldLease, signal: AbortSignal): Promise<void> {
    const { log, onEvent, onSubnets } = this.#parts;
    const leases = this.#leases && [...this.#leases.values()];
    const request = { held, leases, self: this.#self, backend: this.#backend };
    const outcome = await this.#recovery.attempt(request, signal);
    switch (outcome.kind) {
      case 'again':
        this.#lookAgain();
        return;
      case 'waiting':
        this.#tell(outcome.problem);
        return;
      case 'same': {
        const wasLost = this.#isLost;
        const subnets = this.#hold(outcome.held, 'early');
        log.info({ subnet: subnetsText(subnets) }, wasLost ? 'own lease is back' : 'own lease is set right');
        if (wasLost) onEvent({ kind: 'lease-regained', subnets });
        return;
      }
      case 'other': {
        const { because } = outcome;
        const previous = held.lease.subnets;
        const subnets = this.#hold(outcome.held, 'early');
        const words = { subnet: subnetsText(subnets), previous: subnetsText(previous), because };
        log.error(words, 'THE SUBNET CHANGED: containers with addresses of the previous one have to be started again');
        onEvent({ kind: 'subnet-changed', subnets, previous, because });
        onSubnets(subnets);
      }
    }
  }

  #lost(because: string): void {
    if (this.#isLost || this.#held === undefined) return;
    const { subnets } = this.#held.lease;
    this.#isLost = true;
    this.#times.lost();
    this.#pauses.renewal.reset();
    this.#parts.log.warn({ subnet: subnetsText(subnets), because }, 'own lease is lost; the data plane stays');
    this.#parts.onEvent({ kind: 'lease-lost', subnets, because });
  }

  /** Somebody wrote at the same time: what was known is of no use. */
  #lookAgain(): void {
    this.#leases = undefined;
    this.#seen = undefined;
    this.#waker.wake();
  }

  #hold(held: HeldLease, early: 'early' | 'again'): SubnetPair {
    const { key, lease, value, createRevision, modRevision, etcdLeaseId } = held;
    const wrote = this.#held?.key !== key || this.#held.modRevision !== modRevision;
    this.#held = held;
    this.#isLost = false;
    this.#recovery.reset();
    this.#newsFrom = modRevision;
    this.#seen = { key, lease, value, createRevision, modRevision, etcdLeaseId };
    if (wrote) this.#times.wrote(early);
    this.#kept(this.#parts.store.ttlSeconds);
    return lease.subnets;
  }

  #kept(seconds: number): void {
    this.#times.renewed(seconds);
    this.#pauses.reset();
    this.#tell(this.#rival);
  }

  #lease(subnets: SubnetPair): Lease {
    return leaseFor({ self: this.#self, backend: this.#backend }, subnets);
  }

  #tell(problem: string | undefined): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#parts.onProblem(problem);
  }

  async #wokenOrDue(signal: AbortSignal): Promise<void> {
    const { bootMs, clock } = this.#parts;
    const nowMs = bootMs();
    const isUneasy = this.#failing || this.#isLost || this.#rival !== undefined;
    const retryAtMs = isUneasy ? nowMs + this.#pauses.renewal.nextMs() : Infinity;
    const { patientUntilMs } = this.#recovery;
    const uneasyAtMs = patientUntilMs > nowMs ? Math.min(retryAtMs, patientUntilMs) : retryAtMs;
    const dueAtMs = (): number => (isUneasy ? uneasyAtMs : this.#times.dueAtMs);
    await wokenOrDue({ waker: this.#waker, clock, bootMs, dueAtMs }, signal);
  }
}
