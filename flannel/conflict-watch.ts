import type { Clock, RandomSource } from '../native/host/clock.ts';
import { NetlinkError } from '../native/netlink/errors.ts';
import type { OverlayKernel } from './io/kernel.ts';
import type { StrangerNotice } from './io/stranger-notice.ts';
import { findConflicts, type OverlayPlace } from './model/conflicts.ts';
import type { FlannelStatus } from './status.ts';

export interface ConflictWatchParts {
  readonly kernel: OverlayKernel;
  /** Where the overlay is now. */
  readonly place: () => OverlayPlace;
  readonly strangers: StrangerNotice;
  readonly status: FlannelStatus;
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly random: RandomSource;
}

/** Without any news from the kernel every tenth look is taken all the same. */
const LOOK_ANYWAY = 10;

/** Looks now and then, where something changed, for what stands in the overlay's way, and tells it. @throws the signal's reason. */
export async function watchConflicts(parts: ConflictWatchParts, signal: AbortSignal): Promise<never> {
  const { kernel, place, strangers, status, intervalMs, clock, random } = parts;
  const look = async (): Promise<void> => {
    const where = place();
    const families = (['ipv4', 'ipv6'] as const).filter((family) =>
      where.networks.some(({ address }) => (typeof address === 'bigint') === (family === 'ipv6')),
    );
    status.conflicts('host', findConflicts(await kernel.readConflicts(families, signal), where));
  };
  for (let round = 0; ; round += 1) {
    try {
      if (strangers.take() || round % LOOK_ANYWAY === 0) await look();
    } catch (error) {
      signal.throwIfAborted();
      // The next look may be luckier; the loop tells what the kernel refuses.
      if (!(error instanceof NetlinkError)) throw error;
      strangers.change();
    }
    await clock.sleep(intervalMs * (0.9 + 0.2 * random()), signal);
  }
}
