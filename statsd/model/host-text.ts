import { CgroupTextError, indexOfByte, textOf, uintAt, type Content } from './cgroup-text.ts';
import type { KeyedValues } from './details.ts';
import { KeyedText } from './keyed-text.ts';
import {
  CPU_MODES,
  INTERFACE_COLUMNS,
  type CpuSeconds,
  type DiskCounters,
  type HostCpu,
  type HostInterface,
} from './host-reading.ts';

/** The kernel's clock ticks as user space sees them; 100 on every Linux. */
const USER_HZ = 100;
const SECTOR_BYTES = 512;
const NEWLINE = 0x0a;
const SPACE = 0x20;
/** Ranges of bytes. */
const SPACES = [SPACE, SPACE] as const;
const DIGITS = [0x30, 0x39] as const;
const LETTERS = [SPACE + 1, 0xff] as const;
/** The kernel writes no longer number, and no longer name in /proc/stat. */
const MAX_DIGITS = 20;
const MAX_WORD = 64;
/** Longest line of which every word is looked at; the one of interrupts is longer, and only its first number counts. */
const MAX_LINE = 4096;

/** The lines of a file, each cut at 4 KiB. */
export function linesOf({ bytes, start, end }: Content): string[] {
  const lines: string[] = [];
  for (let line = start; line < end;) {
    const newline = indexOfByte(bytes, NEWLINE, { start: line, end });
    let text = '';
    for (let at = line; at < Math.min(newline, line + MAX_LINE); at += 1) text += String.fromCharCode(bytes[at] ?? 0);
    lines.push(text);
    line = newline + 1;
  }
  return lines;
}

const words = (line: string): string[] => line.trim().split(/\s+/);

/** Only digits make a number; anything else is NaN. */
const numberOf = (text: string | undefined): number =>
  text !== undefined && /^\d{1,20}$/.test(text) ? Number(text) : Number.NaN;

/** The text from `at` to the next space or the end of the line; short words only. */
function wordAt({ bytes, end }: Content, at: number): string {
  let stop = at;
  while (stop < end && stop - at < MAX_WORD && (bytes[stop] ?? 0) > SPACE) stop += 1;
  return String.fromCharCode(...bytes.subarray(at, stop));
}

/** First index from `at` on whose byte is not one of a range. */
function past({ bytes, end }: Content, at: number, [from, to]: readonly [number, number]): number {
  let next = at;
  while (next < end && (bytes[next] ?? 0) >= from && (bytes[next] ?? 0) <= to) next += 1;
  return next;
}

/** The numbers of a line from `at` on, at most so many; what is not a number is NaN, and what is not there is left out. */
function numbersAt(content: Content, at: number, most: number): number[] {
  const { bytes, end } = content;
  const numbers: number[] = [];
  let next = past(content, at, SPACES);
  while (numbers.length < most && next < end && bytes[next] !== NEWLINE) {
    const digitsEnd = past(content, next, DIGITS);
    const wordEnd = past(content, digitsEnd, LETTERS);
    const isNumber = wordEnd === digitsEnd && digitsEnd - next <= MAX_DIGITS;
    numbers.push(isNumber ? uintAt(bytes, next, end) : Number.NaN);
    next = past(content, wordEnd, SPACES);
  }
  return numbers;
}

/** Where the line after the one at `at` begins; the line of interrupts is passed over in one step. */
function nextLine({ bytes, end }: Content, at: number): number {
  const newline = bytes.indexOf(NEWLINE, at);
  return newline < 0 || newline >= end ? end : newline + 1;
}

function cpuSecondsAt(content: Content, at: number): CpuSeconds {
  const ticks = numbersAt(content, at, CPU_MODES.length);
  const seconds = {} as Record<(typeof CPU_MODES)[number], number>;
  for (let index = 0; index < CPU_MODES.length; index += 1)
    seconds[CPU_MODES[index] ?? 'user'] = (ticks[index] ?? Number.NaN) / USER_HZ;
  return seconds;
}

