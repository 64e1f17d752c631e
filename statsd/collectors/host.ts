import { CgroupTextError, FlatKeys, textOf } from '../model/cgroup-text.ts';
import type { KernelFile } from '../model/reading.ts';
import { HOST_COLUMNS } from '../wire.ts';

/** The kernel's clock ticks as user space sees them; 100 on every Linux. */
const USER_HZ = 100;
const BUSY = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal'];

/** Seconds that all CPUs together did something, from the first line of /proc/stat. Guest time is in user. @throws {CgroupTextError} */
export function parseBusySeconds(bytes: Uint8Array, length: number): number {
  const line = textOf(bytes, length).split('\n', 1)[0] ?? '';
  const fields = line.split(/\s+/);
  if (fields[0] !== 'cpu' || fields.length < 5) throw new CgroupTextError('/proc/stat', line);
  const ticks = BUSY.reduce((sum, name, index) => {
    return name === 'idle' || name === 'iowait' ? sum : sum + Number(fields[index + 1] ?? 0);
  }, 0);
  return ticks / USER_HZ;
}

const meminfo = new FlatKeys(['MemTotal:', 'MemAvailable:']);

/** Bytes of MemTotal and MemAvailable; NaN for what the kernel does not tell. */
export function parseMeminfo(bytes: Uint8Array, length: number): { totalBytes: number; availableBytes: number } {
  meminfo.scan(bytes, length);
  const [total = Number.NaN, available = Number.NaN] = meminfo.values;
  return { totalBytes: total * 1024, availableBytes: available * 1024 };
}

/** The one-minute load. @throws {CgroupTextError} */
export function parseLoad1(bytes: Uint8Array, length: number): number {
  const text = textOf(bytes, length);
  const load = Number.parseFloat(text);
  if (Number.isNaN(load)) throw new CgroupTextError('/proc/loadavg', text);
  return load;
}

export interface HostFiles {
  readonly stat: KernelFile;
  readonly meminfo: KernelFile;
  readonly loadavg: KernelFile;
}

const orNaN = (file: KernelFile, parse: (bytes: Uint8Array, length: number) => number): number => {
  const length = file.read();
  return length < 0 ? Number.NaN : parse(file.bytes, length);
};

/** One row of {@link HOST_COLUMNS}. @throws {CgroupTextError} */
export function collectHost(files: HostFiles, row: Float64Array): void {
  row.fill(Number.NaN, 0, HOST_COLUMNS.length);
  row[0] = orNaN(files.stat, parseBusySeconds);
  const length = files.meminfo.read();
  if (length >= 0) {
    const memory = parseMeminfo(files.meminfo.bytes, length);
    row[1] = memory.totalBytes;
    row[2] = memory.availableBytes;
  }
  row[3] = orNaN(files.loadavg, parseLoad1);
}
