import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hostTables } from '../../../../statsd/collectors/host-tables.ts';
import { hostCollectors } from '../../../../statsd/collectors/host.ts';
import { containerCollectors } from '../../../../statsd/collectors/index.ts';
import { CgroupTextError } from '../../../../statsd/model/cgroup-text.ts';
import { parseCpuList } from '../../../../statsd/model/cpu-list.ts';
import { emptyDetails } from '../../../../statsd/model/details.ts';
import { parseFilesystems } from '../../../../statsd/model/filesystems.ts';
import { emptyHostReading, type HostReading } from '../../../../statsd/model/host-reading.ts';
import { parseNetDev } from '../../../../statsd/model/host-text.ts';
import { emptySample, FIELD, type CgroupView, type KernelFile } from '../../../../statsd/model/reading.ts';
import { contentOf, fixtureText } from '../../../support/fixture-file.ts';

const everything = { slow: true, rare: true, unified: true };
const collectors = containerCollectors({
  slavesOf: () => [],
  trustsEmptyV1: () => true,
  hugePageSizes: ['2MB', '1GB'],
});

/** Words that the kernel writes, rubbish, and both mixed, so that parsers are led astray at every place. */
const words = fc.constantFrom(
  ...'max some full total= avg10= usage_usec user_usec rbytes= Read Write Total 8:0 oom_kill cpu cpu0 FROZEN -1 0-3,8'.split(
    ' ',
  ),
  ...'anon file total_rss inactive_file MemTotal: kB : 18446744073709551615 99999999999999999999999 1e5 0x10'.split(
    ' ',
  ),
  ...[' ', '\n', '\t', '\0', ''],
);
const text = fc.oneof(
  fc.array(words, { maxLength: 60 }).map((parts) => parts.join('')),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
);

function viewOf(version: 1 | 2, file: (name: string) => KernelFile): CgroupView {
  return {
    version: () => version,
    file: (_controller, name) => file(name),
    rareFile: (_controller, name) => file(name),
    limitFile: (_controller, name) => file(name),
    unifiedFile: file,
    ancestry: (_controller, name) => [file(name)],
  };
}

const noMoreThan = (error: unknown): void => {
  if (!(error instanceof CgroupTextError)) throw error;
};

describe('arbitrary bytes', () => {
  test.each([1, 2] as const)(
    'in every file of a v%d container: understood, unknown or refused, never worse',
    (version) => {
      fc.assert(
        fc.property(fc.array(fc.option(text, { nil: undefined }), { minLength: 1, maxLength: 5 }), (contents) => {
          let reads = 0;
          const file = (name: string): KernelFile => ({
            path: name,
            read: () => {
              reads += 1;
              const content = contents[reads % contents.length];
              return content === undefined ? undefined : contentOf(content, name);
            },
          });
          const target = { sample: emptySample(), details: emptyDetails() };
          for (const collector of collectors) {
            try {
              const reader = collector.attach(viewOf(version, file));
              reader.collect(target, everything);
              reader.collect(target, everything);
            } catch (error) {
              noMoreThan(error);
            }
          }
          return target.sample.every((value) => Number.isNaN(value) || value >= 0);
        }),
        { numRuns: 300, examples: [[['0-3,8', undefined, undefined]]] },
      );
    },
  );

  test('in every file of the host', () => {
    fc.assert(
      fc.property(text, (content) => {
        const file = (name: string): KernelFile => ({ path: name, read: () => contentOf(content, name) });
        const parts = {
          open: { single: file, records: file },
          pageBytes: 4096,
          hasNetlink: false,
        };
        const reading = emptyHostReading();
        for (const collector of [...hostCollectors(parts), ...hostTables(parts.open)]) {
          try {
            collector.collect(reading);
          } catch (error) {
            noMoreThan(error);
            collector.clear(reading);
          }
        }
        parseFilesystems(contentOf(content));
        parseNetDev(contentOf(content));
        parseCpuList(content);
      }),
      { numRuns: 300 },
    );
  });

  test('nothing at all is unknown everywhere, and never 0', () => {
    for (const version of [1, 2] as const) {
      const target = { sample: emptySample(), details: emptyDetails() };
      const absent = (name: string): KernelFile => ({ path: name, read: () => undefined });
      for (const collector of collectors) collector.attach(viewOf(version, absent)).collect(target, everything);
      expect([...target.sample].every(Number.isNaN)).toBe(true);
      expect(target.details).toEqual(emptyDetails());
    }
  });
});

