import type { ClockState } from '../../native/host/clock-state.ts';
import type { HostClock } from '../model/host-reading.ts';

/** Of `status`: the kernel tells offset and jitter in nanoseconds, not microseconds. */
const STA_NANO = 0x2000;
/** Of `state`: not synchronised. */
const TIME_ERROR = 5;
const MICROS = 1e6;
const NANOS = 1e9;
/** Parts per million with 16 bits of fraction. */
const SCALED_PPM = 1e6 * 2 ** 16;

/** What adjtimex(2) gives, in seconds, hertz and ratios. */
export function hostClockOf(state: ClockState): HostClock {
  const fine = (state.status & STA_NANO) === 0 ? MICROS : NANOS;
  return {
    synchronised: state.state !== TIME_ERROR,
    offsetSeconds: state.offset / fine,
    frequencyRatio: 1 + state.freq / SCALED_PPM,
    maxErrorSeconds: state.maxerror / MICROS,
    estimatedErrorSeconds: state.esterror / MICROS,
    status: state.status,
    loopTimeConstant: state.constant,
    tickSeconds: state.tick / MICROS,
    ppsFrequencyHertz: state.ppsfreq / SCALED_PPM,
    ppsJitterSeconds: state.jitter / fine,
    ppsShiftSeconds: state.shift,
    ppsStabilityHertz: state.stabil / SCALED_PPM,
    ppsJitterExceeded: state.jitcnt,
    ppsCalibrations: state.calcnt,
    ppsErrors: state.errcnt,
    ppsStabilityExceeded: state.stbcnt,
    taiOffsetSeconds: state.tai,
  };
}
