import type { Clock } from '../../../native/host/clock.ts';
import { isWithin, nextChange, type TimeInterval } from '../../model/notify/time-interval.ts';
import { intervalText, writtenTime } from '../../model/notify/time-text.ts';
import type { Documents } from '../documents.ts';
import { timeIntervalSchema } from './notify-file.ts';

/** Named times, from the file and from the API; those of the API mute every route. */
export class MuteWindows {
  readonly #fixed: readonly TimeInterval[];
  readonly #documents: Documents;
  readonly #clock: Clock;

  constructor(fixed: readonly TimeInterval[], documents: Documents, clock: Clock) {
    this.#fixed = fixed;
    this.#documents = documents;
    this.#clock = clock;
  }

  get intervals(): readonly TimeInterval[] {
    return [...this.#fixed, ...this.made];
  }

  /** Names of the windows that the API made. */
  get names(): readonly string[] {
    return this.made.map(({ name }) => name);
  }

  /** All of them as a file writes them, what that says, and whether it holds now. */
  get views(): readonly object[] {
    const nowUnixMs = this.#clock.nowMs();
    const viewOf = (origin: 'file' | 'api', interval: TimeInterval): object => {
      const change = nextChange(interval, nowUnixMs);
      return {
        origin,
        name: interval.name,
        timeIntervals: interval.parts.map(writtenTime),
        text: intervalText(interval),
        active: isWithin(interval, nowUnixMs),
        changesAt: change === undefined ? null : new Date(change).toISOString(),
      };
    };
    return [
      ...this.#fixed.map((interval) => viewOf('file', interval)),
      ...this.made.map((interval) => viewOf('api', interval)),
    ];
  }

  /** Makes or replaces a window. @throws {z.ZodError | StoreError} */
  put(value: unknown): TimeInterval {
    const interval = timeIntervalSchema.parse(value);
    this.#documents.put({ kind: 'mute', id: interval.name, updatedAtUnixMs: this.#clock.nowMs(), value });
    return interval;
  }

  /** @returns whether there was such a window. */
  remove(name: string): boolean {
    const known = this.#documents.get('mute', name) !== undefined;
    this.#documents.remove('mute', name);
    return known;
  }

  /** The windows that the API made. */
  get made(): readonly TimeInterval[] {
    return this.#documents.all('mute').flatMap(({ value }) => {
      const interval = timeIntervalSchema.safeParse(value);
      return interval.success ? [interval.data] : [];
    });
  }
}
