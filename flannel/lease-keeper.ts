import { EtcdError } from '../native/etcd/errors.ts';
import { Backoff } from '../native/host/backoff.ts';
import type { Clock, RandomSource } from '../native/host/clock.ts';
import type { Logger } from '../native/host/log.ts';
import { Waker } from '../native/host/waker.ts';
import type { LeaseStore } from './io/lease-store.ts';
import { chooseAcquisition, type Self } from './model/allocate.ts';
import type { KnownLease, LeaseUpdate } from './model/lease.ts';
import type { NetworkConfig } from './model/network-config.ts';
import { judgeOwnKey, nextKeepaliveMs, type HeldLease } from './model/renewal.ts';
import { addressText, rangeText, subnetsText } from './model/lease-text.ts';
import {
  parseSubnetKey,
  SUBNET_LEASE_TTL_SECONDS,
  type FlannelPresence,
  type Lease,
  type LeaseBackend,
  type SubnetPair,
} from './wire.ts';

export interface LeaseKeeperParts {
  readonly store: LeaseStore;
  readonly config: NetworkConfig;
  readonly self: Self;
  /** How peers reach this host. */
  readonly backend: LeaseBackend;
  /** From `--subnet-lease-renew-margin`. */
  readonly marginSeconds: number;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
  /** Told when the sentence of what is wrong with the lease changes. */
  readonly onProblem: (problem: string | undefined) => void;
}

const RETRY = { firstMs: 50, maxMs: 5_000 };
/** A lease has hours left when a renewal fails: etcd need not be knocked at every second by every host. */
const RENEWAL_RETRY = { firstMs: 1_000, maxMs: 60_000 };

/** Gets a subnet and holds it: as long as etcd is there to say so, and after an outage of any length. */
export class LeaseKeeper {
  readonly #parts: LeaseKeeperParts;
  readonly #waker = new Waker();
  readonly #retry: Backoff;
  readonly #renewalRetry: Backoff;
  #failing = false;
  #held: HeldLease | undefined;
  #seen: KnownLease | undefined;
  /** News older than what we wrote ourselves says nothing about it. */
  #newsFrom = 0n;
  #expiresAtMs = 0;
  #problem: string | undefined;

  constructor(parts: LeaseKeeperParts) {
    this.#parts = parts;
    this.#retry = new Backoff({ ...RETRY, random: parts.random });
    this.#renewalRetry = new Backoff({ ...RENEWAL_RETRY, random: parts.random });
  }

