import { DEVICES_REQUEST, MAX_DEVICE_KEYS, type DevicesAnswer } from '../../statsd/device-wire.ts';
import type { ContainerView, DevicesMessage, DevicesView } from '../wire.ts';
import type { PlacedRow, RowOrder } from './cluster-view.ts';
import { DeviceRates, type DeviceRows } from './device-rates.ts';

/** Others in the same namespace that are named at most. */
const MAX_NAMED = 8;

/** What one agent is to be asked. */
export interface DevicesQuestion {
  readonly nodeId: string;
  /** As the agent knows the containers. */
  readonly keys: readonly string[];
  /** How often it reads, milliseconds. */
  readonly intervalMs: number;
}

type Told = DeviceRows & { readonly toldAtUnixMs: number };

/** Whether a container's agent knows the question. */
export const answersDevices = ({ host }: PlacedRow): boolean =>
  host.feed.host?.answers?.includes(DEVICES_REQUEST) === true;

/** Who else is in a network namespace that is shared. */
export interface Sharing {
  /** Some of them. */
  readonly sharedWith: readonly Pick<ContainerView, 'key' | 'series' | 'name'>[];
  readonly sharedCount: number;
}

/** Those of all that are in the same network namespace as a container. */
export function sharingOf({ containers }: RowOrder, { row }: PlacedRow): Sharing {
  const { network, netnsInode } = row.inventory;
  if (network !== 'shared' || netnsInode === undefined) return { sharedWith: [], sharedCount: 0 };
  const others = containers
    .filter((other) => other.row.nodeId === row.nodeId && other.row !== row)
    .filter(({ row: { inventory } }) => inventory.network === 'shared' && inventory.netnsInode === netnsInode)
    .map((other) => ({ key: other.row.key, series: other.row.line?.key, name: other.row.inventory.name }));
  return { sharedWith: others.slice(0, MAX_NAMED), sharedCount: others.length };
}

/** One for each host of these whose agent knows the question. */
export function deviceQuestions(rows: readonly PlacedRow[]): DevicesQuestion[] {
  const byNode = Map.groupBy(rows.filter(answersDevices), ({ row }) => row.nodeId);
  return [...byNode].map(([nodeId, ofNode]) => ({
    nodeId,
    keys: ofNode.map(({ row }) => row.inventory.key),
    intervalMs: ofNode[0]?.host.feed.intervalMs ?? 1000,
  }));
}

/** What the browsers of a room are told of its containers' devices: whom to ask, and what became of the answers. */
export class RoomDevices {
  #rows: readonly PlacedRow[] = [];
  #all: RowOrder = { hosts: [], containers: [] };
  readonly #rates = new DeviceRates();
  readonly #told = new Map<string, Told>();

  /** Takes over the room's rows of now, and all that its browsers may see. */
  follow(rows: readonly PlacedRow[], all: RowOrder): void {
    this.#rows = rows.slice(0, MAX_DEVICE_KEYS);
    this.#all = all;
    const keys = new Set(this.#rows.map(({ row }) => row.key));
    this.#rates.retain(keys);
    for (const key of this.#told.keys()) if (!keys.has(key)) this.#told.delete(key);
  }

  questions(): DevicesQuestion[] {
    return deviceQuestions(this.#rows);
  }

  /** Takes an agent's answer; what was not asked for is left out. */
  take({ nodeId, intervalMs }: DevicesQuestion, answer: DevicesAnswer, nowUnixMs: number): void {
    for (const { row } of this.#rows) {
      if (row.nodeId !== nodeId) continue;
      const devices = answer.containers.find(({ key }) => key === row.inventory.key);
      if (devices === undefined) continue;
      const rows = this.#rates.take({ ...devices, key: row.key }, answer, intervalMs);
      this.#told.set(row.key, { ...rows, toldAtUnixMs: nowUnixMs });
    }
  }

  message(): DevicesMessage {
    return { containers: this.#rows.map((placed) => this.#view(placed)) };
  }

  #view(placed: PlacedRow): DevicesView {
    const { key } = placed.row;
    const told = this.#told.get(key);
    return {
      key,
      state: told !== undefined ? 'told' : answersDevices(placed) ? 'waiting' : 'untold',
      ...told,
      ...sharingOf(this.#all, placed),
    };
  }
}
