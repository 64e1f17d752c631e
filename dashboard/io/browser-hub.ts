import type { IncomingMessage } from 'node:http';
import type { Server, Socket } from 'socket.io';
import { z } from 'zod';
import type { Clock } from '../../native/host/clock.ts';
import type { Logger } from '../../native/host/log.ts';
import type { LiveView } from '../model/live-view.ts';
import { alertsInScope, type Scope } from '../model/scope.ts';
import { roomOf, selectionOf, type Selection } from '../model/view-selection.ts';
import { subscribeSchema, suggestSchema, type AlertsMessage } from '../wire.ts';
import { UI_NAMESPACE } from '../view-wire.ts';
import type { AgentDoor } from './agent-feed.ts';
import { BrowserRoom } from './browser-room.ts';
import { GuardedSocket } from './guarded-socket.ts';
import type { DashboardMetrics } from './metrics.ts';
import type { Caller } from './request-guard.ts';
import { SharedEvent } from './shared-event.ts';
import { Viewer } from './viewer.ts';

export interface BrowserHubParts {
  readonly view: LiveView;
  readonly alerts: () => AlertsMessage;
  /** Who a handshake is of, or the sentence that says why nobody is let in. */
  readonly admit: (request: IncomingMessage) => Caller | string;
  /** Whether who was let in still may be here. */
  readonly isValid: (caller: Caller) => boolean;
  /** Asks an agent what frames do not carry. */
  readonly askDevices: AgentDoor['devices'];
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: DashboardMetrics;
}

/** A view is changed by hand. */
const LIMIT = { burst: 20, perSecond: 5 };

/** Rooms of one host, container or filter at most; who asks for one more is sent everything. */
const MAX_ROOMS = 256;

/** A whole frame is sent again at most this often, milliseconds. */
const RESYNC_EVERY_MS = 2000;

/**
 * Serves the namespace of the browsers. Every browser is in the room of what it shows, and every message is made once for all of a room. Invariants: a frame
 * follows the inventory it names; a browser that does not keep up is sent nothing until it did, and then a snapshot: nothing queues up for it.
 */
export class BrowserHub {
  readonly #parts: BrowserHubParts;
  readonly #namespace: ReturnType<Server['of']>;
  readonly #callers = new WeakMap<Socket, Caller>();
  readonly #viewers = new Map<string, Viewer>();
  readonly #rooms = new Map<string, BrowserRoom>();

