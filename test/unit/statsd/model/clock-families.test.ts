import { expect, test } from 'vitest';
import type { ClockState } from '../../../../native/host/clock-state.ts';
import { hostClockOf } from '../../../../statsd/io/host-clock.ts';
import { clockMetrics } from '../../../../statsd/model/clock-families.ts';

/** As a host with chrony has it; the offset is in nanoseconds, for the status has STA_NANO. */
const SYNCHRONISED: ClockState = {
  state: 0,
  offset: -1500,
  freq: -1_310_720,
  maxerror: 500_000,
  esterror: 12,
  status: 0x2001,
  constant: 7,
  tick: 10_000,
  ppsfreq: 65_536,
  jitter: 2000,
  shift: 4,
  stabil: 131_072,
  jitcnt: 1,
  calcnt: 2,
  errcnt: 3,
  stbcnt: 4,
  tai: 37,
};

const valuesOf = (clock: ClockState | undefined): Record<string, number> =>
  Object.fromEntries(clockMetrics(clock && hostClockOf(clock)).map(({ name, values }) => [name, values[0]![1]]));

test('seconds, ratios and hertz in node_exporter’s names', () => {
  expect(valuesOf(SYNCHRONISED)).toEqual({
    node_timex_sync_status: 1,
    node_timex_offset_seconds: -1.5e-6,
    node_timex_frequency_adjustment_ratio: 1 - 20e-6,
    node_timex_maxerror_seconds: 0.5,
    node_timex_estimated_error_seconds: 12e-6,
    node_timex_status: 0x2001,
    node_timex_loop_time_constant: 7,
    node_timex_tick_seconds: 0.01,
    node_timex_pps_frequency_hertz: 1e-6,
    node_timex_pps_jitter_seconds: 2e-6,
    node_timex_pps_shift_seconds: 4,
    node_timex_pps_stability_hertz: 2e-6,
    node_timex_pps_jitter_total: 1,
    node_timex_pps_calibration_total: 2,
    node_timex_pps_error_total: 3,
    node_timex_pps_stability_exceeded_total: 4,
    node_timex_tai_offset_seconds: 37,
  });
});

test('a clock that nobody sets says so, and tells its offset in microseconds', () => {
  expect(valuesOf({ ...SYNCHRONISED, state: 5, status: 0x40 })).toMatchObject({
    node_timex_sync_status: 0,
    node_timex_offset_seconds: -1.5e-3,
    node_timex_pps_jitter_seconds: 2e-3,
  });
});

test('nothing where it cannot be read', () => {
  expect(clockMetrics(undefined)).toEqual([]);
});
