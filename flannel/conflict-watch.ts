import type { Clock, RandomSource } from '../native/host/clock.ts';
import { NetlinkError } from '../native/netlink/errors.ts';
import type { OverlayKernel } from './io/kernel.ts';
import { findConflicts, type OverlayPlace } from './model/conflicts.ts';
import type { FlannelStatus } from './status.ts';

export interface ConflictWatchParts {
  readonly kernel: OverlayKernel;
  /** Where the overlay is now. */
  readonly place: () => OverlayPlace;
  readonly status: FlannelStatus;
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly random: RandomSource;
}

/** Looks now and then for what stands in the overlay's way, and tells it. @throws the signal's reason. */
export async function watchConflicts(parts: ConflictWatchParts, signal: AbortSignal): Promise<never> {
  const { kernel, place, status, intervalMs, clock, random } = parts;
  for (;;) {
    try {
      const where = place();
      const families = (['ipv4', 'ipv6'] as const).filter((family) =>
        where.networks.some(({ address }) => (typeof address === 'bigint') === (family === 'ipv6')),
      );
      status.conflicts(findConflicts(await kernel.readConflicts(families, signal), where));
    } catch (error) {
      signal.throwIfAborted();
      // The next look may be luckier; the loop tells what the kernel refuses.
      if (!(error instanceof NetlinkError)) throw error;
    }
    await clock.sleep(intervalMs * (0.9 + 0.2 * random()), signal);
  }
}
