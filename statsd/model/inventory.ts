import type { ContainerInventory, ExitedInventory, ExitInventory } from '../wire.ts';
import type { NetworkReading } from './details.ts';
import { ranForMs, type ExitedContainer, type ExitFacts } from './exited.ts';
import type { Identity } from './identity.ts';
import { FIELD } from './reading.ts';
import { cleanText, MAX_PATH } from './text.ts';

/** What a container is, whether it lives or not. */
export interface NamedContainer {
  readonly key: string;
  readonly id: string;
  readonly runtime: string;
  readonly cgroupPath: string;
  /** Key of the container that it runs in. */
  readonly parent: string | undefined;
  readonly identity: Identity;
}

export interface InventoryFacts extends NamedContainer {
  readonly paused: boolean | undefined;
  readonly sample: Float64Array;
  readonly network: NetworkReading;
  readonly memoryTotalBytes: number;
  readonly hostCpuCores: number;
}

/** A limit above what the machine has limits nothing; 0, unknown and `Infinity` are none. */
export function limitWithin(limit: number | undefined, total: number): number | undefined {
  return limit !== undefined && limit > 0 && limit < total ? limit : undefined;
}

type Known<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Leaves out what is unknown. */
function known<T extends object>(facts: T): Known<T> {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as Known<T>;
}

function describe({ key, id, runtime, cgroupPath, parent, identity }: NamedContainer): ContainerInventory {
  const { kind, name, labels, tags, image, createdAtUnixMs, restartCount, health } = identity;
  return {
    key,
    id: cleanText(id),
    name,
    runtime,
    kind,
    labels,
    tags,
    cgroupPath: cleanText(cgroupPath, MAX_PATH),
    ...known({ parent, image, createdAtUnixMs, restartCount, health }),
  };
}

const stateOf = (paused: boolean | undefined): string | undefined =>
  paused === undefined ? undefined : paused ? 'paused' : 'running';

/** What a dashboard is told of a container: names and the effective limits. */
export function inventoryOf(facts: InventoryFacts): ContainerInventory {
  const { sample } = facts;
  const optional = {
    state: stateOf(facts.paused),
    startedAtUnixMs: startedAt(facts),
    memoryLimitBytes: limitWithin(sample[FIELD.memoryLimitBytes], facts.memoryTotalBytes),
    cpuLimitCores: limitWithin(sample[FIELD.cpuLimitCores], Infinity),
    pidsLimit: limitWithin(sample[FIELD.pidsLimit], Infinity),
    cpusetCpus: limitWithin(sample[FIELD.cpusetCpus], facts.hostCpuCores),
    ...networkOf(facts.network),
  };
  return { ...describe(facts), ...known(optional) };
}

export function exitFactsOf(exit: ExitFacts): ExitInventory {
  const { atUnixMs, exitCode, oomKilled } = exit;
  return { atUnixMs, ...known({ exitCode, oomKilled, ranForMs: ranForMs(exit) }) };
}

/** What a dashboard is told of a container that ended. */
export function exitedInventoryOf(container: ExitedContainer): ExitedInventory {
  const { startedAtUnixMs } = container.exit;
  return {
    ...describe(container),
    state: 'exited',
    ...known({ startedAtUnixMs }),
    exit: exitFactsOf(container.exit),
  };
}

function networkOf(network: NetworkReading): Pick<ContainerInventory, 'network' | 'netnsInode'> {
  if (network.kind === 'unknown') return {};
  if (network.kind === 'host') return { network: 'host' };
  return { network: network.sharedBy > 1 ? 'shared' : 'own', netnsInode: network.netnsInode };
}

function startedAt(facts: InventoryFacts): number | undefined {
  const seconds = facts.sample[FIELD.startTimeUnixSeconds] ?? Number.NaN;
  return Number.isNaN(seconds) ? undefined : Math.round(seconds * 1000);
}
