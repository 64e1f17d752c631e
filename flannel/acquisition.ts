import { EtcdError } from '../native/etcd/errors.ts';
import type { RandomSource } from '../native/host/clock.ts';
import type { Logger } from '../native/host/log.ts';
import type { CreateGuard, LeaseStore } from './io/lease-store.ts';
import type { ReservationStore } from './io/reservation-store.ts';
import { chooseAcquisition, type Self } from './model/allocate.ts';
import type { KnownLease } from './model/lease.ts';
import { addressText, rangeText, subnetsText } from './model/lease-text.ts';
import type { NetworkConfig } from './model/network-config.ts';
import type { HeldLease } from './model/renewal.ts';
import type { Reservation } from './model/reservation.ts';
import type { LeaseStatus } from './status-wire.ts';
import type { Lease, LeaseBackend, SubnetPair } from './wire.ts';
import { PRESENCE_TTL_SECONDS, type FlannelPresence } from './presence-wire.ts';

export interface AcquirerParts {
  readonly store: LeaseStore;
  readonly reservations: ReservationStore;
  /** As it is now. */
  readonly config: () => NetworkConfig;
  /** Of this host, for reservations and sentences. */
  readonly hostname: string;
  readonly random: RandomSource;
  readonly log: Logger;
}

export interface RoundRequest {
  readonly leases: readonly KnownLease[];
  readonly self: Self;
  readonly backend: LeaseBackend;
  readonly previous: SubnetPair | undefined;
}

/** What a round came to. */
export type Round =
  | { readonly kind: 'held'; readonly held: HeldLease }
  /** A key was written; whether it is in anybody's way shows the next round on a new list, at once. */
  | { readonly kind: 'written' }
  /** Somebody was faster: list again, at another moment than everybody else. */
  | { readonly kind: 'lost' }
  /** One sentence says why nothing is taken now. */
  | { readonly kind: 'refused'; readonly problem: string };

/** Reservations and the revision that a create compares with. */
export interface ReservationView extends CreateGuard {
  readonly reservations: readonly Reservation[];
}

const ORIGINS = { reserved: 'reservation', previous: 'previous-subnet', free: 'free' } as const;

/** Comes by a subnet in rounds of list, choose, write under a compare. */
export class Acquirer {
  readonly #parts: AcquirerParts;
  /** Subnets that etcd refused since the last success: whoever is there may be unreadable. */
  #refused: SubnetPair[] = [];
  #toldOfPermission = false;
  #toldOfJunk = '';
  /** Rounds that wrote or tried to, since the start. */
  writes = 0;
  /** How the subnet came to be this one. */
  origin: LeaseStatus['acquiredBy'];
  /** What this run created: that it is found by its node id then says nothing. */
  #created = '';

  constructor(parts: AcquirerParts) {
    this.#parts = parts;
  }

  /** One round. @throws {EtcdError}; the signal's reason. */
  async round(request: RoundRequest, signal: AbortSignal): Promise<Round> {
    const { hostname, random, log, store } = this.#parts;
    const config = this.#parts.config();
    const { leases, self, previous } = request;
    const { reservations, reservationsRevision } = await this.reservations(signal);
    const refused = this.#refused;
    const choice = chooseAcquisition({ config, leases, reservations, self, hostname, previous, refused, random });
    if (choice.kind === 'full') {
      this.#refused = [];
      return { kind: 'refused', problem: fullSentence(config, leases, reservations) };
    }
    if (choice.kind === 'create') {
      this.origin = ORIGINS[choice.because];
      this.#created = subnetsText(choice.subnets);
      return this.#create(leaseFor(request, choice.subnets), { reservationsRevision }, signal);
    }
    const rival = await this.livingRival(choice.suspects, self, signal);
    if (rival !== undefined) return { kind: 'refused', problem: rival };
    const { lease } = choice.held;
    this.writes += 1;
    if (choice.kind === 'discard') {
      log.warn({ subnet: subnetsText(lease.subnets), because: choice.because }, 'own lease is of no use; giving it up');
      await store.remove(choice.held, signal);
      return { kind: 'written' };
    }
    const held = await store.adopt(choice.held, leaseFor(request, lease.subnets), signal);
    if (held === undefined) return { kind: 'lost' };
    this.#refused = [];
    if (subnetsText(lease.subnets) !== this.#created) {
      this.origin = lease.nodeId === self.nodeId ? 'node-id' : 'public-ip';
    }
    return { kind: 'held', held };
  }

