import type { Logger } from '../native/host/log.ts';
import { heldRemovals, isPeerRemoval } from './model/removal-guard.ts';
import type { PeerView } from './peer-view.ts';
import type { Section, Survey } from './reconciler.ts';
import { SecondList, type SecondListParts } from './second-list.ts';
import type { FlannelStatus } from './status.ts';

export interface RemovalHoldParts extends SecondListParts {
  readonly views: readonly PeerView[];
  readonly status: FlannelStatus;
  readonly log: Logger;
}

/** Holds removals of many peers back until a second list says the same. */
export class RemovalHold {
  readonly #parts: RemovalHoldParts;
  readonly #secondList: SecondList;
  #massLoss = false;

  constructor(parts: RemovalHoldParts) {
    this.#parts = parts;
    this.#secondList = new SecondList(parts);
  }

  /** Leases were lost in a mass, and nothing has been decided about them. */
  get massLoss(): boolean {
    return this.#massLoss;
  }

  /** Leases were lost in a mass: what is missing may only not have been written yet. */
  doubt(): void {
    this.#massLoss = true;
  }

  /** Of what a pass found, that which may be done now. */
  allowed({ sections }: Survey, signal: AbortSignal): readonly Section[] {
    const { views, status, log, confirmAfterMs } = this.#parts;
    const held = heldRemovals({
      steps: sections.flatMap(({ steps }) => steps),
      networksBefore: sections.reduce((sum, section) => sum + section.networksBefore, 0),
      deleted: new Set(views.flatMap((view) => [...view.deleted])),
      massLoss: this.#massLoss,
      asking: this.#secondList.asking,
      confirmed: this.#secondList.confirmed,
    });
    if (held === 0) {
      this.#massLoss = false;
      this.#secondList.reset();
      for (const view of views) view.forgetDeletions();
      return sections;
    }
    if (this.#secondList.ask(signal)) {
      status.counters.heldRemovals += held;
      log.warn({ held, confirmAfterMs }, 'peers left etcd in a mass; kept until a second list');
    }
    return sections.map((section) => ({ ...section, steps: section.steps.filter((step) => !isPeerRemoval(step)) }));
  }
}
