import type { EtcdClient } from './client.ts';
import { EtcdError } from './errors.ts';

export interface GrantedLease {
  readonly id: bigint;
  readonly ttlSeconds: number;
}

export interface LeaseLife {
  /** `undefined`: there is no such lease, it was revoked or ran out. */
  readonly ttlSeconds: number | undefined;
  readonly grantedTtlSeconds: number;
}

/** What a lease is called in errors: by its number, as etcdctl shows it. */
export const leaseName = (id: bigint): string => `lease ${id.toString(16)}`;

/** A new lease with an id of etcd's choice. @throws {EtcdError} */
export async function grantLease(client: EtcdClient, ttlSeconds: number, signal?: AbortSignal): Promise<GrantedLease> {
  const answer = await client.call(
    // A grant that was sent twice leaves an empty lease that runs out by itself.
    { operation: 'grant', key: `a lease of ${ttlSeconds} s`, idempotent: true },
    (etcd, options) => etcd.leaseClient.leaseGrant({ TTL: ttlSeconds }, options),
    signal,
  );
  return { id: BigInt(answer.ID), ttlSeconds: Number(answer.TTL) };
}

/** How long the lease has left. @throws {EtcdError} */
export async function leaseTimeToLive(client: EtcdClient, id: bigint, signal?: AbortSignal): Promise<LeaseLife> {
  const answer = await client.call(
    { operation: 'read', key: leaseName(id), idempotent: true },
    (etcd, options) => etcd.leaseClient.leaseTimeToLive({ ID: String(id) }, options),
    signal,
  );
  const ttlSeconds = Number(answer.TTL);
  return { ttlSeconds: ttlSeconds > 0 ? ttlSeconds : undefined, grantedTtlSeconds: Number(answer.grantedTTL) };
}

/** Ends a lease and deletes its keys; one that is gone already is no error. @throws {EtcdError} */
export async function revokeLease(client: EtcdClient, id: bigint, signal?: AbortSignal): Promise<void> {
  try {
    await client.call(
      { operation: 'revoke', key: leaseName(id), idempotent: true },
      (etcd, options) => etcd.leaseClient.leaseRevoke({ ID: String(id) }, options),
      signal,
    );
  } catch (error) {
    if (!(error instanceof EtcdError && error.code === 'LEASE_NOT_FOUND')) throw error;
  }
}

/**
 * Sets a lease back to its full time, without any event on its keys: one message on a stream of its own.
 * @returns the seconds it now has, `undefined` when it does not exist any more. @throws {EtcdError}
 */
export async function keepLeaseAlive(
  client: EtcdClient,
  id: bigint,
  signal?: AbortSignal,
): Promise<number | undefined> {
  return client.call(
    { operation: 'keep alive', key: leaseName(id), idempotent: true },
    async (etcd, options) => {
      const stream = await etcd.leaseClient.leaseKeepAlive(options);
      const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
      stream.on('error', reject);
      stream.on('end', () => {
        reject(new RangeError('etcd ended the stream without an answer'));
      });
      stream.on('data', ({ TTL }) => {
        resolve(Number(TTL) > 0 ? Number(TTL) : undefined);
      });
      stream.write({ ID: String(id) });
      try {
        return await promise;
      } finally {
        // Half-close: a cancel would reach etcd's log as an error.
        stream.end();
      }
    },
    signal,
  );
}