  /** What is reserved; nothing where the etcd user may not read it, which is told once. @throws {EtcdError} */
  async reservations(signal: AbortSignal): Promise<ReservationView> {
    const { log } = this.#parts;
    try {
      const { reservations, revision, junk } = await this.#parts.reservations.list(signal);
      const text = junk.map(({ message }) => message).join('; ');
      if (text !== '' && text !== this.#toldOfJunk) log.warn({ keys: text }, 'reservations that cannot be read');
      this.#toldOfJunk = text;
      return { reservations, reservationsRevision: revision };
    } catch (error) {
      if (!(error instanceof EtcdError && error.code === 'PERMISSION_DENIED')) throw error;
      if (!this.#toldOfPermission) log.warn({ reason: error.message }, 'going on without reservations');
      this.#toldOfPermission = true;
      return { reservations: [], reservationsRevision: undefined };
    }
  }

  /** The first of `suspects` that shows signs of life, as one sentence that names both hosts. @throws {EtcdError} */
  async livingRival(suspects: readonly KnownLease[], self: Self, signal: AbortSignal): Promise<string | undefined> {
    for (const suspect of suspects) {
      const sentence = await this.#signOfLife(suspect, self, signal);
      if (sentence !== undefined) return sentence;
    }
    return undefined;
  }

  async #create(lease: Lease, guard: CreateGuard, signal: AbortSignal): Promise<Round> {
    this.writes += 1;
    const held = await this.#parts.store.create(lease, guard, signal);
    if (held !== undefined) return { kind: 'written' };
    this.#refused.push(lease.subnets);
    return { kind: 'lost' };
  }

  async #signOfLife(suspect: KnownLease, self: Self, signal: AbortSignal): Promise<string | undefined> {
    const { store, hostname } = this.#parts;
    const { nodeId = '' } = suspect.lease;
    const presence = await store.presence(nodeId, signal);
    const host = `this host ${hostname} (${self.nodeId})`;
    const remedy = 'give one of them another --public-ip or --iface';
    if (nodeId === self.nodeId) {
      if (presence === undefined || presenceAddress(presence) === addressText(self)) return undefined;
      return `the live host ${presence.hostname} at ${presenceAddress(presence)} has the same node id as ${host} at ${addressText(self)}: remove node-id from this host's --state-dir if its disk was copied`;
    }
    if (presence !== undefined) {
      return `the live host ${presence.hostname} (${nodeId}) has the same public IP ${addressText(self)} as ${host}: ${remedy}`;
    }
    // It may have taken its lease a moment ago and be about to show itself.
    if (!(await store.isFresh(suspect, PRESENCE_TTL_SECONDS, signal))) return undefined;
    return `node ${nodeId} renewed ${subnetsText(suspect.lease.subnets)} a moment ago with the same public IP ${addressText(self)} as ${host}: ${remedy}`;
  }
}

/** The lease of `subnets` as this host writes it. */
export function leaseFor({ self, backend }: Pick<RoundRequest, 'self' | 'backend'>, subnets: SubnetPair): Lease {
  return { subnets, publicIp: self.publicIp, publicIpv6: self.publicIpv6, backend, nodeId: self.nodeId };
}

function fullSentence(
  config: NetworkConfig,
  leases: readonly KnownLease[],
  reservations: readonly Reservation[],
): string {
  const kept = reservations.length === 0 ? '' : ` and ${reservations.length} reservations`;
  return `out of subnets: ${leases.length} leases${kept} leave no free ${rangeText(config)}`;
}

const presenceAddress = ({ publicIp, publicIpv6 }: FlannelPresence): string =>
  publicIp === '0.0.0.0' && publicIpv6 !== undefined ? publicIpv6 : publicIp;
