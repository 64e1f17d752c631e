import type { ContainerInventory } from '../wire.ts';
import type { Identity } from './identity.ts';
import { FIELD } from './reading.ts';
import { cleanText, MAX_PATH } from './text.ts';

export interface InventoryFacts {
  readonly key: string;
  readonly id: string;
  readonly runtime: string;
  readonly cgroupPath: string;
  readonly identity: Identity;
  readonly sample: Float64Array;
  readonly memoryTotalBytes: number;
}

/** A limit above what the machine has limits nothing; 0, unknown and `Infinity` are none. */
export function limitWithin(limit: number | undefined, total: number): number | undefined {
  return limit !== undefined && limit > 0 && limit < total ? limit : undefined;
}

/** What a dashboard is told of a container: names and the effective limits. */
export function inventoryOf(facts: InventoryFacts): ContainerInventory {
  const { identity, sample } = facts;
  const optional = {
    image: identity.image,
    startedAtUnixMs: startedAt(facts),
    memoryLimitBytes: limitWithin(sample[FIELD.memoryLimitBytes], facts.memoryTotalBytes),
    cpuLimitCores: limitWithin(sample[FIELD.cpuLimitCores], Infinity),
    pidsLimit: limitWithin(sample[FIELD.pidsLimit], Infinity),
  };
  return {
    key: facts.key,
    id: cleanText(facts.id),
    name: identity.name,
    runtime: facts.runtime,
    labels: identity.labels,
    cgroupPath: cleanText(facts.cgroupPath, MAX_PATH),
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
  };
}

function startedAt(facts: InventoryFacts): number | undefined {
  const seconds = facts.sample[FIELD.startTimeUnixSeconds] ?? Number.NaN;
  return Number.isNaN(seconds) ? undefined : Math.round(seconds * 1000);
}
