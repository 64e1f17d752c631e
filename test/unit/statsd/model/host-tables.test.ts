import { expect, test } from 'vitest';
import { hostTables } from '../../../../statsd/collectors/host-tables.ts';
import { hostTableMetrics } from '../../../../statsd/model/host-table-families.ts';
import { emptyHostReading, type HostReading } from '../../../../statsd/model/host-reading.ts';
import type { KernelFile } from '../../../../statsd/model/reading.ts';
import { contentOf } from '../../../support/fixture-file.ts';

/** Of Linux 6.18; the first CPU is offline. */
const SOFTNET =
  '00006005 00000002 00000010 00000000 00000000 00000000 00000000 00000000 00000000 0000000a 00000001 00000000 00000001 00000000 00000000\n';
/** Of a kernel with CONFIG_SCHEDSTATS, whose version 15 to 17 differ in the lines of domains only. */
const SCHEDSTAT =
  'version 17\ntimestamp 4295063276\ncpu0 0 0 0 0 0 0 30842651431 1500000000 51264\ndomain0 MC 3 7 7\ncpu1 0 0 0 0 0 0 1 2 3\n';
const ARP =
  'IP address       HW type     Flags       HW address            Mask     Device\n' +
  '192.0.2.1        0x1         0x2         02:fc:00:00:00:05     *        eth0\n' +
  '10.5.1.0         0x1         0x6         02:fc:00:00:00:06     *        flannel.1\n' +
  '10.5.2.0         0x1         0x6         02:fc:00:00:00:07     *        flannel.1\n';
const UDP =
  '   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n' +
  '  299: 00000000:2118 00000000:0000 07 00000000:00000A00 00:00000000 00000000     0        0 8313 2 0000000000000000 0\n' +
  '  300: 00000000:2119 00000000:0000 07 00000010:00000001 00:00000000 00000000     0        0 8314 2 0000000000000000 0\n';

function readingOf(files: Readonly<Record<string, string>>): HostReading {
  const file = (name: string): KernelFile => ({
    path: name,
    read: () => (files[name] === undefined ? undefined : contentOf(files[name], name)),
  });
  const reading = emptyHostReading();
  for (const collector of hostTables({ single: file, records: file })) collector.collect(reading);
  return reading;
}

const seriesOf = (reading: HostReading): string[] =>
  hostTableMetrics(reading).flatMap(({ name, values }) =>
    values.map(([labels, value]) => `${name}{${labels}} ${value}`),
  );

test('in node_exporter’s names', () => {
  const reading = readingOf({
    'net/softnet_stat': SOFTNET,
    schedstat: SCHEDSTAT,
    'sys/kernel/random/entropy_avail': '256\n',
    'sys/kernel/random/poolsize': '256\n',
    'net/arp': ARP,
    'net/udp': UDP,
  });
  expect(seriesOf(reading)).toEqual([
    'node_softnet_processed_total{cpu="1"} 24581',
    'node_softnet_dropped_total{cpu="1"} 2',
    'node_softnet_times_squeezed_total{cpu="1"} 16',
    'node_softnet_received_rps_total{cpu="1"} 10',
    'node_softnet_flow_limit_count_total{cpu="1"} 1',
    'node_schedstat_running_seconds_total{cpu="0"} 30.842651431',
    'node_schedstat_running_seconds_total{cpu="1"} 1e-9',
    'node_schedstat_waiting_seconds_total{cpu="0"} 1.5',
    'node_schedstat_waiting_seconds_total{cpu="1"} 2e-9',
    'node_schedstat_timeslices_total{cpu="0"} 51264',
    'node_schedstat_timeslices_total{cpu="1"} 3',
    'node_entropy_available_bits{} 256',
    'node_entropy_pool_size_bits{} 256',
    'node_arp_entries{device="eth0"} 1',
    'node_arp_entries{device="flannel.1"} 2',
    'node_udp_queues{queue="tx",ip="v4"} 16',
    'node_udp_queues{queue="rx",ip="v4"} 2561',
  ]);
});

test('a kernel before 5.14 does not tell the CPU: the number of the line has to do', () => {
  const line = '00000001 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000\n';
  const { softnet } = readingOf({ 'net/softnet_stat': line.repeat(2) });
  expect(softnet?.map(({ cpu }) => cpu)).toEqual([0, 1]);
});

test('what a kernel does not have is left out, and an empty table is no unknown one', () => {
  expect(seriesOf(readingOf({}))).toEqual([]);
  const { udpQueues, arp } = readingOf({ 'net/udp6': 'heading\n', 'net/arp': 'heading\n' });
  expect(udpQueues).toEqual({ v4: undefined, v6: { transmitBytes: 0, receiveBytes: 0 } });
  expect(arp).toEqual(new Map());
});

test('a line that is cut off or strange costs itself only', () => {
  const reading = readingOf({
    'net/softnet_stat': `rubbish\n\n${SOFTNET}`,
    schedstat: 'cpu0 1 2\ncpuX 0 0 0 0 0 0 1 1 1\ncpu2 0 0 0 0 0 0 1 x 1\n',
    'net/udp': `${UDP}  301: nonsense\n`,
  });
  expect(reading.softnet?.map(({ cpu }) => cpu)).toEqual([1]);
  expect(reading.schedstat).toEqual([{ cpu: 2, runningSeconds: 1e-9, waitingSeconds: Number.NaN, timeslices: 1 }]);
  expect(reading.udpQueues?.v4).toEqual({ transmitBytes: 16, receiveBytes: 2561 });
});