  /** By our own reckoning; negative when etcd has been away for longer than the lease lasts. */
  get secondsLeft(): number {
    return (this.#expiresAtMs - this.#parts.clock.monotonicMs()) / 1000;
  }

  /** Takes or finds this host's subnet; tries for as long as it takes. @throws the signal's reason. */
  async acquire(
    known: readonly KnownLease[],
    previous: SubnetPair | undefined,
    signal: AbortSignal,
  ): Promise<SubnetPair> {
    let leases: readonly KnownLease[] | undefined = known;
    for (;;) {
      try {
        leases ??= await this.#parts.store.list(signal);
        const held = await this.#tryAcquire(leases, previous, signal);
        if (held !== undefined) return this.#hold(held);
      } catch (error) {
        this.#tell(sentenceOf(error, signal));
      }
      // Somebody was faster, or etcd is away: look again, at another moment than everybody else.
      leases = undefined;
      await this.#parts.clock.sleep(this.#retry.nextMs(), signal);
    }
  }

  /** Looks at the own key in every update, and wakes the keeper when it is not as we left it. */
  observe(leases: ReadonlyMap<string, KnownLease>, update: LeaseUpdate): void {
    if (update.kind === 'snapshot' && update.reason === 'store-replaced') this.#newsFrom = 0n;
    if (this.#held === undefined || update.revision < this.#newsFrom) return;
    this.#seen = leases.get(this.#held.key);
    if (judgeOwnKey(this.#held, this.#seen, this.#parts.self) !== 'ours') this.#waker.wake();
  }

  /** Keeps the lease until the signal aborts; nothing is given back at the end. @throws the signal's reason. */
  async run(signal: AbortSignal): Promise<never> {
    const { clock, random, marginSeconds } = this.#parts;
    for (;;) {
      const secondsLeft = Math.max(this.secondsLeft, 0);
      const pauseMs = this.#failing
        ? this.#renewalRetry.nextMs()
        : nextKeepaliveMs({ secondsLeft, marginSeconds, random });
      await this.#wokenOrAfter(pauseMs, signal);
      try {
        await this.#mind(signal);
        this.#failing = false;
      } catch (error) {
        this.#renewalFailed(sentenceOf(error, signal));
      }
      // A storm of changes of our key must not become a storm of writes.
      await clock.sleep(RETRY.firstMs * random(), signal);
    }
  }

  /** An outage of etcd is no fault of the lease before its time runs short. */
  #renewalFailed(reason: string): void {
    const { log, marginSeconds } = this.#parts;
    if (!this.#failing) log.warn({ secondsLeft: Math.round(this.secondsLeft), reason }, 'lease cannot be renewed now');
    this.#failing = true;
    if (this.secondsLeft > marginSeconds) return;
    const left = Math.round(this.secondsLeft / 60);
    this.#tell(left > 0 ? `the lease runs out in ${left} minutes: ${reason}` : `the lease has run out: ${reason}`);
  }

  async #tryAcquire(
    leases: readonly KnownLease[],
    previous: SubnetPair | undefined,
    signal: AbortSignal,
  ): Promise<HeldLease | undefined> {
    const { store, config, self, random } = this.#parts;
    const choice = chooseAcquisition({ config, leases, self, previous, random });
    if (choice.kind === 'full') {
      this.#tell(`out of subnets: ${leases.length} leases leave no free ${rangeText(config)}`);
      return undefined;
    }
    if (choice.kind === 'create') return store.create(this.#lease(choice.subnets), signal);
    const rival = choice.suspect === undefined ? undefined : await this.#livingRival(choice.suspect, signal);
    if (rival !== undefined) {
      this.#tell(rival);
      return undefined;
    }
    const { subnets } = choice.held.lease;
    if (choice.kind === 'reuse') return store.adopt(choice.held, this.#lease(subnets), signal);
    this.#parts.log.warn({ subnet: subnetsText(subnets) }, 'own lease does not fit the network config; giving it up');
    await store.remove(choice.held, signal);
    return undefined;
  }

  /** Whether the node that the lease belongs to shows signs of life elsewhere; one sentence then. */
  async #livingRival(nodeId: string, signal: AbortSignal): Promise<string | undefined> {
    const { store, self } = this.#parts;
    const presence = await store.presence(nodeId, signal);
    if (presence === undefined) return undefined;
    if (nodeId !== self.nodeId) {
      return `the live host ${presence.hostname} (${nodeId}) has the same public IP ${addressText(self)}: give one of them another --public-ip or --iface`;
    }
    if (presenceAddress(presence) === addressText(self)) return undefined;
    return `the live host ${presence.hostname} at ${presenceAddress(presence)} has the same node id ${nodeId}: remove node-id from this host's --state-dir if its disk was copied`;
  }

  /** One look at the lease: put right what changed, else keep it alive. */
  async #mind(signal: AbortSignal): Promise<void> {
    const { store, self, log } = this.#parts;
    const held = this.#held;
    if (held === undefined) return;
    const verdict = judgeOwnKey(held, this.#seen, self);
    const subnet = parseSubnetKey(held.key);
    switch (verdict) {
      case 'ours':
        await this.#renew(held, signal);
        break;
      case 'altered':
        if (this.#seen === undefined) break;
        log.warn({ key: held.key }, 'own lease was rewritten by somebody; setting it right');
        this.#takeOver(await store.adopt(this.#seen, this.#lease(subnet), signal));
        break;
      case 'gone':
        log.warn({ key: held.key }, 'own lease is gone; taking it again');
        await this.#retake(subnet, signal);
        break;
      case 'foreign':
        this.#tellForeign(subnet);
    }
  }

  async #renew(held: HeldLease, signal: AbortSignal): Promise<void> {
    const seconds = await this.#parts.store.keepAlive(held, signal);
    if (seconds === undefined) {
      this.#parts.log.warn({ key: held.key }, 'own lease ran out; taking it again');
      await this.#retake(parseSubnetKey(held.key), signal);
    } else {
      this.#kept(seconds);
    }
  }

  /** The same subnet or none: containers use its addresses. A foreign owner is reported and never fought. */
  async #retake(subnet: SubnetPair, signal: AbortSignal): Promise<void> {
    const { store, self } = this.#parts;
    const lease = this.#lease(subnet);
    const created = await store.create(lease, signal);
    const held = this.#held;
    if (created !== undefined || held === undefined) {
      this.#takeOver(created);
      return;
    }
    const seen = await store.read(held.key, signal);
    this.#seen = seen;
    if (seen === undefined) this.#waker.wake();
    else if (judgeOwnKey(held, seen, self) === 'foreign') this.#tellForeign(subnet);
    else this.#takeOver(await store.adopt(seen, lease, signal));
  }

  /** Their key is watched: when it goes, the subnet is taken again. */
  #tellForeign(subnet: SubnetPair): void {
    const lease = this.#seen?.lease;
    if (lease === undefined) return;
    const owner = lease.nodeId === undefined ? 'a flannel host' : `node ${lease.nodeId}`;
    this.#tell(
      `${subnetsText(subnet)} is leased by ${addressText(lease)} (${owner}) now and its traffic goes there: ` +
        `stop that host, or remove this host's subnet.env and restart`,
    );
  }

  #takeOver(held: HeldLease | undefined): void {
    if (held !== undefined) this.#hold(held);
    else this.#waker.wake();
  }

