import { escapeLabelValue, type OwnMetric } from './exposition.ts';
import { hostMetric } from './host-metric.ts';
import type { CpuQueue, CpuRunQueue, HostReading } from './host-reading.ts';

type Values = OwnMetric['values'];

const SOFTNET: readonly (readonly [name: string, value: (queue: CpuQueue) => number])[] = [
  ['processed', ({ processed }) => processed],
  ['dropped', ({ dropped }) => dropped],
  ['times_squeezed', ({ timesSqueezed }) => timesSqueezed],
  ['received_rps', ({ receivedRps }) => receivedRps],
  ['flow_limit_count', ({ flowLimits }) => flowLimits],
];

const SCHEDSTAT: readonly (readonly [name: string, value: (queue: CpuRunQueue) => number])[] = [
  ['running_seconds', ({ runningSeconds }) => runningSeconds],
  ['waiting_seconds', ({ waitingSeconds }) => waitingSeconds],
  ['timeslices', ({ timeslices }) => timeslices],
];

function perCpu<Row extends { readonly cpu: number }>(
  prefix: string,
  rows: readonly Row[] | undefined,
  columns: readonly (readonly [name: string, value: (row: Row) => number])[],
): OwnMetric[] {
  if (rows === undefined) return [];
  return columns.map(([name, value]) =>
    hostMetric(
      `${prefix}_${name}_total`,
      'counter',
      rows.map((row): Values[number] => [`cpu="${row.cpu}"`, value(row)]),
    ),
  );
}

function udpValues(queues: HostReading['udpQueues']): Values {
  const families = [
    ['v4', queues?.v4],
    ['v6', queues?.v6],
  ] as const;
  return families.flatMap(([ip, each]): Values =>
    each === undefined
      ? []
      : [
          [`queue="tx",ip="${ip}"`, each.transmitBytes],
          [`queue="rx",ip="${ip}"`, each.receiveBytes],
        ],
  );
}

/** Of `HostReading`, what host-tables.ts reads, in node_exporter's names. */
export function hostTableMetrics({ softnet, schedstat, entropy, arp, udpQueues }: HostReading): OwnMetric[] {
  const one = (value: number | undefined): Values => (value === undefined ? [] : [['', value]]);
  return [
    ...perCpu('softnet', softnet, SOFTNET),
    ...perCpu('schedstat', schedstat, SCHEDSTAT),
    hostMetric('entropy_available_bits', 'gauge', one(entropy?.availableBits)),
    hostMetric('entropy_pool_size_bits', 'gauge', one(entropy?.poolBits)),
    hostMetric(
      'arp_entries',
      'gauge',
      [...(arp ?? [])].map(([device, entries]) => [`device="${escapeLabelValue(device)}"`, entries]),
    ),
    hostMetric('udp_queues', 'gauge', udpValues(udpQueues)),
  ];
}
