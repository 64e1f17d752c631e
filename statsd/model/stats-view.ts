import type { ContainerView } from '../status-wire.ts';
import type { ContainerCard } from './container-card.ts';
import type { ContainerDetails } from './details.ts';
import type { Moment } from './docker-reading.ts';
import { ranForMs } from './exited.ts';
import { limitWithin } from './inventory.ts';
import { FIELD, FIELDS, type Field } from './reading.ts';

/** Told in fields of their own. */
const ELSEWHERE: ReadonlySet<Field> = new Set([
  'memoryLimitBytes',
  'cpuLimitCores',
  'pidsLimit',
  'startTimeUnixSeconds',
  'lastSeenUnixSeconds',
  'paused',
]);
const SHOWN = FIELDS.filter((field) => !ELSEWHERE.has(field));

function valuesOf(sample: Float64Array): Record<string, number> {
  const values: Record<string, number> = {};
  for (const field of SHOWN) {
    const value = sample[FIELD[field]] ?? Number.NaN;
    if (Number.isFinite(value)) values[field] = value;
  }
  return values;
}

const PER_SECOND: readonly (readonly [rate: string, field: Field])[] = [
  ['cpuCores', 'cpuUsageSeconds'],
  ['blockReadBytesPerSecond', 'blockReadBytes'],
  ['blockWriteBytesPerSecond', 'blockWriteBytes'],
  ['networkReceiveBytesPerSecond', 'networkReceiveBytes'],
  ['networkTransmitBytesPerSecond', 'networkTransmitBytes'],
];

/** Changes between two moments; a counter that went back (a new interface, say) has none, and so has the unknown. */
export function ratesOf(now: Moment, before: Moment | undefined): Record<string, number> {
  if (before === undefined) return {};
  const seconds = (now.monotonicMs - before.monotonicMs) / 1000;
  const change = (field: Field): number =>
    (now.sample[FIELD[field]] ?? Number.NaN) - (before.sample[FIELD[field]] ?? Number.NaN);
  const rates: Record<string, number> = {};
  for (const [rate, field] of PER_SECOND) {
    const value = change(field) / seconds;
    if (value >= 0 && Number.isFinite(value)) rates[rate] = value;
  }
  const periods = change('cpuPeriods');
  const throttled = change('cpuThrottledPeriods');
  if (periods > 0 && throttled >= 0) rates['cpuThrottledPart'] = throttled / periods;
  return rates;
}

function networkOf({ network }: ContainerDetails): ContainerView['network'] {
  if (network.kind === 'unknown') return undefined;
  if (network.kind === 'host') return 'host';
  return network.sharedBy > 1 ? 'shared' : 'own';
}

type Known<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

const known = <T extends object>(facts: T): Known<T> =>
  Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as Known<T>;

/** A container in the numbers of its last reading; one that ended has none. */
export function containerView(
  card: ContainerCard,
  reading:
    { readonly details: ContainerDetails; readonly now: Moment; readonly before: Moment | undefined } | undefined,
  memoryTotalBytes: number,
): ContainerView {
  const { key, id, dockerId, name, runtime, kind, state, labels, tags, cgroupPath, exit } = card;
  const limit = (field: Field, total: number): number | undefined =>
    limitWithin(reading?.now.sample[FIELD[field]], total);
  return {
    key,
    id,
    dockerId,
    name,
    runtime,
    kind,
    state,
    labels,
    tags,
    cgroupPath,
    values: reading === undefined ? {} : valuesOf(reading.now.sample),
    rates: reading === undefined ? {} : ratesOf(reading.now, reading.before),
    ...known({
      image: card.image,
      createdAtUnixMs: card.createdAtUnixMs,
      startedAtUnixMs: card.startedAtUnixMs,
      restartCount: card.restartCount,
      health: card.health,
      network: reading === undefined ? undefined : networkOf(reading.details),
      layerBytes: reading?.details.layer?.usageBytes,
      memoryLimitBytes: limit('memoryLimitBytes', memoryTotalBytes),
      cpuLimitCores: limit('cpuLimitCores', Infinity),
      pidsLimit: limit('pidsLimit', Infinity),
    }),
    ...(exit === undefined
      ? {}
      : {
          exit: {
            atUnixMs: exit.atUnixMs,
            ...known({ exitCode: exit.exitCode, oomKilled: exit.oomKilled, ranForMs: ranForMs(exit) }),
          },
        }),
  };
}
