import type { Server, Socket } from 'socket.io';
import { UI_NAMESPACE } from '../view-wire.ts';
import { AGENT_NAMESPACE } from '../../statsd/wire.ts';

/** Largest message of an agent: 20,000 containers' inventory, or a back-fill. */
export const MAX_AGENT_BYTES = 4 * 1024 * 1024;

/** Of a browser, which asks for views. */
const MAX_BROWSER_BYTES = 64 * 1024;

/** Of who was not let in yet: a namespace and a token. */
const MAX_STRANGER_BYTES = 4096;

/** A client asks for one namespace, and waits for the answer. */
const MAX_STRANGER_MESSAGES = 8;

type Connection = Socket['conn'];

interface Bounds {
  bytes: number;
  messages: number;
}

const sizeOf = (data: unknown): number =>
  typeof data === 'string' ? Buffer.byteLength(data) : data instanceof Uint8Array ? data.byteLength : 0;

/**
 * How much of a connection's messages is read at all, before socket.io takes them apart: next to nothing of who is nobody, more of a browser, most of an agent.
 * What is beyond ends the connection.
 */
export class MessageBounds {
  readonly #bounds = new WeakMap<Connection, Bounds>();

  constructor(io: Server) {
    // Without this the namespace that nobody uses would be the one that everybody may stay in.
    io.use((_socket, next) => {
      next(new Error(`nothing is served here: browsers enter ${UI_NAMESPACE}, agents ${AGENT_NAMESPACE}`));
    });
    this.#widen(io, UI_NAMESPACE, MAX_BROWSER_BYTES);
    this.#widen(io, AGENT_NAMESPACE, MAX_AGENT_BYTES);
  }

  /** Watches the connections of one listener. */
  watch(engine: Server['engine']): void {
    engine.on('connection', (connection: Connection) => {
      const bounds = { bytes: MAX_STRANGER_BYTES, messages: MAX_STRANGER_MESSAGES };
      this.#bounds.set(connection, bounds);
      // Told before the message is handed on; one that is too long is dropped with its connection.
      connection.on('packet', ({ type, data }: { readonly type: string; data?: unknown }) => {
        if (type !== 'message') return;
        bounds.messages -= 1;
        if (bounds.messages >= 0 && sizeOf(data) <= bounds.bytes) return;
        connection.removeAllListeners('data');
        connection.close(true);
      });
    });
  }

  #widen(io: Server, namespace: string, bytes: number): void {
    io.of(namespace).on('connection', ({ conn }) => {
      const bounds = this.#bounds.get(conn);
      if (bounds !== undefined) Object.assign(bounds, { bytes, messages: Infinity });
    });
  }
}
