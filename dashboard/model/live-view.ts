import type { ServerView, Suggest, SuggestionsMessage } from '../wire.ts';
import type { Cluster } from './cluster.ts';
import { rowOrder, type RowOrder } from './cluster-view.ts';
import { suggestAt } from './filter-suggest.ts';
import { RoomView } from './room-view.ts';
import { rowsInScope, type Scope } from './scope.ts';
import { indexValues, type ValueIndex } from './value-index.ts';
import { subjectOf, type Selection } from './view-selection.ts';

/** The rows of the cluster in their order, and what is said of the server; the rooms of browsers are cut out of it. */
export class LiveView {
  readonly #cluster: Cluster;
  readonly #facts: Omit<ServerView, 'etcd'>;
  #etcd: ServerView['etcd'];
  #order: RowOrder = { hosts: [], containers: [] };
  #revision = -1;
  #version: number;
  #generation = 0;
  #changed = true;
  #values: { readonly generation: number; readonly index: ValueIndex } | undefined;

  /** `first.version` must not have been used by an earlier process: browsers would read frames with other rows. */
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

  /** Takes over what changed since the last call. */
  refresh(): void {
    if (!this.#changed && this.#revision === this.#cluster.revision) return;
    this.#order = rowOrder(this.#cluster);
    this.#revision = this.#cluster.revision;
    this.#changed = false;
    this.#generation += 1;
  }

  /** A view of its own on some of the rows. */
  open(selection: Selection, scope?: Scope): RoomView {
    const room = new RoomView(selection, scope, () => (this.#version += 1));
    room.refresh(this.#order, this.#generation);
    return room;
  }

  /** What could be typed in a filter, by the containers of now. */
  suggest(request: Suggest, scope: Scope | undefined): SuggestionsMessage {
    if (scope !== undefined)
      return suggestAt(request, indexValues(rowsInScope(this.#order, scope).containers.map(subjectOf)));
    if (this.#values?.generation !== this.#generation)
      this.#values = { generation: this.#generation, index: indexValues(this.#order.containers.map(subjectOf)) };
    return suggestAt(request, this.#values.index);
  }

  /** Brings a room up to the last {@link refresh}. @returns whether its browsers need a new inventory. */
  refreshRoom(room: RoomView): boolean {
    return room.refresh(this.#order, this.#generation);
  }
}