  #hold(held: HeldLease): SubnetPair {
    this.#held = held;
    this.#newsFrom = held.modRevision;
    this.#seen = {
      key: held.key,
      lease: this.#lease(parseSubnetKey(held.key)),
      value: held.value,
      createRevision: held.modRevision,
      modRevision: held.modRevision,
      etcdLeaseId: held.etcdLeaseId,
    };
    this.#kept(SUBNET_LEASE_TTL_SECONDS);
    return parseSubnetKey(held.key);
  }

  #kept(seconds: number): void {
    this.#expiresAtMs = this.#parts.clock.monotonicMs() + seconds * 1000;
    this.#retry.reset();
    this.#renewalRetry.reset();
    this.#tell(undefined);
  }

  #lease(subnets: SubnetPair): Lease {
    const { self, backend } = this.#parts;
    return { subnets, publicIp: self.publicIp, publicIpv6: self.publicIpv6, backend, nodeId: self.nodeId };
  }

  #tell(problem: string | undefined): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#parts.onProblem(problem);
  }

  async #wokenOrAfter(delayMs: number, signal: AbortSignal): Promise<void> {
    const done = new AbortController();
    const either = AbortSignal.any([signal, done.signal]);
    try {
      await Promise.race([this.#waker.next(either), this.#parts.clock.sleep(delayMs, either)]);
    } finally {
      done.abort();
    }
  }
}

/** An outage is a state to report, not the end of the keeper. @throws anything that is no error of etcd, and the signal's reason. */
function sentenceOf(error: unknown, signal: AbortSignal): string {
  signal.throwIfAborted();
  if (error instanceof EtcdError) return error.message;
  throw error;
}

const presenceAddress = ({ publicIp, publicIpv6 }: FlannelPresence): string =>
  publicIp === '0.0.0.0' && publicIpv6 !== undefined ? publicIpv6 : publicIp;
