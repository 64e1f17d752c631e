import { clockReader } from '../native/host/clock-state.ts';
import { bulkReader } from '../native/host/bulk-read.ts';
import type { Clock } from '../native/host/clock.ts';
import type { Logger } from '../native/host/log.ts';
import { openRouteSocket, type NetlinkSocket } from '../native/netlink/socket.ts';
import { trustsEmptyV1 } from './collectors/block-io.ts';
import { clockSection } from './collectors/host-clock.ts';
import { hostTables } from './collectors/host-tables.ts';
import { hostCollectors } from './collectors/host.ts';
import { hostClockOf } from './io/host-clock.ts';
import type { HostCollector, HostFileOpener } from './model/host-section.ts';
import { containerCollectors } from './collectors/index.ts';
import type { StatsdConfig } from './config.ts';
import { AncestorFiles } from './io/ancestor-files.ts';
import { BlockAccounting } from './io/block-accounting.ts';
import { ContainerNetworks } from './io/container-network.ts';
import { descriptorCap } from './io/descriptor-cap.ts';
import { Filesystems } from './io/filesystems.ts';
import { blockStack, hugePageSizes, type HostFacts } from './io/host-facts.ts';
import { FILESYSTEMS, HostReader, SENSORS } from './io/host-reader.ts';
import { FilePool, PooledFile } from './io/kernel-file.ts';
import { NetworkTable } from './io/network-table.ts';
import { ReadBatch } from './io/read-batch.ts';
import { Sensors } from './io/sensors.ts';
import { Measurement, NETWORK } from './measurement.ts';
import type { Hierarchy } from './model/hierarchy.ts';
import { newOwnCounts, type OwnCounts } from './model/own-metrics.ts';
import type { Collector } from './model/reading.ts';

export interface MeasurementFacts {
  readonly config: StatsdConfig;
  readonly facts: HostFacts;
  readonly hierarchy: Hierarchy;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface OpenMeasurement extends AsyncDisposable {
  readonly measurement: Measurement;
  readonly collectors: readonly Collector[];
  readonly pool: FilePool;
  readonly ancestors: AncestorFiles;
  readonly networkTable: NetworkTable;
  readonly counts: OwnCounts;
  /** `undefined` unless `--enable-v1-io-accounting`. */
  readonly accounting: BlockAccounting | undefined;
  /** What an operator should know of this host, once. */
  readonly notes: readonly string[];
}

/** How long a parent's limits are believed: for the containers that are read at the same tick. */
const ANCESTOR_BELIEF_MS = 500;

/** A socket in the host's network namespace: the agent's own, or that of process 1 for an agent in a container. */
function hostSocket({ config, log }: MeasurementFacts): NetlinkSocket | undefined {
  const path = `${config.procRoot}/1/ns/net`;
  try {
    return openRouteSocket(config.procRoot === '/proc' ? {} : { netns: { kind: 'path', path } });
  } catch (err) {
    log.warn({ err }, "no netlink: network counters come from one of each container's processes instead");
    return undefined;
  }
}

function hostParts({ config }: MeasurementFacts, pool: FilePool, hasNetlink: boolean): readonly HostCollector[] {
  const file = (name: string, records: boolean): PooledFile =>
    new PooledFile(pool, { directory: config.procRoot, name, keep: true, records });
  const open: HostFileOpener = { single: (name) => file(name, false), records: (name) => file(name, true) };
  const clock = clockReader();
  return [
    ...hostCollectors({ open, pageBytes: 4096, hasNetlink }),
    ...hostTables(open),
    ...clockSection(clock === undefined ? undefined : () => hostClockOf(clock())),
  ];
}

/** Everything that reads the kernel, opened and put together. */
export function openMeasurement(input: MeasurementFacts): OpenMeasurement {
  const { config, facts, hierarchy, clock, log } = input;
  const pool = new FilePool(descriptorCap(config.procRoot));
  const reader = bulkReader();
  const notes: string[] = [];
  if (reader === undefined) notes.push('the native addon is missing: files are read one by one, at twice the cost');
  const accounting = config.enableV1IoAccounting ? new BlockAccounting({ ...config, hierarchy, log }) : undefined;
  const trusts = trustsEmptyV1(facts.kernel);
  if (!trusts && accounting === undefined && hierarchy.v1.some(({ controllers }) => controllers.includes('blkio')))
    notes.push(
      'this kernel counts block IO of cgroup v1 only on disks with a throttle rule: see --enable-v1-io-accounting',
    );
  const collectors = containerCollectors({
    slavesOf: blockStack(config.sysfs),
    trustsEmptyV1: () => trusts || accounting?.isOn === true,
    hugePageSizes: hugePageSizes(config.sysfs),
  });
  const socket = hostSocket(input);
  const networkTable = new NetworkTable({ socket, procfs: config.procRoot });
  const hostSections = hostParts(input, pool, socket !== undefined);
  const counts = newOwnCounts([
    ...collectors.map(({ name }) => name),
    NETWORK,
    ...hostSections.map(({ name }) => name),
    FILESYSTEMS,
    SENSORS,
  ]);
  const filesystems = new Filesystems({ procfs: config.procRoot, hostRoot: config.hostRoot });
  const measurement = new Measurement({
    hostReader: new HostReader({
      collectors: hostSections,
      filesystems,
      sensors: new Sensors(config.sysfs),
      networks: networkTable,
      counts,
      clock,
      log,
    }),
    collectors,
    batch: new ReadBatch({ pool, reader, clock }),
    networkTable,
    networks: new ContainerNetworks({ table: networkTable, procfs: config.procRoot }),
    counts,
    clock,
    log,
  });
  const ancestors = new AncestorFiles(pool, { nowMs: () => clock.monotonicMs(), maxAgeMs: ANCESTOR_BELIEF_MS });
  return {
    measurement,
    collectors,
    pool,
    ancestors,
    networkTable,
    counts,
    accounting,
    notes,
    [Symbol.asyncDispose]: () => networkTable[Symbol.asyncDispose](),
  };
}
