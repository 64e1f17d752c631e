import { Backoff } from '../host/backoff.ts';
import type { Clock, RandomSource } from '../host/clock.ts';
import type { EtcdClient } from './client.ts';
import { EtcdError } from './errors.ts';
import { grantLease, revokeLease } from './lease.ts';
import { RenewalStream } from './renewal-stream.ts';

export interface PresenceOptions {
  readonly client: EtcdClient;
  readonly key: string;
  /** The value to show; asked before every renewal, so a change shows within half of the lifetime. */
  readonly value: () => string;
  readonly ttlSeconds: number;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly onError?: ((error: EtcdError) => void) | undefined;
  readonly onShown?: (() => void) | undefined;
}

const REVOKE_WITHIN_MS = 500;

interface Shown {
  readonly leaseId: bigint;
  readonly value: string;
}

/** Grants, shows, renews: one step of a presence. @returns what is shown now. */
async function showOnce(
  { client, key, value, ttlSeconds, renewals }: PresenceOptions & { readonly renewals: RenewalStream },
  shown: Shown | undefined,
  signal: AbortSignal,
): Promise<Shown> {
  const wanted = value();
  const alive = shown !== undefined && (await renewals.renew(shown.leaseId, signal)) !== undefined;
  if (alive && shown.value === wanted) return shown;
  const leaseId = alive ? shown.leaseId : (await grantLease(client, ttlSeconds, signal)).id;
  await client.put({ key, value: wanted, leaseId }, signal);
  return { leaseId, value: wanted };
}

/**
 * Keeps a key in etcd for as long as this runs: it vanishes `ttlSeconds` after a crash, at once after a clean stop, and comes
 * back after an outage of etcd. @throws the signal's reason.
 */
export async function keepPresence(options: PresenceOptions, signal: AbortSignal): Promise<never> {
  const { client, ttlSeconds, clock, random } = options;
  // Most of what an idle agent costs are calls to etcd; a renewal that fails has the other half for its repetitions.
  const renewMs = (ttlSeconds * 1000) / 2;
  const backoff = new Backoff({ firstMs: 200, maxMs: renewMs, random });
  using renewals = new RenewalStream(client, clock);
  let shown: Shown | undefined;
  const renew = async (): Promise<number> => {
    try {
      shown = await showOnce({ ...options, renewals }, shown, signal);
      backoff.reset();
      options.onShown?.();
      return renewMs * (0.8 + 0.2 * random());
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof EtcdError)) throw error;
      options.onError?.(error);
      return backoff.nextMs();
    }
  };
  try {
    for (;;) await clock.sleep(await renew(), signal);
  } finally {
    // After a clean stop nobody has to wait for the lease to run out; if etcd is away it does so by itself.
    if (shown !== undefined) {
      await revokeLease(client, shown.leaseId, AbortSignal.timeout(REVOKE_WITHIN_MS)).catch(() => undefined);
    }
  }
}
