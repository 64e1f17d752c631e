import type { NetworkNamespace } from '../model/network.ts';
import { FIELD } from '../model/reading.ts';
import type { InterfaceCounters, NetworkReading } from '../model/details.ts';
import { firstPid } from './first-process.ts';
import type { LiveContainer } from './live-container.ts';
import { netnsInodeOf, type NetworkTable } from './network-table.ts';

export interface ContainerNetworksParts {
  readonly table: NetworkTable;
  readonly procfs: string;
}

/** runc makes a container's first process in the host's namespace: before this age, "host" may be a passing truth. */
const SURE_AGE_TICKS = 2;

const UNKNOWN: NetworkReading = { kind: 'unknown' };
const HOST: NetworkReading = { kind: 'host' };

const SUMS = (
  [
    ['networkReceiveBytes', 'receiveBytes'],
    ['networkReceivePackets', 'receivePackets'],
    ['networkReceiveErrors', 'receiveErrors'],
    ['networkReceiveDropped', 'receiveDropped'],
    ['networkTransmitBytes', 'transmitBytes'],
    ['networkTransmitPackets', 'transmitPackets'],
    ['networkTransmitErrors', 'transmitErrors'],
    ['networkTransmitDropped', 'transmitDropped'],
  ] as const
).map(([field, counter]) => ({ at: FIELD[field], counter }));

/** Which container is in which network namespace; each shows that namespace's counters. */
export class ContainerNetworks {
  readonly #parts: ContainerNetworksParts;
  readonly #hostInodes: ReadonlySet<number | undefined>;
  readonly #places = new Map<LiveContainer, NetworkNamespace | 'host'>();
  /** The process of which it was learnt, and what it said. */
  readonly #asked = new Map<LiveContainer, { readonly pid: number; readonly inode: number }>();

  constructor(parts: ContainerNetworksParts) {
    this.#parts = parts;
    const { procfs } = parts;
    this.#hostInodes = new Set([netnsInodeOf(procfs, 'self'), netnsInodeOf(procfs, 1)]);
  }

  /**
   * Looks in which namespace a container's processes are. Costs a link while the process that was asked before lives and is where
   * it was, else two small files more; the answer seldom changes.
   */
  look(container: LiveContainer): void {
    const { procfs, table } = this.#parts;
    const place = this.#places.get(container);
    if (this.#isWhereItWas(container, place)) return;
    const pid = firstPid(container.directory, procfs);
    const inode = pid === undefined ? undefined : netnsInodeOf(procfs, pid);
    // A process that ended between two reads, or one that may not be looked at, changes nothing.
    if (pid === undefined || inode === undefined) return;
    if (this.#hostInodes.has(inode)) {
      if (place !== 'host') this.leave(container);
      this.#places.set(container, 'host');
    } else if (place !== undefined && place !== 'host' && place.inode === inode) {
      place.pid = pid;
    } else {
      this.leave(container);
      this.#places.set(container, table.join(inode, pid));
    }
    this.#asked.set(container, { pid, inode });
  }

  #isWhereItWas(container: LiveContainer, place: NetworkNamespace | 'host' | undefined): boolean {
    const known = this.#asked.get(container);
    if (known === undefined || netnsInodeOf(this.#parts.procfs, known.pid) !== known.inode) return false;
    // Another container that shares it may have ended meanwhile.
    if (place !== undefined && place !== 'host') place.pid = known.pid;
    return true;
  }

  leave(container: LiveContainer): void {
    const place = this.#places.get(container);
    if (place !== undefined && place !== 'host') this.#parts.table.leave(place);
    this.#places.delete(container);
    this.#asked.delete(container);
  }

  /** Stores the counters of all that have a namespace of their own: they change each tick. */
  storeOwn(): void {
    for (const [container, place] of this.#places) if (place !== 'host') this.store(container);
  }

  /** Writes the counters of its namespace into a container's sample and details. */
  store(container: LiveContainer): void {
    const place = this.#places.get(container);
    const { sample, details } = container;
    const interfaces = place === undefined || place === 'host' ? undefined : place.interfaces;
    if (place === 'host') details.network = container.age < SURE_AGE_TICKS ? UNKNOWN : HOST;
    else if (place === undefined || interfaces === undefined) details.network = UNKNOWN;
    else if (!isTold(details.network, place, interfaces))
      details.network = { kind: 'own', netnsInode: place.inode, sharedBy: place.sharedBy, interfaces };
    for (const { at, counter } of SUMS) {
      let sum = interfaces === undefined ? Number.NaN : 0;
      if (interfaces !== undefined) for (const each of interfaces) sum += each[counter];
      sample[at] = sum;
    }
  }
}

function isTold(told: NetworkReading, place: NetworkNamespace, interfaces: readonly InterfaceCounters[]): boolean {
  return (
    told.kind === 'own' &&
    told.netnsInode === place.inode &&
    told.sharedBy === place.sharedBy &&
    told.interfaces === interfaces
  );
}
