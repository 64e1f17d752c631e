/**
 * The child behind `etcd-process.ts`: our etcd client in a namespace, told by messages what to do. Times are milliseconds of
 * the wall clock, as all processes of a machine share it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { EtcdClient } from '../../native/etcd/client.ts';
import { parseEndpoint } from '../../native/etcd/endpoint.ts';
import { EtcdError } from '../../native/etcd/errors.ts';
import { grantLease, keepLeaseAlive, leaseTimeToLive, revokeLease } from '../../native/etcd/lease.ts';
import { TlsFiles } from '../../native/etcd/tls.ts';
import { watchPrefix } from '../../native/etcd/watch.ts';
import { systemClock } from '../../native/host/clock.ts';
import type { Beat, DriverNote, DriverOptions, DriverRequest, DriverStep, LeaseStep } from './etcd-process.ts';

const nowMs = (): number => performance.timeOrigin + performance.now();

const tell = (note: DriverNote): void => {
  process.send?.(note);
};

async function open({ endpoints, tls, auth }: DriverOptions): Promise<EtcdClient> {
  const onNotice = (sentence: string): void => {
    tell({ kind: 'notice', sentence });
  };
  const paths = { ca: tls?.ca, cert: tls?.cert, key: tls?.key };
  return new EtcdClient({
    endpoints: endpoints.map(parseEndpoint),
    tls: await TlsFiles.open({ paths, clock: systemClock, onNotice }),
    auth,
    clock: systemClock,
    observer: {
      onNotice,
      onRequest: (request) => {
        tell({ kind: 'request', atMs: nowMs(), request });
      },
    },
  });
}

const client = await open(JSON.parse(process.argv[2] ?? '') as DriverOptions);
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

/** Runs on; what goes wrong in it ends this process. */
function detach(work: Promise<unknown>): void {
  work.catch((error: unknown) => {
    throw error;
  });
}

async function perform(step: Exclude<DriverStep, LeaseStep>): Promise<unknown> {
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
    case 'watch':
      watch(step.name, step.prefix, step.relistMs);
      return undefined;
    case 'beat':
      detach(beat(step.key, step.everyMs));
      return undefined;
    case 'endpoint':
      return client.endpoint?.url;
  }
}

const isLeaseStep = (step: DriverStep): step is LeaseStep =>
  step.do === 'grant' || step.do === 'keep-alive' || step.do === 'time-to-live' || step.do === 'revoke';

async function performOnLease(step: LeaseStep): Promise<unknown> {
  switch (step.do) {
    case 'grant':
      return (await grantLease(client, step.ttlSeconds)).id;
    case 'keep-alive':
      return keepLeaseAlive(client, step.leaseId);
    case 'time-to-live':
      return (await leaseTimeToLive(client, step.leaseId)).ttlSeconds;
    case 'revoke':
      return revokeLease(client, step.leaseId);
  }
}

async function answer({ id, step }: DriverRequest): Promise<void> {
  try {
    tell({ kind: 'answer', id, value: await (isLeaseStep(step) ? performOnLease(step) : perform(step)) });
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
