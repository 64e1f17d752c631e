import { leaseFor, type Acquirer } from './acquisition.ts';
import type { LeaseStore } from './io/lease-store.ts';
import type { Self } from './model/allocate.ts';
import type { KnownLease } from './model/lease.ts';
import { addressText, blockerText, subnetsText } from './model/lease-text.ts';
import type { HeldLease } from './model/renewal.ts';
import { chooseRetake, type Blocker } from './model/retake.ts';
import type { LeaseBackend } from './wire.ts';

export interface RecoveryParts {
  readonly store: LeaseStore;
  readonly acquirer: Acquirer;
  readonly hostname: string;
  /** How long somebody else must hold our subnet before another one is taken. */
  readonly graceMs: number;
  readonly bootMs: () => number;
  /** Told each time it is found that the subnet is not ours any more. */
  readonly onLost: (because: string) => void;
}

export interface RecoveryRequest {
  readonly held: HeldLease;
  /** As last told; `undefined` = list them. */
  readonly leases: readonly KnownLease[] | undefined;
  readonly self: Self;
  readonly backend: LeaseBackend;
}

/** What an attempt came to. */
export type Recovered =
  | { readonly kind: 'same'; readonly held: HeldLease }
  | { readonly kind: 'other'; readonly held: HeldLease; readonly because: string }
  /** Somebody wrote at the same time: look again at once. */
  | { readonly kind: 'again' }
  | { readonly kind: 'waiting'; readonly problem: string };

/** Gets the same subnet again where nobody else is there, against nobody; another one when somebody stays. */
export class Recovery {
  readonly #parts: RecoveryParts;
  #blockedSinceMs: number | undefined;
  /** Why a change of subnets was begun. */
  #movedBecause: string | undefined;

  constructor(parts: RecoveryParts) {
    this.#parts = parts;
  }

  /** When the patience with whoever is in the way ends, milliseconds since boot; Infinity while nobody is. */
  get patientUntilMs(): number {
    return this.#blockedSinceMs === undefined ? Infinity : this.#blockedSinceMs + this.#parts.graceMs;
  }

  /** The lease is held: what was in the way counts no more. */
  reset(): void {
    this.#blockedSinceMs = undefined;
    this.#movedBecause = undefined;
  }

  /** One attempt. @throws {EtcdError}; the signal's reason. */
  async attempt(request: RecoveryRequest, signal: AbortSignal): Promise<Recovered> {
    const { store, acquirer, hostname, onLost } = this.#parts;
    const { held, self } = request;
    // Before another subnet is taken nothing old will do.
    const known = this.#blockedSinceMs === undefined ? request.leases : undefined;
    const leases = known ?? (await store.list(signal));
    const { reservations, reservationsRevision } = await acquirer.reservations(signal);
    const choice = chooseRetake({ held, leases, reservations, self, hostname });
    const lease = leaseFor(request, held.lease.subnets);
    switch (choice.kind) {
      case 'adopt':
        return sameOrAgain(await store.adopt(choice.seen, lease, signal));
      case 'create':
        onLost('the key is gone');
        return sameOrAgain(await store.create(lease, { reservationsRevision }, signal));
      case 'elsewhere':
        onLost('this host has another lease');
        return this.#move(request, 'this host had another lease', signal);
      case 'blocked':
        return this.#blocked(request, choice.blocker, signal);
    }
  }

  /** Their key is looked at again and again: when it goes, the subnet is taken again. Who stays for long keeps it. */
  async #blocked(request: RecoveryRequest, blocker: Blocker, signal: AbortSignal): Promise<Recovered> {
    const { bootMs, graceMs, hostname, onLost } = this.#parts;
    const { held, self } = request;
    const subnet = subnetsText(held.lease.subnets);
    const who = blockerText(blocker);
    onLost(`it is held by ${who}`);
    if (blocker.kind === 'twin') {
      const problem =
        `${who} has the same public IP ${addressText(self)} as this host ${hostname} (${self.nodeId}) ` +
        `and took ${subnet}: give one of them another --public-ip or --iface`;
      return { kind: 'waiting', problem };
    }
    const sinceMs = (this.#blockedSinceMs ??= bootMs());
    if (bootMs() >= sinceMs + graceMs) return this.#move(request, `it is held by ${who}`, signal);
    const patience = `${Math.round(graceMs / 1000)} s after it lost this one`;
    const problem = `${subnet} is held by ${who} now and its traffic goes there: stop that host, or this one takes another subnet ${patience}`;
    return { kind: 'waiting', problem };
  }

  async #move({ self, backend }: RecoveryRequest, reason: string, signal: AbortSignal): Promise<Recovered> {
    const because = (this.#movedBecause ??= reason);
    const { store, acquirer } = this.#parts;
    const leases = await store.list(signal);
    const round = await acquirer.round({ leases, self, backend, previous: undefined }, signal);
    switch (round.kind) {
      case 'held':
        return { kind: 'other', held: round.held, because };
      case 'refused':
        return { kind: 'waiting', problem: round.problem };
      case 'written':
      case 'lost':
        return { kind: 'again' };
    }
  }
}

function sameOrAgain(held: HeldLease | undefined): Recovered {
  return held === undefined ? { kind: 'again' } : { kind: 'same', held };
}
