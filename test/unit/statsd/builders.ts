import { namePattern } from '../../../statsd/io/name-pattern.ts';
import { listed, type ListQuery } from '../../../statsd/model/docker-list.ts';
import type { ContainerCard } from '../../../statsd/model/container-card.ts';
import { emptyDetails, type ContainerDetails } from '../../../statsd/model/details.ts';
import type { Moment } from '../../../statsd/model/docker-reading.ts';
import type { Series, SeriesLabels } from '../../../statsd/model/exposition.ts';
import { emptySample, FIELD, FIELDS, type Field } from '../../../statsd/model/reading.ts';

export function sampleOf(values: Partial<Record<Field, number>>): Float64Array {
  const sample = emptySample();
  for (const [field, value] of Object.entries(values)) sample[FIELD[field as Field]] = value;
  return sample;
}

/** Every field has a value of its own. */
export const fullSample = (): Float64Array =>
  sampleOf(Object.fromEntries(FIELDS.map((field, index) => [field, (index + 1) * 1.5])));

export const momentOf = (values: Partial<Record<Field, number>>, facts: Partial<Moment> = {}): Moment => ({
  atUnixMs: 1_795_000_000_000,
  monotonicMs: 10_000,
  sample: sampleOf(values),
  perCpuSeconds: undefined,
  systemCpuSeconds: 100,
  ...facts,
});

export const cardOf = (facts: Partial<ContainerCard> = {}): ContainerCard => ({
  key: 'docker:c1',
  dockerId: 'c1'.repeat(32),
  id: 'c1'.repeat(32),
  runtime: 'docker',
  cgroupPath: '/docker/c1',
  state: 'running',
  exit: undefined,
  kind: 'container',
  name: 'web',
  image: undefined,
  imageId: undefined,
  program: undefined,
  labels: {},
  tags: {},
  createdAtUnixMs: undefined,
  startedAtUnixMs: undefined,
  restartCount: undefined,
  health: undefined,
  ...facts,
});

/** Two disks, two interfaces, two CPUs. */
export const fullDetails = (): ContainerDetails => {
  const device = (minor: number, bytes: number): NonNullable<ContainerDetails['blockDevices']>[number] => ({
    major: 8,
    minor,
    readBytes: bytes,
    writeBytes: bytes + 1,
    discardBytes: 0,
    reads: 3,
    writes: 4,
    discards: 0,
    syncBytes: 1,
    asyncBytes: 2,
    syncs: 5,
    asyncs: 6,
  });
  const eth = (
    name: string,
    bytes: number,
  ): Extract<ContainerDetails['network'], { kind: 'own' }>['interfaces'][number] => ({
    name,
    ifindex: 2,
    receiveBytes: bytes,
    receivePackets: 7,
    receiveErrors: 0,
    receiveDropped: 1,
    transmitBytes: bytes + 1,
    transmitPackets: 8,
    transmitErrors: 0,
    transmitDropped: 2,
  });
  return {
    ...emptyDetails(),
    perCpuSeconds: Float64Array.of(1.25, 0, 2.5),
    memoryStat: { keys: ['cache', 'rss', 'total_inactive_file', 'zswpin'], values: Float64Array.of(1, 2, 3, 4) },
    blockDevices: [device(0, 1000), device(16, 2000)],
    hugePages: [{ pageSize: '2MB', usageBytes: 2_097_152, peakBytes: 2_097_152, failures: 0 }],
    network: { kind: 'own', netnsInode: 1, sharedBy: 1, interfaces: [eth('eth0', 100), eth('e"1\\', 200)] },
  };
};

export const seriesOf = (labels: SeriesLabels, facts: Partial<Series> = {}): Series => ({
  ...labels,
  sample: fullSample(),
  details: emptyDetails(),
  health: undefined,
  restartCount: undefined,
  ...facts,
});

/** What a filter makes of containers, as the API answers. */
export async function listedBy(
  cards: readonly ContainerCard[],
  query: Omit<ListQuery, 'fitsName'>,
): Promise<ContainerCard[]> {
  return listed(cards, { ...query, fitsName: await namePattern(query.filters.get('name') ?? []) });
}
