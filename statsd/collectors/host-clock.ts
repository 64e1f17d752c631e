import type { ClockState } from '../../native/host/clock-state.ts';
import type { HostCollector } from './host-section.ts';

/** adjtimex(2), which changes nothing; none where the addon is missing. */
export function clockSection(read: (() => ClockState) | undefined): readonly HostCollector[] {
  if (read === undefined) return [];
  return [
    {
      name: 'host_clock',
      pace: 'slow',
      files: [],
      collect: (reading) => (reading.clock = read()),
      clear: (reading) => (reading.clock = undefined),
    },
  ];
}
