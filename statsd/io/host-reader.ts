import type { Clock } from '../../native/host/clock.ts';
import type { Logger } from '../../native/host/log.ts';
import type { HostCollector } from '../model/host-section.ts';
import type { HostReading } from '../model/host-reading.ts';
import type { OwnCounts } from '../model/own-metrics.ts';
import type { KernelFile } from '../model/reading.ts';
import type { Filesystems } from './filesystems.ts';
import type { NetworkTable } from './network-table.ts';
import { noteRun } from './reading-round.ts';
import type { Sensors } from './sensors.ts';

export interface HostReaderParts {
  readonly collectors: readonly HostCollector[];
  readonly filesystems: Filesystems;
  readonly sensors: Sensors;
  readonly networks: NetworkTable;
  readonly counts: OwnCounts;
  readonly clock: Clock;
  readonly log: Logger;
}

/** How often the file systems are asked and rare sections are read, in slow turns. */
const RARE_TURNS = 6;
export const FILESYSTEMS = 'host_filesystems';
export const SENSORS = 'host_sensors';

/** Reads the host, each section by itself: one that fails is unknown, and told once. */
export class HostReader {
  readonly #parts: HostReaderParts;
  readonly #told = new Set<string>();
  #slowTurns = 0;

  constructor(parts: HostReaderParts) {
    this.#parts = parts;
  }

  /** Files that can be fetched together with those of the containers. */
  files(slow: boolean): readonly KernelFile[] {
    return this.#due(slow).flatMap(({ files }) => files);
  }

  read(reading: HostReading, slow: boolean): void {
    const { filesystems, networks, sensors } = this.#parts;
    for (const collector of this.#due(slow))
      this.#run(
        collector.name,
        () => {
          collector.collect(reading);
        },
        () => {
          collector.clear(reading);
        },
      );
    if (networks.hostInterfaces !== undefined) reading.interfaces = networks.hostInterfaces;
    if (!slow) return;
    if (this.#isRareTurn())
      for (const [name, answering] of [
        [FILESYSTEMS, filesystems],
        [SENSORS, sensors],
      ] as const)
        this.#run(
          name,
          () => {
            answering.refresh();
          },
          () => undefined,
        );
    this.#slowTurns += 1;
    reading.filesystems = filesystems.readings;
    reading.sensors = sensors.readings;
  }

  #isRareTurn(): boolean {
    return this.#slowTurns % RARE_TURNS === 0;
  }

  #due(slow: boolean): readonly HostCollector[] {
    const isRare = slow && this.#isRareTurn();
    return this.#parts.collectors.filter(({ pace }) => pace === 'tick' || isRare || (slow && pace === 'slow'));
  }

  #run(name: string, collect: () => void, clear: () => void): void {
    const { clock, counts, log } = this.#parts;
    const startMs = clock.monotonicMs();
    let failures = 0;
    try {
      collect();
    } catch (err) {
      failures = 1;
      clear();
      if (!this.#told.has(name)) log.warn({ err, collector: name }, 'cannot read the host');
      this.#told.add(name);
    }
    noteRun(counts.collectors.get(name), { seconds: (clock.monotonicMs() - startMs) / 1000, failures });
  }
}
