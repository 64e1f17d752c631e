import type { IncomingMessage } from 'node:http';
import type { Server, Socket } from 'socket.io';
import type { Clock } from '../../native/host/clock.ts';
import type { Logger } from '../../native/host/log.ts';
import {
  subscribeSchema,
  UI_NAMESPACE,
  type AlertsMessage,
  type FrameMessage,
  type HistoryMessage,
  type InventoryMessage,
  type Subscribe,
} from '../wire.ts';
import type { Session } from './auth.ts';
import { GuardedSocket } from './guarded-socket.ts';
import type { DashboardMetrics } from './metrics.ts';

/** What a browser can be sent; each is made only when somebody watches. */
export interface ViewSource {
  inventory(): InventoryMessage;
  history(): HistoryMessage;
  frame(): FrameMessage;
  alerts(): AlertsMessage;
}

export interface BrowserHubParts {
  readonly source: ViewSource;
  /** The session of a handshake, or the sentence that says why there is none. */
  readonly admit: (request: IncomingMessage) => Session | string;
  readonly isValid: (session: Session) => boolean;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: DashboardMetrics;
}

/** A view is changed by hand. */
const LIMIT = { burst: 20, perSecond: 5 };

const VIEWS = subscribeSchema.shape.view.options.filter((view) => view !== 'none');

const roomOf = (view: Subscribe['view']): string => `view:${view}`;

/**
 * Serves the namespace of the browsers. Every browser is in the room of the view it shows, and every message is made once for
 * all of a room. Invariant: a frame follows the inventory it names.
 */
export class BrowserHub {
  readonly #parts: BrowserHubParts;
  readonly #namespace: ReturnType<Server['of']>;
  readonly #sessions = new WeakMap<Socket, Session>();

  constructor(io: Server, parts: BrowserHubParts) {
    this.#parts = parts;
    this.#namespace = io.of(UI_NAMESPACE);
    this.#namespace.use((socket, next) => {
      const session = parts.admit(socket.request);
      if (typeof session !== 'string') {
        this.#sessions.set(socket, session);
        next();
        return;
      }
      parts.metrics.refused.inc({ namespace: 'ui', reason: 'handshake' });
      next(new Error(session));
    });
    this.#namespace.on('connection', (socket) => {
      this.#welcome(socket);
    });
  }

  /** Whether any browser shows a view now. */
  get watched(): boolean {
    return VIEWS.some((view) => (this.#namespace.adapter.rooms.get(roomOf(view))?.size ?? 0) > 0);
  }

  /** Sends rows that changed; reliable, since frames are read with them. */
  sendInventory(message: InventoryMessage): void {
    this.#namespace.to(VIEWS.map(roomOf)).emit('inventory', message);
  }

  /** Sends one second; a browser that is behind misses it instead of being sent the past. */
  sendFrame(message: FrameMessage): void {
    this.#namespace.to(VIEWS.map(roomOf)).volatile.emit('frame', message);
  }

  sendAlerts(message: AlertsMessage): void {
    this.#namespace.to(VIEWS.map(roomOf)).emit('alerts', message);
  }

  /** Ends the connections of sessions that are over. */
  dropEnded(): void {
    for (const socket of this.#namespace.sockets.values()) {
      const session = this.#sessions.get(socket);
      if (session === undefined || !this.#parts.isValid(session)) socket.disconnect(true);
    }
  }

  #welcome(socket: Socket): void {
    const { clock, log, metrics, source } = this.#parts;
    const onRefused = (namespace: string, reason: string): void => {
      metrics.refused.inc({ namespace, reason });
    };
    const guard = new GuardedSocket(socket, { namespace: 'ui', clock, log, limit: LIMIT, onRefused });
    metrics.browsers.set(this.#namespace.sockets.size);
    guard.on('subscribe', subscribeSchema, ({ view }) => {
      for (const other of VIEWS) void socket.leave(roomOf(other));
      if (view === 'none') return;
      socket.emit('inventory', source.inventory());
      if (view !== 'alerts') socket.emit('history', source.history());
      socket.emit('alerts', source.alerts());
      void socket.join(roomOf(view));
    });
    socket.on('disconnect', () => {
      metrics.browsers.set(this.#namespace.sockets.size);
    });
  }
}
