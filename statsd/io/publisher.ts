import type { FrameRing, KeptFrame } from '../model/frame-ring.ts';
import type { LinkCount } from '../model/own-metrics.ts';
import type { Table } from '../model/table.ts';
import type { ContainerExit, Inventory } from '../wire.ts';
import { DashboardLink, type DashboardLinkParts } from './dashboard-link.ts';

export interface PublisherParts extends Omit<DashboardLinkParts, 'url' | 'current'> {
  readonly urls: readonly string[];
  readonly ring: FrameRing;
}

/** Sends everything to every dashboard; one that is away loses at most what falls out of the ring. */
export class Publisher {
  readonly #ring: FrameRing;
  readonly #links: readonly DashboardLink[];
  #current: { readonly inventory: Inventory; readonly table: Table } | undefined;

  constructor(parts: PublisherParts) {
    this.#ring = parts.ring;
    this.#links = parts.urls.map((url) => new DashboardLink({ ...parts, url, current: () => this.#current }));
  }

  get counts(): readonly LinkCount[] {
    return this.#links.map((link) => link.count);
  }

  /** Whether anybody wants frames. */
  get hasDashboards(): boolean {
    return this.#links.length > 0;
  }

  /** Holds the connections until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#links.map((link) => link.run(signal)));
  }

  inventory(inventory: Inventory, table: Table): void {
    this.#current = { inventory, table };
    for (const link of this.#links) link.inventory(inventory);
  }

  frame(kept: KeptFrame): void {
    this.#ring.push(kept);
    for (const link of this.#links) link.frame(kept);
  }

  exit(exit: ContainerExit): void {
    for (const link of this.#links) link.exit(exit);
  }
}
