import type { OwnMetric } from './exposition.ts';
import { hostMetric } from './host-metric.ts';
import type { HostClock } from './host-reading.ts';

const CLOCK: readonly (readonly [name: string, type: OwnMetric['type'], field: keyof HostClock])[] = [
  ['sync_status', 'gauge', 'synchronised'],
  ['offset_seconds', 'gauge', 'offsetSeconds'],
  ['frequency_adjustment_ratio', 'gauge', 'frequencyRatio'],
  ['maxerror_seconds', 'gauge', 'maxErrorSeconds'],
  ['estimated_error_seconds', 'gauge', 'estimatedErrorSeconds'],
  ['status', 'gauge', 'status'],
  ['loop_time_constant', 'gauge', 'loopTimeConstant'],
  ['tick_seconds', 'gauge', 'tickSeconds'],
  ['pps_frequency_hertz', 'gauge', 'ppsFrequencyHertz'],
  ['pps_jitter_seconds', 'gauge', 'ppsJitterSeconds'],
  ['pps_shift_seconds', 'gauge', 'ppsShiftSeconds'],
  ['pps_stability_hertz', 'gauge', 'ppsStabilityHertz'],
  ['pps_jitter_total', 'counter', 'ppsJitterExceeded'],
  ['pps_calibration_total', 'counter', 'ppsCalibrations'],
  ['pps_error_total', 'counter', 'ppsErrors'],
  ['pps_stability_exceeded_total', 'counter', 'ppsStabilityExceeded'],
  ['tai_offset_seconds', 'gauge', 'taiOffsetSeconds'],
];

/** How the host's clock is kept, in node_exporter's names. */
export const clockMetrics = (clock: HostClock | undefined): OwnMetric[] =>
  clock === undefined
    ? []
    : CLOCK.map(([name, type, field]) => hostMetric(`timex_${name}`, type, [['', Number(clock[field])]]));
