import type { OwnMetric } from './exposition.ts';
import { ownGauge } from './own-metric.ts';

/** How a machine is built; NaN for what it does not tell. */
export interface MachineFacts {
  readonly physicalCores: number;
  readonly sockets: number;
  /** Of NUMA. */
  readonly nodes: readonly { readonly id: string; readonly memoryBytes: number }[];
}

/** Cores and sockets by the fields `core id` and `physical id` of /proc/cpuinfo; NaN where a processor has none (ARM). */
export function coresIn(cpuinfo: string): Pick<MachineFacts, 'physicalCores' | 'sockets'> {
  const [cores, sockets] = [new Set<string>(), new Set<string>()];
  for (const processor of cpuinfo.split('\n\n')) {
    const socket = /^physical id\s*: (\d+)$/m.exec(processor)?.[1];
    const core = /^core id\s*: (\d+)$/m.exec(processor)?.[1];
    if (socket === undefined || core === undefined) continue;
    sockets.add(socket);
    cores.add(`${socket} ${core}`);
  }
  const orUnknown = (count: number): number => (count === 0 ? Number.NaN : count);
  return { physicalCores: orUnknown(cores.size), sockets: orUnknown(sockets.size) };
}

/** Of a text such as `Node 0 MemTotal: 24683656 kB`. */
export function nodeMemoryBytes(meminfo: string): number {
  const kilobytes = /^Node \d+ MemTotal: +(\d+) kB$/m.exec(meminfo)?.[1];
  return kilobytes === undefined ? Number.NaN : Number(kilobytes) * 1024;
}

/** In cAdvisor's names. */
export function machineMetrics(facts: MachineFacts, swapTotalBytes: number): OwnMetric[] {
  return [
    ownGauge('machine_cpu_physical_cores', 'Cores of the machine.', facts.physicalCores),
    ownGauge('machine_cpu_sockets', 'Processors of the machine.', facts.sockets),
    ownGauge('machine_swap_bytes', 'Swap of the machine.', swapTotalBytes),
    {
      name: 'machine_node_memory_capacity_bytes',
      help: 'Memory of each NUMA node.',
      type: 'gauge',
      values: facts.nodes.map(({ id, memoryBytes }) => [`node_id="${id}"`, memoryBytes] as const),
    },
  ];
}