/** /proc/stat. @throws {CgroupTextError} when it does not begin with the line of all CPUs. */
export function parseProcStat(content: Content): HostCpu {
  const { start, end } = content;
  if (wordAt(content, start) !== 'cpu' || numbersAt(content, start + 3, 4).length < 4)
    throw new CgroupTextError(content.path, textOf(content));
  const cpus: { cpu: number; seconds: CpuSeconds }[] = [];
  const single = new Map<string, number>();
  for (let line = nextLine(content, start); line < end; line = nextLine(content, line)) {
    const name = wordAt(content, line);
    const values = line + name.length;
    const cpu = name.startsWith('cpu') ? /^cpu(\d{1,6})$/.exec(name)?.[1] : undefined;
    if (cpu === undefined) single.set(name, numbersAt(content, values, 1)[0] ?? Number.NaN);
    else cpus.push({ cpu: Number(cpu), seconds: cpuSecondsAt(content, values) });
  }
  const value = (name: string): number => single.get(name) ?? Number.NaN;
  return {
    total: cpuSecondsAt(content, start + 3),
    cpus,
    contextSwitches: value('ctxt'),
    interrupts: value('intr'),
    forks: value('processes'),
    processesRunning: value('procs_running'),
    processesBlocked: value('procs_blocked'),
    bootTimeUnixSeconds: value('btime'),
  };
}

/** /proc/loadavg. @throws {CgroupTextError} */
export function parseLoadAverage(content: Content): { load1: number; load5: number; load15: number } {
  const [load1 = Number.NaN, load5 = Number.NaN, load15 = Number.NaN] = words(textOf(content)).map(Number.parseFloat);
  if (Number.isNaN(load1)) throw new CgroupTextError(content.path, textOf(content));
  return { load1, load5, load15 };
}

const meminfo = new KeyedText();
/** What was made of the file's keys, which are the same list each time. */
let meminfoNames: { readonly of: readonly string[]; readonly names: readonly string[]; readonly units: Float64Array } =
  {
    of: [],
    names: [],
    units: new Float64Array(0),
  };

/** /proc/meminfo as bytes and counts; keys without their colon. @throws {CgroupTextError} */
export function parseMeminfo(content: Content): KeyedValues {
  const { keys, values } = meminfo.read(content);
  if (meminfoNames.of !== keys) {
    const names = keys.map((key) => (key.endsWith(':') ? key.slice(0, -1) : key));
    // Counts of pages; all else is in KiB.
    meminfoNames = {
      of: keys,
      names,
      units: Float64Array.from(names, (key) => (key.startsWith('HugePages_') ? 1 : 1024)),
    };
  }
  const { names, units } = meminfoNames;
  let known = 0;
  for (let index = 0; index < values.length; index += 1) {
    const value = (values[index] ?? Number.NaN) * (units[index] ?? 1);
    values[index] = value;
    if (!Number.isNaN(value)) known += 1;
  }
  if (known === 0) throw new CgroupTextError(content.path, textOf(content));
  return { keys: names, values };
}

/** Names that are no disk: RAM, loop and floppy, and partitions of what is. */
const NO_DISK = /^(?:z?ram|loop|fd)\d+$|^(?:h|s|v|xv)d[a-z]+\d+$|^nvme\d+n\d+p\d+$|^mmcblk\d+p\d+$/;

/** A line of /proc/diskstats; `undefined` for what is no whole disk. */
function diskAt(content: Content, line: number): DiskCounters | undefined {
  let at = past(content, line, SPACES);
  // Two numbers, then the name.
  for (let word = 0; word < 2; word += 1) at = past(content, past(content, at, LETTERS), SPACES);
  const device = wordAt(content, at);
  if (device === '' || NO_DISK.test(device)) return undefined;
  const counters = numbersAt(content, at + device.length, 17);
  if (counters.length < 11) return undefined;
  const value = (index: number): number => counters[index] ?? Number.NaN;
  return {
    device,
    reads: value(0),
    readsMerged: value(1),
    readBytes: value(2) * SECTOR_BYTES,
    readSeconds: value(3) / 1000,
    writes: value(4),
    writesMerged: value(5),
    writtenBytes: value(6) * SECTOR_BYTES,
    writeSeconds: value(7) / 1000,
    inFlight: value(8),
    ioSeconds: value(9) / 1000,
    ioWeightedSeconds: value(10) / 1000,
    discards: value(11),
    discardsMerged: value(12),
    discardedSectors: value(13),
    discardSeconds: value(14) / 1000,
    flushes: value(15),
    flushSeconds: value(16) / 1000,
  };
}

