import type { Socket } from 'socket.io';
import type { Caller } from './request-guard.ts';
import type { SharedEvent } from './shared-event.ts';

/** Parts of messages that may wait in the server for a browser; a snapshot has ten. What comes on top would be the past. */
const MAX_WAITING = 16;

/** Seconds in a row in which the connection took nothing. */
const MAX_STALLED_TICKS = 3;

/** A browser that has been behind for so long will not catch up, milliseconds. */
const MAX_BEHIND_MS = 60_000;

/** A browser that misses frame after frame is sent a whole one this often at most, milliseconds. */
const WHOLE_EVERY_MS = 1000;

/** One connected browser: who it is, which room it is in, and whether it keeps up. */
export class Viewer {
  readonly socket: Socket;
  readonly caller: Caller;
  /** The room it wants to be in; `undefined` while it shows nothing. */
  room: string | undefined;
  lastResyncMs = -Infinity;
  #waiting = 0;
  #stalledTicks = 0;
  #behindSinceMs: number | undefined;
  #hasMissed = false;
  #wholeAtMs = -Infinity;

  constructor(socket: Socket, caller: Caller) {
    this.socket = socket;
    this.caller = caller;
    // What was made since the transport last took everything is what waits.
    socket.conn.on('packetCreate', () => {
      this.#waiting += 1;
    });
    socket.conn.on('drain', () => {
      this.#waiting = 0;
    });
  }

  /** Whether the transport would take a message now; a volatile one is dropped otherwise. */
  get isWritable(): boolean {
    return this.socket.conn.transport.writable;
  }

  get isBehind(): boolean {
    return this.#behindSinceMs !== undefined;
  }

  /** Sends the frame after the one before, if the transport takes it and nothing is missing in between. @returns whether it was sent. */
  sendNext(frame: SharedEvent): boolean {
    this.#hasMissed ||= !this.isWritable;
    if (this.#hasMissed || this.isBehind) return false;
    frame.sendTo(this.socket);
    return true;
  }

  /** Whether it has missed frames and would take a whole one now. */
  needsWhole(nowMonotonicMs: number): boolean {
    if (!this.#hasMissed || this.isBehind || !this.isWritable) return false;
    return nowMonotonicMs - this.#wholeAtMs >= WHOLE_EVERY_MS;
  }

  /** Sends a frame that needs none before it. */
  sendWhole(frame: SharedEvent, nowMonotonicMs: number): void {
    frame.sendTo(this.socket);
    this.#hasMissed = false;
    this.#wholeAtMs = nowMonotonicMs;
  }

  /** Once a second. */
  tick(): void {
    this.#stalledTicks = this.isWritable ? 0 : this.#stalledTicks + 1;
  }

  /** Notices that it takes nothing, or not fast enough: nothing more is sent until {@link caughtUp}. @returns whether that is new. */
  fallBehind(nowMonotonicMs: number): boolean {
    if (this.isBehind || (this.#waiting <= MAX_WAITING && this.#stalledTicks < MAX_STALLED_TICKS)) return false;
    this.#behindSinceMs = nowMonotonicMs;
    return true;
  }

  /** Whether everything that waited is gone, after it was behind: a snapshot is due. */
  caughtUp(): boolean {
    if (!this.isBehind || !this.isWritable || this.#waiting > 0) return false;
    this.#behindSinceMs = undefined;
    return true;
  }

  isLost(nowMonotonicMs: number): boolean {
    return this.#behindSinceMs !== undefined && nowMonotonicMs - this.#behindSinceMs > MAX_BEHIND_MS;
  }
}
