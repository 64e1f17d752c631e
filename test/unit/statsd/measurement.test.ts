import { pino } from 'pino';
import { expect, test } from 'vitest';
import { systemClock } from '../../../native/host/clock.ts';
import { AncestorFiles } from '../../../statsd/io/ancestor-files.ts';
import { ContainerNetworks } from '../../../statsd/io/container-network.ts';
import { Filesystems } from '../../../statsd/io/filesystems.ts';
import { HostReader } from '../../../statsd/io/host-reader.ts';
import { FilePool } from '../../../statsd/io/kernel-file.ts';
import { LiveContainer } from '../../../statsd/io/live-container.ts';
import { NetworkTable } from '../../../statsd/io/network-table.ts';
import { ReadBatch } from '../../../statsd/io/read-batch.ts';
import { Sensors } from '../../../statsd/io/sensors.ts';
import { Measurement } from '../../../statsd/measurement.ts';
import type { Hierarchy } from '../../../statsd/model/hierarchy.ts';
import { newOwnCounts } from '../../../statsd/model/own-metrics.ts';
import type { Collector, Tick } from '../../../statsd/model/reading.ts';
import { RARE_EVERY, YOUNG_TICKS } from '../../../statsd/model/schedule.ts';
import { cardOf } from './builders.ts';
import { useHostTree } from './io/host-tree.ts';

const host = useHostTree();

/** Tells at which ticks it was asked to read. */
const listening = (ticks: Tick[]): Collector => ({
  name: 'listening',
  fields: [],
  attach: () => ({ request: () => undefined, collect: (_, tick) => void ticks.push(tick) }),
});

function openMeasurement(): { readonly measurement: Measurement; readonly pool: FilePool } {
  const pool = new FilePool(64);
  const clock = systemClock;
  const log = pino({ level: 'silent' });
  const counts = newOwnCounts([]);
  const procfs = `${host.root}/proc`;
  const networkTable = new NetworkTable({ socket: undefined, procfs });
  const filesystems = new Filesystems({ procfs, hostRoot: host.root });
  const measurement = new Measurement({
    hostReader: new HostReader({
      collectors: [],
      filesystems,
      sensors: new Sensors(`${host.root}/sys`),
      networks: networkTable,
      counts,
      clock,
      log,
    }),
    collectors: [listening([])],
    batch: new ReadBatch({ pool, reader: undefined, clock }),
    networkTable,
    networks: new ContainerNetworks({ table: networkTable, procfs }),
    counts,
    clock,
    log,
  });
  return { measurement, pool };
}

function containerAt(pool: FilePool, id: string, ticks: Tick[]): LiveContainer {
  const mount = { version: 2, mountPoint: `${host.root}/cgroup`, controllers: [], root: '/' } as const;
  const hierarchy: Hierarchy = { mode: 'v2', discovery: mount, unified: mount, v1: [] };
  return new LiveContainer({
    key: `docker:${id}`,
    id,
    runtime: 'docker',
    parent: undefined,
    identity: cardOf({ name: id }),
    cgroupPath: `/docker/${id}`,
    cgroupInode: 1,
    hierarchy,
    pool,
    ancestors: new AncestorFiles(pool, { nowMs: () => 0, maxAgeMs: 1000 }),
    collectors: [listening(ticks)],
    past: 'none',
    populationChanged: () => undefined,
  });
}

// Ticks may be held seldom, because of the budget or because the machine is too busy: only rounds that were held count.
test('every container has its turn, whatever the ticks between the rounds', async () => {
  const { measurement, pool } = openMeasurement();
  const turns = Array.from({ length: 6 }, (): Tick[] => []);
  const live = new Set(turns.map((ticks, index) => containerAt(pool, `c${index}`, ticks)));
  for (const container of live) measurement.begin(container);
  for (let round = 0; round < YOUNG_TICKS + RARE_EVERY; round += 1) {
    await measurement.read(live, AbortSignal.timeout(10_000));
    measurement.done();
  }
  for (const ticks of turns) {
    const later = ticks.slice(YOUNG_TICKS);
    expect(later.filter(({ rare }) => rare)).toHaveLength(1);
    expect(later.filter(({ slow }) => slow)).toHaveLength(6);
  }
  for (const container of live) container[Symbol.dispose]();
});
