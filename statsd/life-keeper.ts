import type { Clock } from '../native/host/clock.ts';
import type { ContainerEnd, ContainerEvents } from './container-events.ts';
import type { LiveContainer } from './io/live-container.ts';
import type { ExitFacts } from './model/exited.ts';
import { lifeMetrics } from './model/life-families.ts';
import { LifeLedger, type LifeExit } from './model/life-ledger.ts';
import type { WrittenMetric } from './model/exposition.ts';
import { FIELD } from './model/reading.ts';

const exitOf = ({ exitCode, oomKilled }: ExitFacts): LifeExit => ({
  ...(exitCode === undefined ? {} : { exitCode }),
  ...(oomKilled === undefined ? {} : { oomKilled }),
});

/** Tells the ledger of lives what happens to containers, and `/metrics` what it counted. */
export class LifeKeeper implements ContainerEvents {
  readonly #ledger = new LifeLedger();
  readonly #clock: Pick<Clock, 'monotonicMs'>;

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
  }

  metrics(): WrittenMetric[] {
    return lifeMetrics(this.#ledger.counts(this.#clock.monotonicMs()));
  }

  born(container: LiveContainer): void {
    const { key, runtime, sample, identity } = container;
    const { name, image, tags, health, restartCount } = identity;
    const { compose_project: composeProject, compose_service: composeService } = tags;
    this.#ledger.seen({
      key,
      names: { name, runtime, image, composeProject, composeService },
      health,
      restartCount,
      oomKills: () => sample[FIELD.oomKills] ?? Number.NaN,
    });
  }

  renamed(container: LiveContainer): void {
    this.born(container);
  }

  ended({ container, exit }: ContainerEnd): void {
    this.#ledger.ended(container.key, exitOf(exit), this.#clock.monotonicMs());
  }

  exitKnown(key: string, exit: ExitFacts): void {
    this.#ledger.exitKnown(key, exitOf(exit));
  }

  withdrawn({ key }: LiveContainer): void {
    this.#ledger.withdrawn(key);
  }
}
