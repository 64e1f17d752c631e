import type { OwnMetric } from './exposition.ts';
import { hostMetric } from './host-metric.ts';
import type { HostReading } from './host-reading.ts';

type Clock = NonNullable<HostReading['clock']>;

/** Of `status`: the kernel tells offset and jitter in nanoseconds, not microseconds. */
const STA_NANO = 0x2000;
/** Of `state`: not synchronised. */
const TIME_ERROR = 5;
const MICROS = 1e6;
const NANOS = 1e9;
/** Parts per million with 16 bits of fraction. */
const SCALED_PPM = 1e6 * 2 ** 16;

const fineUnit = ({ status }: Clock): number => ((status & STA_NANO) === 0 ? MICROS : NANOS);

const CLOCK: readonly (readonly [name: string, type: OwnMetric['type'], value: (clock: Clock) => number])[] = [
  ['sync_status', 'gauge', ({ state }) => Number(state !== TIME_ERROR)],
  ['offset_seconds', 'gauge', (clock) => clock.offset / fineUnit(clock)],
  ['frequency_adjustment_ratio', 'gauge', ({ freq }) => 1 + freq / SCALED_PPM],
  ['maxerror_seconds', 'gauge', ({ maxerror }) => maxerror / MICROS],
  ['estimated_error_seconds', 'gauge', ({ esterror }) => esterror / MICROS],
  ['status', 'gauge', ({ status }) => status],
  ['loop_time_constant', 'gauge', ({ constant }) => constant],
  ['tick_seconds', 'gauge', ({ tick }) => tick / MICROS],
  ['pps_frequency_hertz', 'gauge', ({ ppsfreq }) => ppsfreq / SCALED_PPM],
  ['pps_jitter_seconds', 'gauge', (clock) => clock.jitter / fineUnit(clock)],
  ['pps_shift_seconds', 'gauge', ({ shift }) => shift],
  ['pps_stability_hertz', 'gauge', ({ stabil }) => stabil / SCALED_PPM],
  ['pps_jitter_total', 'counter', ({ jitcnt }) => jitcnt],
  ['pps_calibration_total', 'counter', ({ calcnt }) => calcnt],
  ['pps_error_total', 'counter', ({ errcnt }) => errcnt],
  ['pps_stability_exceeded_total', 'counter', ({ stbcnt }) => stbcnt],
  ['tai_offset_seconds', 'gauge', ({ tai }) => tai],
];

/** How the host's clock is kept, in node_exporter's names. Source: adjtimex(2). */
export const clockMetrics = (clock: HostReading['clock']): OwnMetric[] =>
  clock === undefined
    ? []
    : CLOCK.map(([name, type, value]) => hostMetric(`timex_${name}`, type, [['', value(clock)]]));
