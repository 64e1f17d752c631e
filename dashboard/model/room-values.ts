import { columnMajor, containerBlock, hostBlock, type RowOrder } from './cluster-view.ts';
import type { ClusterHost } from './cluster.ts';
import type { Received } from './host-feed.ts';

/** Rows of one host that stand one after the other. */
interface Span {
  readonly first: number;
  /** One behind the last row. */
  readonly end: number;
}

/** Blocks of columns, one row for each container and host. */
export interface Blocks {
  readonly containers: Float32Array;
  readonly hosts: Float32Array;
}

function spansOf({ hosts, containers }: RowOrder): ReadonlyMap<ClusterHost, readonly Span[]> {
  const spans = new Map<ClusterHost, Span[]>(hosts.map((host) => [host, []]));
  let first = 0;
  for (const [row, { host }] of containers.entries()) {
    if (containers[row + 1]?.host === host) continue;
    spans.set(host, [...(spans.get(host) ?? []), { first, end: row + 1 }]);
    first = row + 1;
  }
  return spans;
}

/**
 * The values of a room's rows as its browsers were last told them, brought up to now host by host: what a host did not tell anew is not read again.
 * Values change by frames alone, so that a host's last frame tells whether there is anything to read.
 */
export class RoomValues {
  readonly #order: RowOrder;
  readonly #spans: ReadonlyMap<ClusterHost, readonly Span[]>;
  readonly #told = new Map<ClusterHost, Received | undefined>();
  #blocks: Blocks;

  constructor(order: RowOrder) {
    this.#order = order;
    this.#spans = spansOf(order);
    this.#blocks = { containers: containerBlock(order), hosts: hostBlock(order) };
    for (const host of this.#spans.keys()) this.#told.set(host, host.feed.lastReceived);
  }

  get blocks(): Blocks {
    return this.#blocks;
  }

  /** Whether a host of the room sent a frame since the last {@link take}. */
  get hasNews(): boolean {
    for (const [host, told] of this.#told) if (host.feed.lastReceived !== told) return true;
    return false;
  }

  /** Brings the blocks up to now. Those of before stay as they were. */
  take(): Blocks {
    const containers = this.#blocks.containers.slice();
    for (const [host, told] of this.#told) {
      if (host.feed.lastReceived === told) continue;
      this.#told.set(host, host.feed.lastReceived);
      for (const span of this.#spans.get(host) ?? []) this.#read(containers, span);
    }
    this.#blocks = { containers, hosts: hostBlock(this.#order) };
    return this.#blocks;
  }

  #read(target: Float32Array, { first, end }: Span): void {
    const rows = this.#order.containers.length;
    const fresh = columnMajor(this.#order.containers.slice(first, end).map(({ row }) => row.values));
    const columns = fresh.length / (end - first);
    for (let column = 0; column < columns; column += 1)
      target.set(fresh.subarray(column * (end - first), (column + 1) * (end - first)), column * rows + first);
  }
}