describe('a failing collector', () => {
  test('names every field and list that it writes, so that nothing stale is left', () => {
    const file = (name: string): KernelFile => ({
      path: name,
      read: () => contentOf(name.endsWith('pressure') ? 'some total=1\nfull total=1\n' : `max 1\n8:0 Read 1\n`, name),
    });
    const plain = (name: string): KernelFile => ({ path: name, read: () => contentOf('1\n', name) });
    const runs = ([1, 2] as const).flatMap((version) =>
      collectors.flatMap((collector) => [file, plain].map((open) => ({ version, collector, open }))),
    );
    for (const { version, collector, open } of runs) {
      const target = { sample: emptySample(), details: emptyDetails() };
      try {
        collector.attach(viewOf(version, open)).collect(target, everything);
      } catch (error) {
        noMoreThan(error);
      }
      // The limit of v1 is the memory collector's to write and the limits collector's to own.
      for (const field of [...collector.fields, 'memoryLimitBytes'] as const) target.sample[FIELD[field]] = Number.NaN;
      for (const list of collector.lists ?? []) target.details[list] = undefined;
      expect([...target.sample].every(Number.isNaN), collector.name).toBe(true);
      expect(target.details, collector.name).toEqual(emptyDetails());
    }
  });
});

describe('recorded host', () => {
  const files: Readonly<Record<string, string>> = {
    stat: fixtureText('v1-6.18-runc/proc-stat.txt'),
    meminfo: fixtureText('v1-6.18-runc/proc-meminfo.txt'),
    loadavg: fixtureText('v1-6.18-runc/proc-loadavg.txt'),
    'pressure/cpu':
      'some avg10=1.17 avg60=0.63 avg300=0.28 total=1616766\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n',
    'pressure/irq': 'full avg10=0.00 avg60=0.00 avg300=0.00 total=2000000\n',
    diskstats:
      '   7       0 loop0 1 0 2 3 0 0 0 0 0 0 0 0 0 0 0 0 0\n' +
      ' 254       0 vda 10 1 20 30 40 2 50 60 3 70 80 4 5 6 7 8 9\n' +
      ' 254       1 vda1 9 1 20 30 40 2 50 60 3 70 80 4 5 6 7 8 9\n',
    'net/dev':
      'Inter-|   Receive   |  Transmit\n face |bytes packets errs drop fifo frame compressed multicast|bytes packets errs drop fifo colls carrier compressed\n' +
      '  eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n',
    'net/sockstat': 'sockets: used 60\nTCP: inuse 5 orphan 0 tw 1 alloc 7 mem 3\n',
    'net/netstat': 'TcpExt: SyncookiesSent ListenDrops\nTcpExt: 1 2\n',
    'net/snmp': 'Icmp: InMsgs InErrors\nIcmp: 3 -4\nUdp: InDatagrams\n',
    'sys/fs/file-nr': '1216\t0\t9223372036854775807\n',
    vmstat: 'pgpgin 5\npgpgout 6\noom_kill 1\n',
  };
  const file = (name: string): KernelFile => ({
    path: name,
    read: () => (files[name] === undefined ? undefined : contentOf(files[name], name)),
  });
  const read = (): HostReading => {
    const reading = emptyHostReading();
    const parts = { open: { single: file, records: file }, pageBytes: 4096, hasNetlink: false };
    for (const collector of hostCollectors(parts)) collector.collect(reading);
    return reading;
  };
  const keyed = ({ keys, values }: { keys: readonly string[]; values: Float64Array }): Record<string, number> =>
    Object.fromEntries(keys.map((key, index) => [key, values[index]!]));

  test('CPU by mode, memory and load', () => {
    const reading = read();
    const [, user] = /^cpu +(\d+)/.exec(files['stat']!)!;
    expect(reading.cpu?.total.user).toBe(Number(user) / 100);
    expect(reading.cpu?.cpus.map(({ cpu }) => cpu)).toEqual([0, 1]);
    expect(reading.cpu?.bootTimeUnixSeconds).toBeNaN();
    expect(keyed(reading.memory!)['MemTotal']).toBe(Number(/MemTotal: +(\d+)/.exec(files['meminfo']!)![1]) * 1024);
    expect(reading.load?.load1).toBe(Number.parseFloat(files['loadavg']!));
  });

  test('pressure: what the kernel does not tell is unknown', () => {
    expect(read().pressure).toEqual({
      cpuWaitingSeconds: 1.616766,
      memoryWaitingSeconds: Number.NaN,
      memoryStalledSeconds: Number.NaN,
      ioWaitingSeconds: Number.NaN,
      ioStalledSeconds: Number.NaN,
      irqStalledSeconds: 2,
    });
  });

  test('disks without partitions and loops, interfaces, sockets, counters', () => {
    const reading = read();
    expect(reading.disks).toHaveLength(1);
    expect(reading.disks?.[0]).toMatchObject({
      device: 'vda',
      reads: 10,
      readBytes: 20 * 512,
      writeSeconds: 0.06,
      flushes: 8,
    });
    expect(reading.interfaces).toEqual([
      expect.objectContaining({
        name: 'eth0',
        receiveBytes: 1,
        receiveMulticast: 8,
        transmitBytes: 9,
        transmitCarrier: 15,
      }),
    ]);
    expect(keyed(reading.sockstat!)).toEqual({
      sockets_used: 60,
      TCP_inuse: 5,
      TCP_orphan: 0,
      TCP_tw: 1,
      TCP_alloc: 7,
      TCP_mem: 3,
      TCP_mem_bytes: 12288,
    });
    expect(keyed(reading.netstat!)).toEqual({
      TcpExt_SyncookiesSent: 1,
      TcpExt_ListenDrops: 2,
      Icmp_InMsgs: 3,
      Icmp_InErrors: -4,
    });
    expect(reading.fileDescriptors).toEqual({ allocated: 1216, maximum: 9223372036854775807 });
    expect(keyed(reading.vmstat!)).toEqual({ pgpgin: 5, pgpgout: 6, oom_kill: 1 });
    expect(reading.conntrack).toBeUndefined();
  });

  test('file systems that hold data, each once', () => {
    const mounts = parseFilesystems(
      contentOf(
        '25 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n' +
          '26 25 0:5 / /proc rw - proc proc rw\n' +
          '27 25 254:0 /x /srv/a\\040b rw - ext4 /dev/vda rw\n' +
          '28 25 254:16 / /data\\040disk ro - xfs /dev/vdb rw\n' +
          '29 25 0:50 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw\n',
      ),
    );
    expect(mounts.map(({ mountPoint, readOnly }) => [mountPoint, readOnly])).toEqual([
      ['/', false],
      ['/data disk', true],
    ]);
  });
});

test.each([
  { list: '0-3,8', want: 5 },
  { list: '0', want: 1 },
  { list: '0-1\n', want: 2 },
  { list: '', want: Number.NaN },
  { list: '3-1', want: 0 },
  { list: 'all', want: Number.NaN },
])('the CPU list "$list" has $want', ({ list, want }) => {
  expect(parseCpuList(list)).toBe(want);
});
