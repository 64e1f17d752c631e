import { linesOf } from './host-text.ts';
import type { Content } from './cgroup-text.ts';
import type { CpuQueue, CpuRunQueue, UdpQueues } from './host-reading.ts';

const words = (line: string): string[] => line.trim().split(/\s+/);

const decimal = (text: string | undefined): number =>
  text !== undefined && /^\d{1,20}$/.test(text) ? Number(text) : Number.NaN;
const hexadecimal = (text: string | undefined): number =>
  text !== undefined && /^[\da-f]{1,16}$/i.test(text) ? Number.parseInt(text, 16) : Number.NaN;

/** Columns of /proc/net/softnet_stat; the kernel has none for what it does not count any more. */
const SOFTNET = { processed: 0, dropped: 1, timesSqueezed: 2, receivedRps: 9, flowLimits: 10, cpu: 12 } as const;

/**
 * /proc/net/softnet_stat: hexadecimal, a line for each CPU that is online. Which CPU it is of stands in it from Linux 5.14 on;
 * before that the number of the line has to do, as in node_exporter.
 */
export function parseSoftnet(content: Content): CpuQueue[] {
  return linesOf(content).flatMap((line, index): CpuQueue[] => {
    const fields = words(line).map(hexadecimal);
    const value = (column: number): number => fields[column] ?? Number.NaN;
    if (Number.isNaN(value(SOFTNET.processed))) return [];
    const cpu = value(SOFTNET.cpu);
    return [
      {
        cpu: Number.isNaN(cpu) ? index : cpu,
        processed: value(SOFTNET.processed),
        dropped: value(SOFTNET.dropped),
        timesSqueezed: value(SOFTNET.timesSqueezed),
        receivedRps: value(SOFTNET.receivedRps),
        flowLimits: value(SOFTNET.flowLimits),
      },
    ];
  });
}

const NANOS = 1e9;

/** /proc/schedstat, versions 15 to 17: the last three numbers of a CPU's line are ns run, ns waited for, and slices. */
export function parseSchedstat(content: Content): CpuRunQueue[] {
  return linesOf(content).flatMap((line): CpuRunQueue[] => {
    const [name = '', ...fields] = words(line);
    const cpu = /^cpu(\d{1,6})$/.exec(name)?.[1];
    if (cpu === undefined || fields.length < 9) return [];
    const [run, waited, slices] = fields.slice(6, 9).map(decimal);
    return [
      {
        cpu: Number(cpu),
        runningSeconds: (run ?? Number.NaN) / NANOS,
        waitingSeconds: (waited ?? Number.NaN) / NANOS,
        timeslices: slices ?? Number.NaN,
      },
    ];
  });
}

/** /proc/net/arp: entries by device. */
export function parseArp(content: Content): ReadonlyMap<string, number> {
  const entries = new Map<string, number>();
  for (const line of linesOf(content).slice(1)) {
    const device = words(line)[5];
    if (device !== undefined) entries.set(device, (entries.get(device) ?? 0) + 1);
  }
  return entries;
}

/** /proc/net/udp or udp6: what all sockets together have in their queues, bytes; `tx_queue:rx_queue` is the fifth column. */
export function parseUdpQueues(content: Content): UdpQueues {
  let transmitBytes = 0;
  let receiveBytes = 0;
  for (const line of linesOf(content).slice(1)) {
    const match = /^([\da-f]{8}):([\da-f]{8})$/i.exec(words(line)[4] ?? '');
    if (match === null) continue;
    transmitBytes += hexadecimal(match[1]);
    receiveBytes += hexadecimal(match[2]);
  }
  return { transmitBytes, receiveBytes };
}
