import type { FrameMessage, HistoryMessage, HostView, InventoryMessage, ServerView } from '../wire.ts';
import { changedRows } from './changed-rows.ts';
import { containersByNode, historyMessage, inventoryMessage, type RowOrder } from './cluster-view.ts';
import { frameDetails } from './frame-details.ts';
import { mostExcludingTerm } from './filter-match.ts';
import { RoomDevices } from './room-devices.ts';
import { RoomValues, type Blocks } from './room-values.ts';
import { rowsInScope, type Scope } from './scope.ts';
import { selectRows, subjectOf, type Selection } from './view-selection.ts';

/** Time between two whole frames at most, milliseconds: a browser that joined in the middle of anything is right again by then. */
const WHOLE_EVERY_MS = 30_000;

/** Calls of {@link RoomView.refresh}, about seconds, after which a room of the busiest looks for others. */
const BUSIEST_EVERY = 5;

/**
 * What the browsers of one room are sent. Invariants: a frame or history names the version of the room's last inventory; a frame with `changed` is to be laid over the
 * frame with the sequence number before it.
 */
export class RoomView {
  /** What those in the room may see; `undefined` for everything. */
  readonly scope: Scope | undefined;
  readonly #selection: Selection;
  readonly #nextVersion: () => number;
  #order: RowOrder = { hosts: [], containers: [] };
  #all: RowOrder = { hosts: [], containers: [] };
  #generation = -1;
  #version: number;
  #seq = 0;
  /** What the last frame has; `undefined` when the next one is the first of its rows. */
  #values: RoomValues | undefined;
  #wholeAtUnixMs = -Infinity;
  #sinceSelected = 0;
  /** Of a room that shows containers by themselves. */
  readonly devices: RoomDevices | undefined;

  /** `nextVersion` gives numbers that no room had before: a frame on its way must not be read with the rows of another room. */
  constructor(selection: Selection, scope: Scope | undefined, nextVersion: () => number) {
    this.#selection = selection;
    this.scope = scope;
    this.#nextVersion = nextVersion;
    this.#version = nextVersion();
    this.devices = selection.kind === 'lines' && selection.withDevices === true ? new RoomDevices() : undefined;
  }

  /** Takes over the rows of now. @returns whether the room needs a new inventory. */
  refresh(order: RowOrder, generation: number): boolean {
    const isNew = this.#generation !== generation;
    this.#sinceSelected += 1;
    if (!isNew && !(this.followsValues && this.#sinceSelected >= BUSIEST_EVERY)) return false;
    const visible = this.scope === undefined ? order : rowsInScope(order, this.scope);
    const selected = selectRows(visible, this.#selection);
    this.#sinceSelected = 0;
    if (!isNew && sameContainers(selected, this.#order)) return false;
    this.#generation = generation;
    this.#all = visible;
    this.#order = selected;
    this.#version = this.#nextVersion();
    this.#values = undefined;
    this.devices?.follow(selected.containers, visible);
    return true;
  }

  /** Whether its rows change with their values: who comes in has a past that its browsers were not sent. */
  get followsValues(): boolean {
    return this.#selection.kind === 'busiest';
  }

  inventory(nowUnixMs: number, server: ServerView): InventoryMessage {
    const stamp = { inventoryVersion: this.#version, nowUnixMs, server };
    const message = this.#cut(inventoryMessage(this.#order, stamp, this.#all.containers.length));
    if (this.#selection.kind !== 'containers' || message.containers.length > 0) return message;
    const blamed = mostExcludingTerm(this.#selection.filter, this.#all.containers.map(subjectOf));
    if (blamed === undefined) return message;
    return { ...message, mostExcluding: { source: blamed.term.source, matchesWithout: blamed.matchesWithout } };
  }

  /** A host counts what those in the room may see of it; the path of a mount may name what they may not. */
  #cut(message: InventoryMessage): InventoryMessage {
    if (this.scope === undefined) return message;
    const counts = containersByNode(this.#all);
    const cut = (host: HostView): HostView => ({
      ...host,
      containers: counts.get(host.nodeId) ?? 0,
      fullestMount: undefined,
    });
    return { ...message, hosts: message.hosts.map(cut) };
  }

  history(nowUnixMs: number): HistoryMessage {
    const withHosts = this.#selection.kind === 'hosts';
    return historyMessage(this.#order, { inventoryVersion: this.#version, nowUnixMs, withHosts });
  }

  /** Whether there is anything for a frame: a host told something, or the rows are new. */
  get hasNews(): boolean {
    return this.#values === undefined || this.#values.hasNews;
  }

  /** The next frame; only the rows that changed where they are few. */
  frame(nowUnixMs: number): FrameMessage {
    this.#seq += 1;
    const before = this.#values?.blocks;
    const after = this.#take();
    const isDue = Math.abs(nowUnixMs - this.#wholeAtUnixMs) >= WHOLE_EVERY_MS;
    if (before === undefined || isDue) {
      this.#wholeAtUnixMs = nowUnixMs;
      return this.#message(nowUnixMs, after);
    }
    const changed = changedRows(before.containers, after.containers, this.#order.containers.length);
    const changedHosts = changedRows(before.hosts, after.hosts, this.#order.hosts.length);
    return {
      ...this.#message(nowUnixMs, {
        containers: changed?.block ?? after.containers,
        hosts: changedHosts?.block ?? after.hosts,
      }),
      ...(changed === undefined ? {} : { changed: changed.bitmap }),
      ...(changedHosts === undefined ? {} : { changedHosts: changedHosts.bitmap }),
    };
  }

  /** The last frame as a whole, for one browser that has nothing to lay the next one over. */
  wholeFrame(nowUnixMs: number): FrameMessage {
    this.#values ??= new RoomValues(this.#order);
    return this.#message(nowUnixMs, this.#values.blocks);
  }

  #take(): Blocks {
    if (this.#values !== undefined) return this.#values.take();
    this.#values = new RoomValues(this.#order);
    return this.#values.blocks;
  }

  #message(nowUnixMs: number, { containers, hosts }: Blocks): FrameMessage {
    const message: FrameMessage = {
      seq: this.#seq,
      timeUnixMs: nowUnixMs,
      inventoryVersion: this.#version,
      containers: bytesOf(containers),
      hosts: bytesOf(hosts),
    };
    const { kind } = this.#selection;
    if (kind !== 'host' && kind !== 'lines') return message;
    return { ...message, details: frameDetails(this.#order, kind === 'lines') };
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function sameContainers(a: RowOrder, b: RowOrder): boolean {
  return (
    a.containers.length === b.containers.length &&
    a.containers.every(({ row }, index) => row === b.containers[index]?.row)
  );
}
