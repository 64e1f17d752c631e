import type { Clock } from '../native/host/clock.ts';
import type { Logger } from '../native/host/log.ts';
import type { ContainerEnd, ContainerEvents } from './container-events.ts';
import { findInitProcess } from './io/init-process.ts';
import { layerUsage } from './io/layer-size.ts';
import type { LiveContainer } from './io/live-container.ts';
import { surveyProcesses, type ProcessSurvey } from './io/process-survey.ts';

export interface SurveyKeeperParts {
  readonly procfs: string;
  readonly hostRoot: string;
  /** Look at every container's processes again and again, for /metrics. */
  readonly processes: boolean;
  /** And at the sizes of their writable layers. */
  readonly layers: boolean;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Of one core, for all containers' processes. */
const DUTY = 0.02;
const PROCESS_ROUND_MS = 15_000;
const LAYER_ROUND_MS = 5 * 60_000;
/** A new container's layer is looked at within so long. */
const LAYER_LOOK_MS = 10_000;

/**
 * What costs too much for a tick: a container's processes with their descriptors, and the size of its writable layer. Looked at
 * when somebody asks; for /metrics, where that is switched on, one container after the other within 2 % of a core.
 */
export class SurveyKeeper implements ContainerEvents {
  readonly #parts: SurveyKeeperParts;
  readonly #living = new Map<string, LiveContainer>();
  readonly #asked = new Map<string, Promise<ProcessSurvey>>();
  readonly #layerSeenMs = new WeakMap<LiveContainer, number>();

  constructor(parts: SurveyKeeperParts) {
    this.#parts = parts;
  }

  /** A container's processes as they are now; `undefined` for one that does not live. Many who ask at once share a look. */
  processesOf(key: string): Promise<ProcessSurvey> | undefined {
    const container = this.#living.get(key);
    if (container === undefined) return undefined;
    const asked = this.#asked.get(key) ?? this.#look(container).finally(() => this.#asked.delete(key));
    this.#asked.set(key, asked);
    return asked;
  }

  /** Keeps what /metrics shows, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { processes, layers } = this.#parts;
    await Promise.all([
      processes ? this.#repeat(PROCESS_ROUND_MS, signal, (container) => this.#lookForMetrics(container, signal)) : [],
      layers ? this.#repeat(LAYER_LOOK_MS, signal, (container) => this.#lookAtLayer(container, signal)) : [],
    ]);
  }

  born(container: LiveContainer): void {
    this.#living.set(container.key, container);
  }

  ended({ container }: ContainerEnd): void {
    this.withdrawn(container);
  }

  withdrawn({ key }: LiveContainer): void {
    this.#living.delete(key);
  }

  renamed(): void {
    // Names are not looked at here.
  }

  exitKnown(): void {
    // What ended has no processes.
  }

  async #repeat(
    roundMs: number,
    signal: AbortSignal,
    look: (container: LiveContainer) => Promise<void>,
  ): Promise<never> {
    const { clock, log } = this.#parts;
    for (;;) {
      const startMs = clock.monotonicMs();
      for (const container of [...this.#living.values()]) {
        if (this.#living.get(container.key) !== container) continue;
        try {
          await look(container);
        } catch (err) {
          signal.throwIfAborted();
          log.warn({ err, key: container.key }, 'cannot look into container');
        }
      }
      await clock.sleep(Math.max(1000, roundMs - (clock.monotonicMs() - startMs)), signal);
    }
  }

  #look({ directory, cgroupPath }: LiveContainer): Promise<ProcessSurvey> {
    const { procfs, clock } = this.#parts;
    return surveyProcesses({ procfs, directory, cgroupPath }, clock);
  }

  async #lookForMetrics(container: LiveContainer, signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    const startMs = clock.monotonicMs();
    const { counts } = await this.#look(container);
    container.details.processes = counts;
    await clock.sleep((clock.monotonicMs() - startMs) / DUTY, signal);
  }

  async #lookAtLayer(container: LiveContainer, signal: AbortSignal): Promise<void> {
    const { clock, procfs, hostRoot } = this.#parts;
    const seenMs = this.#layerSeenMs.get(container) ?? -Infinity;
    if (clock.monotonicMs() - seenMs < LAYER_ROUND_MS) return;
    const { directory, cgroupPath } = container;
    const init = await findInitProcess({ procfs, directory, cgroupPath, environment: false });
    // Of one that is just being made the next look tells.
    if (init === undefined) return;
    this.#layerSeenMs.set(container, clock.monotonicMs());
    container.details.layer = await layerUsage({ procfs, hostRoot, pid: init.pid }, clock, signal);
  }
}