  constructor(io: Server, parts: BrowserHubParts) {
    this.#parts = parts;
    this.#namespace = io.of(UI_NAMESPACE);
    this.#namespace.use((socket, next) => {
      const caller = parts.admit(socket.request);
      if (typeof caller !== 'string') {
        this.#callers.set(socket, caller);
        next();
        return;
      }
      parts.metrics.refused.inc({ namespace: 'ui', reason: 'handshake' });
      next(new Error(caller));
    });
    this.#namespace.on('connection', (socket) => {
      const caller = this.#callers.get(socket);
      if (caller !== undefined) this.#welcome(new Viewer(socket, caller));
    });
  }

  /** Whether any browser shows a view now. */
  get watched(): boolean {
    return this.#rooms.size > 0;
  }

  /** Browsers that show a view now. */
  get watching(): number {
    let count = 0;
    for (const { viewers } of this.#rooms.values()) count += viewers.size;
    return count;
  }

  /** Once a second: who fell behind and caught up, and each room's rows where they changed. */
  show(): void {
    this.#catchUp();
    for (const room of this.#rooms.values()) room.tick();
  }

  /** Sends each room what its hosts told since the last time. */
  push(): void {
    for (const room of this.#rooms.values()) room.push();
  }

  sendAlerts(message: AlertsMessage): void {
    for (const room of this.#rooms.values()) room.sendReliable('alerts', this.#alertsOf(room.view.scope, message));
  }

  /** Ends the connections of who may no longer be here. */
  dropEnded(): void {
    for (const { socket, caller } of this.#viewers.values()) if (!this.#parts.isValid(caller)) socket.disconnect(true);
  }

  #alertsOf(scope: Scope | undefined, message: AlertsMessage): AlertsMessage {
    if (scope === undefined) return message;
    return { ...message, alerts: message.alerts.filter(alertsInScope(this.#parts.view.order(), scope)) };
  }

  #welcome(viewer: Viewer): void {
    const { clock, log, metrics } = this.#parts;
    const { socket } = viewer;
    this.#viewers.set(socket.id, viewer);
    metrics.browsers.set(this.#viewers.size);
    const onRefused = (namespace: string, reason: string): void => {
      metrics.refused.inc({ namespace, reason });
    };
    const guard = new GuardedSocket(socket, {
      namespace: 'ui',
      clock,
      log,
      limit: LIMIT,
      isAllowed: () => this.#parts.isValid(viewer.caller),
      onRefused,
    });
    guard.on('subscribe', subscribeSchema, (request) => {
      this.#enter(viewer, selectionOf(request), request.view !== 'alerts');
      viewer.socket.emit('subscribed', request);
    });
    guard.on('resync', z.unknown(), () => {
      this.#resync(viewer);
    });
    guard.on('suggest', suggestSchema, (request) => {
      this.#parts.view.refresh();
      socket.emit('suggestions', this.#parts.view.suggest(request, viewer.caller.principal.scope));
    });
    socket.on('disconnect', () => {
      this.#viewers.delete(socket.id);
      this.#leave(viewer);
      metrics.browsers.set(this.#viewers.size);
    });
  }

  #enter(viewer: Viewer, selection: Selection | undefined, withHistory: boolean): void {
    this.#leave(viewer);
    if (selection === undefined) return;
    const { scope } = viewer.caller.principal;
    this.#parts.view.refresh();
    const isFull = this.#rooms.size >= MAX_ROOMS && !this.#rooms.has(roomOf(selection, scope));
    const given: Selection = isFull ? { kind: 'all' } : selection;
    viewer.room = this.#open(given, scope).name;
    this.#sendSnapshot(viewer, withHistory);
  }

  #open(selection: Selection, scope: Scope | undefined): BrowserRoom {
    const name = roomOf(selection, scope);
    const known = this.#rooms.get(name);
    if (known !== undefined) return known;
    const room = new BrowserRoom(name, this.#parts.view.open(selection, scope), {
      namespace: this.#namespace,
      ...this.#parts,
    });
    this.#rooms.set(name, room);
    return room;
  }

  #roomOf({ room }: Viewer): BrowserRoom | undefined {
    return room === undefined ? undefined : this.#rooms.get(room);
  }

  #leave(viewer: Viewer): void {
    const room = this.#roomOf(viewer);
    viewer.room = undefined;
    if (room === undefined) return;
    void viewer.socket.leave(room.name);
    room.viewers.delete(viewer);
    if (room.viewers.size === 0) this.#rooms.delete(room.name);
  }

  /** Everything that the frames to come are laid over. */
  #sendSnapshot(viewer: Viewer, withHistory: boolean): void {
    const { view, clock, alerts } = this.#parts;
    const { socket } = viewer;
    const room = this.#roomOf(viewer);
    if (room === undefined) return;
    // The room's other browsers get rows that changed now too; this one must not see the next frame under an old name.
    room.viewers.delete(viewer);
    room.refresh();
    room.viewers.add(viewer);
    const now = clock.nowMs();
    socket.emit('inventory', room.view.inventory(now, view.server));
    if (withHistory) socket.emit('history', room.view.history(now));
    socket.emit('alerts', this.#alertsOf(room.view.scope, alerts()));
    if (room.view.devices !== undefined) socket.emit('devices', room.view.devices.message());
    viewer.sendWhole(this.#wholeFrame(room, now), clock.monotonicMs());
    void socket.join(room.name);
    room.askDevices();
  }

  #wholeFrame(room: BrowserRoom, nowUnixMs: number): SharedEvent {
    return new SharedEvent(UI_NAMESPACE, 'frame', { ...room.view.wholeFrame(nowUnixMs) });
  }

  #resync(viewer: Viewer): void {
    const { clock } = this.#parts;
    const now = clock.monotonicMs();
    const room = this.#roomOf(viewer);
    if (room === undefined || viewer.isBehind || !viewer.isWritable) return;
    if (now - viewer.lastResyncMs < RESYNC_EVERY_MS) return;
    viewer.lastResyncMs = now;
    viewer.sendWhole(this.#wholeFrame(room, clock.nowMs()), now);
  }

  #catchUp(): void {
    const { clock, log } = this.#parts;
    for (const viewer of this.#viewers.values()) {
      viewer.tick();
      if (viewer.caughtUp()) this.#sendSnapshot(viewer, true);
      else if (viewer.isLost(clock.monotonicMs())) {
        log.info({ socket: viewer.socket.id }, 'browser did not catch up within a minute: disconnected');
        viewer.socket.disconnect(true);
      }
    }
  }
}
