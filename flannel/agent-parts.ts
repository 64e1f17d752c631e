import type { Clock, RandomSource } from '../native/host/clock.ts';
import type { Logger } from '../native/host/log.ts';
import type { StateInput } from './backends/state-input.ts';
import type { OverlayKernel } from './io/kernel.ts';
import type { LeaseStore } from './io/lease-store.ts';
import type { LeaseFeed } from './lease-feed.ts';
import type { Self } from './model/allocate.ts';
import type { NetworkConfig } from './model/network-config.ts';
import type { RuntimeNoticeParts } from './runtime-notice.ts';
import type { FlannelStatus } from './status.ts';
import type { UnderlayFollower } from './underlay-follower.ts';

export interface AgentOptions extends Pick<RuntimeNoticeParts, 'subnetFile' | 'mtuRule' | 'ipMasq'> {
  readonly resyncMs: number;
  /** How long a mass removal waits for the second list. */
  readonly confirmAfterMs: number;
  readonly nexthopObjects: boolean;
  readonly blackhole: 'on' | 'off';
}

export interface AgentParts extends Pick<StateInput, 'subnets' | 'macs' | 'wireguardKey'> {
  readonly kernel: OverlayKernel;
  readonly feed: LeaseFeed;
  readonly store: LeaseStore;
  readonly network: NetworkConfig;
  readonly self: Self;
  readonly underlay: UnderlayFollower;
  readonly options: AgentOptions;
  readonly status: FlannelStatus;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
}
