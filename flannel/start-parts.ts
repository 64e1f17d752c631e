import type { Clock, RandomSource } from '../native/host/clock.ts';
import type { Logger } from '../native/host/log.ts';
import type { FlannelConfig } from './config.ts';

/** What main.ts hands in: settings, time, chance, log. */
export interface StartParts {
  readonly config: FlannelConfig;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
  readonly startedAtUnixMs: number;
}
