import type { HostClock } from '../model/host-reading.ts';
import type { HostCollector } from '../model/host-section.ts';

/** adjtimex(2), which changes nothing; none where the addon is missing. */
export function clockSection(read: (() => HostClock) | undefined): readonly HostCollector[] {
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
