import type { FrameMessage, HistoryMessage, InventoryMessage, ServerView } from '../wire.ts';
import type { Cluster } from './cluster.ts';
import { frameMessage, historyMessage, inventoryMessage, rowOrder, type RowOrder } from './cluster-view.ts';

/**
 * What browsers are sent of the cluster, with the order of rows that all messages of one inventory version share. Invariant: a
 * frame or history names the version of the last inventory that {@link LiveView.inventory} gave.
 */
export class LiveView {
  readonly #cluster: Cluster;
  readonly #facts: Omit<ServerView, 'etcd'>;
  #etcd: ServerView['etcd'];
  #order: RowOrder = { hosts: [], containers: [] };
  #revision = -1;
  #version: number;
  #changed = true;
  #seq = 0;

  /** `firstVersion` must not have been used by an earlier process: browsers would read frames with other rows. */
  constructor(
    cluster: Cluster,
    facts: Omit<ServerView, 'etcd'>,
    first: { readonly version: number; readonly etcd: ServerView['etcd'] },
  ) {
    this.#cluster = cluster;
    this.#facts = facts;
    this.#version = first.version;
    this.#etcd = first.etcd;
  }

  get etcd(): ServerView['etcd'] {
    return this.#etcd;
  }

  get server(): ServerView {
    return { ...this.#facts, etcd: this.#etcd };
  }

  setEtcd(state: ServerView['etcd']): void {
    if (this.#etcd === state) return;
    this.#etcd = state;
    this.#changed = true;
  }

  /** The rows as they are now; once a second for the frames, and whenever the API asks. */
  order(): RowOrder {
    return this.#revision === this.#cluster.revision ? this.#order : rowOrder(this.#cluster);
  }

  /** Takes over what changed since the last call. @returns whether browsers need a new inventory. */
  refresh(): boolean {
    const changed = this.#changed || this.#revision !== this.#cluster.revision;
    if (!changed) return false;
    this.#order = rowOrder(this.#cluster);
    this.#revision = this.#cluster.revision;
    this.#changed = false;
    this.#version += 1;
    return true;
  }

  inventory(nowUnixMs: number): InventoryMessage {
    return inventoryMessage(this.#order, { inventoryVersion: this.#version, nowUnixMs, server: this.server });
  }

  history(nowUnixMs: number): HistoryMessage {
    return historyMessage(this.#order, { inventoryVersion: this.#version, nowUnixMs });
  }

  frame(nowUnixMs: number): FrameMessage {
    this.#seq += 1;
    return frameMessage(this.#order, { seq: this.#seq, inventoryVersion: this.#version, nowUnixMs });
  }
}
