import { parseNumbers } from '../model/host-text.ts';
import { parseArp, parseSchedstat, parseSoftnet, parseUdpQueues } from '../model/host-tables.ts';
import { section, type HostCollector, type HostFileOpener } from '../model/host-section.ts';

function entropy(open: HostFileOpener): HostCollector {
  const [available, pool] = ['entropy_avail', 'poolsize'].map((name) => open.single(`sys/kernel/random/${name}`));
  return {
    name: 'host_entropy',
    pace: 'slow',
    files: [],
    collect(reading) {
      const [availableBits, poolBits] = [available, pool].map((file) => {
        const content = file?.read();
        return content === undefined ? Number.NaN : (parseNumbers(content)[0] ?? Number.NaN);
      });
      const known = availableBits !== undefined && !Number.isNaN(availableBits);
      reading.entropy = known ? { availableBits, poolBits: poolBits ?? Number.NaN } : undefined;
    },
    clear: (reading) => (reading.entropy = undefined),
  };
}

function udpQueues(open: HostFileOpener): HostCollector {
  const [v4, v6] = ['net/udp', 'net/udp6'].map((name) => open.records(name));
  return {
    name: 'host_udp_queues',
    pace: 'rare',
    files: [],
    collect(reading) {
      const [four, six] = [v4, v6].map((file) => {
        const content = file?.read();
        return content === undefined ? undefined : parseUdpQueues(content);
      });
      reading.udpQueues = four === undefined && six === undefined ? undefined : { v4: four, v6: six };
    },
    clear: (reading) => (reading.udpQueues = undefined),
  };
}

/** Tables of the kernel that show what the usual numbers do not: packets that waited, tasks that waited, neighbours, queues. */
export function hostTables(open: HostFileOpener): readonly HostCollector[] {
  return [
    section({ name: 'softnet', pace: 'slow', file: open.records('net/softnet_stat'), fetched: false }, parseSoftnet),
    section({ name: 'schedstat', pace: 'slow', file: open.records('schedstat'), fetched: false }, parseSchedstat),
    entropy(open),
    // A line for each neighbour and each socket: thousands on a busy host.
    section({ name: 'arp', pace: 'rare', file: open.records('net/arp'), fetched: false }, parseArp),
    udpQueues(open),
  ];
}
