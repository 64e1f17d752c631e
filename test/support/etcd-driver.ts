/**
 * The child behind `etcd-process.ts`: our etcd client in a namespace, told by messages what to do. Times are milliseconds of
 * the wall clock, as all processes of a machine share it.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { EtcdClient } from '../../native/etcd/client.ts';
import { parseEndpoint } from '../../native/etcd/endpoint.ts';
import { EtcdError } from '../../native/etcd/errors.ts';
import { grantLease, keepLeaseAlive, leaseTimeToLive, revokeLease } from '../../native/etcd/lease.ts';
import { watchPrefix } from '../../native/etcd/watch.ts';
import { systemClock } from '../../native/host/clock.ts';
import type { Beat, DriverNote, DriverOptions, DriverRequest, DriverStep } from './etcd-process.ts';

const nowMs = (): number => performance.timeOrigin + performance.now();

const tell = (note: DriverNote): void => {
  process.send?.(note);
};

function open(options: DriverOptions): EtcdClient {
  const { tls, auth } = options;
  const read = (path: string | undefined): Buffer | undefined => (path === undefined ? undefined : readFileSync(path));
  return new EtcdClient({
    endpoints: options.endpoints.map(parseEndpoint),
    ...(tls === undefined ? {} : { tls: { ca: read(tls.ca), cert: read(tls.cert), key: read(tls.key) } }),
    ...(auth === undefined ? {} : { auth }),
    clock: systemClock,
  });
}

const client = open(JSON.parse(process.argv[2] ?? '') as DriverOptions);
const beating = new AbortController();

function watch(name: string, prefix: string, relistMs: number | undefined): void {
  watchPrefix({
    client,
    prefix,
    signal: new AbortController().signal,
    relistMs,
    onUpdate: (update) => {
      tell({ kind: 'update', name, atMs: nowMs(), update });
    },
    onState: (state) => {
      const problem = state.kind === 'connected' ? undefined : state.error.message;
      const endpoint = state.kind === 'connected' ? state.endpoint : state.error.endpoint;
      tell({ kind: 'state', name, atMs: nowMs(), endpoint, problem });
    },
  }).catch((error: unknown) => {
    throw error; // an unhandled rejection: the child ends
  });
}

/** Lease operations one after the other, as quickly as `everyMs` allows: what an outage costs is the gap between good ones. */
async function beat(key: string, everyMs: number): Promise<void> {
  let leaseId: bigint | undefined;
  for (let number = 0; !beating.signal.aborted; number += 1) {
    const startedMs = nowMs();
    let error: string | undefined;
    try {
      leaseId ??= (await grantLease(client, 60)).id;
      if ((await keepLeaseAlive(client, leaseId)) === undefined) leaseId = undefined;
      else await client.put({ key, value: String(number), leaseId });
    } catch (cause) {
      if (!(cause instanceof EtcdError)) throw cause;
      error = cause.message;
    }
    const done: Beat = { startedMs, endedMs: nowMs(), error };
    tell({ kind: 'beat', beat: done });
    await sleep(everyMs);
  }
}

async function perform(step: DriverStep): Promise<unknown> {
  switch (step.do) {
    case 'get':
      return client.get(step.key);
    case 'list':
      return client.list(step.key);
    case 'put':
      await client.put(step);
      return nowMs();
    case 'delete':
      return client.delete(step.key);
    case 'grant':
      return (await grantLease(client, step.ttlSeconds)).id;
    case 'keep-alive':
      return keepLeaseAlive(client, step.leaseId);
    case 'time-to-live':
      return (await leaseTimeToLive(client, step.leaseId)).ttlSeconds;
    case 'revoke':
      return revokeLease(client, step.leaseId);
    case 'watch':
      watch(step.name, step.prefix, step.relistMs);
      return undefined;
    case 'beat':
      beat(step.key, step.everyMs).catch((error: unknown) => {
        throw error;
      });
      return undefined;
    case 'endpoint':
      return client.endpoint.url;
  }
}

async function answer({ id, step }: DriverRequest): Promise<void> {
  try {
    tell({ kind: 'answer', id, value: await perform(step) });
  } catch (error) {
    if (!(error instanceof EtcdError)) throw error;
    const { code, message, endpoint, operation, transient } = error;
    tell({ kind: 'refusal', id, error: { code, message, endpoint, operation, transient } });
  }
}

process.on('message', (request) => {
  answer(request as DriverRequest).catch((error: unknown) => {
    throw error;
  });
});
process.once('disconnect', () => {
  beating.abort();
  process.exit(0);
});
tell({ kind: 'ready' });
