import { z } from 'zod';
import type { Clock } from '../../native/host/clock.ts';
import { FatalError } from '../../native/host/lifecycle.ts';

const hostsSchema = z.object({ hosts: z.array(z.object({ name: z.string(), state: z.string() })) });
const containersSchema = z.object({ containers: z.array(z.object({ name: z.string(), state: z.string() })) });

export interface DashboardAccess {
  readonly url: string;
  readonly apiToken: string;
}

async function getJson({ url, apiToken }: DashboardAccess, path: string, signal: AbortSignal): Promise<unknown> {
  const response = await fetch(`${url}/api/v1/${path}`, {
    headers: { authorization: `Bearer ${apiToken}` },
    signal: AbortSignal.any([signal, AbortSignal.timeout(3000)]),
  });
  if (!response.ok) throw new TypeError(`${path}: HTTP ${response.status}`);
  return await response.json();
}

export interface Expected {
  readonly hosts: number;
  readonly containers: number;
}

async function count(access: DashboardAccess, signal: AbortSignal): Promise<Expected> {
  const { hosts } = hostsSchema.parse(await getJson(access, 'hosts', signal));
  const { containers } = containersSchema.parse(await getJson(access, 'containers', signal));
  return {
    hosts: hosts.filter(({ state }) => state === 'live').length,
    containers: containers.filter(({ state }) => state === 'running').length,
  };
}

const POLL_MS = 150;
const PATIENCE_MS = 30_000;

/** Waits until the dashboard shows every host live and every container. @throws {FatalError} after half a minute. */
export async function untilDashboardSees(
  access: DashboardAccess,
  expected: Expected,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  const deadlineMs = clock.monotonicMs() + PATIENCE_MS;
  let seen = 'nothing';
  while (clock.monotonicMs() < deadlineMs) {
    try {
      const { hosts, containers } = await count(access, signal);
      if (hosts >= expected.hosts && containers >= expected.containers) return;
      seen = `${hosts} of ${expected.hosts} hosts and ${containers} of ${expected.containers} containers`;
    } catch (error) {
      signal.throwIfAborted();
      seen = String(error).slice(0, 300);
    }
    await clock.sleep(POLL_MS, signal);
  }
  throw new FatalError(`after ${PATIENCE_MS / 1000} s the dashboard does not show the whole cluster: ${seen}`);
}