/** /proc/diskstats: whole disks with their counters; sectors as bytes and milliseconds as seconds. */
export function parseDiskstats(content: Content): DiskCounters[] {
  const disks: DiskCounters[] = [];
  for (let line = content.start; line < content.end; line = nextLine(content, line)) {
    const disk = diskAt(content, line);
    if (disk !== undefined) disks.push(disk);
  }
  return disks;
}

/** One line of /proc/net/dev; `undefined` for what is no interface. */
function interfaceOf(line: string): HostInterface | undefined {
  const match = /^\s*(\S{1,64}):\s*(.*)$/.exec(line);
  if (match === null) return undefined;
  const fields = words(match[2] ?? '');
  const counters = {} as Record<(typeof INTERFACE_COLUMNS)[number], number>;
  for (const [index, column] of INTERFACE_COLUMNS.entries()) counters[column] = numberOf(fields[index]);
  return Number.isNaN(counters.receiveBytes) ? undefined : { name: match[1] ?? '', ...counters };
}

/** /proc/net/dev, whose two first lines are headings. */
export function parseNetDev(content: Content): HostInterface[] {
  return linesOf(content).flatMap((line) => interfaceOf(line) ?? []);
}

const keyed = (pairs: readonly (readonly [string, number])[]): KeyedValues => ({
  keys: pairs.map(([key]) => key),
  values: Float64Array.from(pairs, ([, value]) => value),
});

/** /proc/net/sockstat and sockstat6: `TCP: inuse 5 orphan 0 …` as `TCP_inuse`; `mem` is pages and also told in bytes. */
export function parseSockstat(content: Content, pageBytes: number): KeyedValues {
  return keyed(
    linesOf(content).flatMap((line): (readonly [string, number])[] => {
      const [name = '', ...rest] = words(line);
      const protocol = name.replace(/:$/, '');
      return rest.flatMap((word, index): (readonly [string, number])[] => {
        if (index % 2 === 1) return [];
        const value = numberOf(rest[index + 1]);
        const pair = [`${protocol}_${word}`, value] as const;
        return word === 'mem' ? [pair, [`${protocol}_mem_bytes`, value * pageBytes]] : [pair];
      });
    }),
  );
}

/** /proc/net/netstat and snmp: a line of names and a line of values for each protocol, as `TcpExt_ListenDrops`. */
export function parseNetstat(content: Content): KeyedValues {
  const lines = linesOf({ ...content });
  const pairs: (readonly [string, number])[] = [];
  for (let line = 0; line + 1 < lines.length; line += 2) {
    const [name = '', ...names] = words(lines[line] ?? '');
    const [again, ...values] = words(lines[line + 1] ?? '');
    if (name !== again) continue;
    const protocol = name.replace(/:$/, '');
    for (const [index, each] of names.entries()) {
      const text = values[index] ?? '';
      pairs.push([`${protocol}_${each}`, /^-?\d{1,20}$/.test(text) ? Number(text) : Number.NaN]);
    }
  }
  return keyed(pairs);
}

/** The first numbers of a file of one line, such as /proc/sys/fs/file-nr. */
export function parseNumbers({ bytes, start, end }: Content): number[] {
  const numbers: number[] = [];
  for (let at = start; at < end && numbers.length < 64; at += 1) {
    const value = uintAt(bytes, at, end);
    if (Number.isNaN(value)) continue;
    numbers.push(value);
    while (at < end && (bytes[at] ?? SPACE) > SPACE) at += 1;
  }
  return numbers;
}
