import type { Clock, RandomSource } from '../native/host/clock.ts';
import type { Logger } from '../native/host/log.ts';
import type { AcquirerParts } from './acquisition.ts';
import type { Self } from './model/allocate.ts';
import type { LeaseEvent } from './model/lease-event.ts';
import type { LeaseBackend, SubnetPair } from './wire.ts';

/** Long enough for a person who stops the other host, short against the time that containers are cut off. */
export const GRACE_MS = 60_000;

export interface LeaseKeeperParts extends AcquirerParts {
  readonly self: Self;
  /** How peers reach this host. */
  readonly backend: LeaseBackend;
  /** From `--subnet-lease-renew-margin`. */
  readonly marginSeconds: number;
  /** How long somebody else must hold our subnet before another one is taken; {@link GRACE_MS} when absent. */
  readonly graceMs?: number | undefined;
  readonly clock: Clock;
  /** Milliseconds since boot, time asleep included. */
  readonly bootMs: () => number;
  readonly random: RandomSource;
  readonly log: Logger;
  /** Told when the sentence of what is wrong with the lease changes. */
  readonly onProblem: (problem: string | undefined) => void;
  readonly onEvent: (event: LeaseEvent) => void;
  /** Told after {@link LeaseKeeper.acquire} whenever the host's subnets are others: everything built on the old ones is void. */
  readonly onSubnets: (subnets: SubnetPair) => void;
}
