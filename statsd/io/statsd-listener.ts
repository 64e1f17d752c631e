import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { lookup } from 'node:dns/promises';
import type { Clock } from '../../native/host/clock.ts';
import { FatalError } from '../../native/host/lifecycle.ts';
import { Waker } from '../../native/host/waker.ts';

/** Of each second; what senders can make the agent spend. */
const BUDGET_MS = 50;
const WINDOW_MS = 1000;
/** What libuv needs for a datagram before it is ours. */
const RECEIVE_MS = 0.008;
const RECEIVE_BUFFER_BYTES = 1024 * 1024;

export interface StatsdListenerParts {
  readonly place: { readonly host: string; readonly port: number };
  readonly received: (datagram: Buffer, from: RemoteInfo) => void;
  readonly clock: Clock;
}

/**
 * A UDP socket that costs at most 5 % of a core, whoever sends how much: then the kernel is told to drop what comes until the
 * second is over, which costs this process nothing.
 */
export class StatsdListener implements Disposable {
  readonly #parts: StatsdListenerParts;
  readonly #waker = new Waker();
  readonly #socket: Socket;
  readonly #address: string;
  #windowEndMs = 0;
  #spentMs = 0;
  #deaf = false;
  /** Times the budget was used up. */
  pauses = 0;
  datagrams = 0;

  private constructor(parts: StatsdListenerParts, socket: Socket, address: string) {
    this.#parts = parts;
    this.#socket = socket;
    this.#address = address;
    socket.unref();
    socket.on('error', () => undefined); // a refused answer of ICMP: nothing was sent, nothing is lost
    socket.on('message', (datagram, from) => {
      this.#take(datagram, from);
    });
  }

  /** Binds. @throws {FatalError} when the address is not this host's, or the port is in use. */
  static async open(parts: StatsdListenerParts): Promise<StatsdListener> {
    const { host, port } = parts.place;
    try {
      const { address, family } = await lookup(host);
      const socket = createSocket({
        type: family === 6 ? 'udp6' : 'udp4',
        recvBufferSize: RECEIVE_BUFFER_BYTES,
      });
      const bound = once(socket, 'listening');
      socket.bind(port, address);
      await bound;
      return new StatsdListener(parts, socket, ownAddress(address));
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new FatalError(`cannot listen on ${host}:${port} (UDP): ${why}; choose another with --statsd-listen`, {
        cause,
      });
    }
  }

  /** Listens again after each pause, until the signal aborts. */
  async run(signal: AbortSignal): Promise<never> {
    for (;;) {
      await this.#waker.next(signal);
      await this.#beDeaf();
      await this.#parts.clock.sleep(this.#windowEndMs - this.#parts.clock.monotonicMs(), signal);
      this.#hear();
    }
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }

  #take(datagram: Buffer, from: RemoteInfo): void {
    const startMs = this.#parts.clock.monotonicMs();
    if (startMs >= this.#windowEndMs) {
      this.#windowEndMs = startMs + WINDOW_MS;
      this.#spentMs = 0;
    }
    // What was in the socket's buffer when the kernel was told.
    if (this.#deaf) return;
    this.datagrams += 1;
    this.#parts.received(datagram, from);
    this.#spentMs += this.#parts.clock.monotonicMs() - startMs + RECEIVE_MS;
    if (this.#spentMs < BUDGET_MS) return;
    this.#deaf = true;
    this.pauses += 1;
    this.#waker.wake();
  }

  /** A socket that is connected takes from its peer only: from itself, which sends nothing. */
  async #beDeaf(): Promise<void> {
    this.#socket.connect(this.#parts.place.port, this.#address);
    await once(this.#socket, 'connect');
  }

  #hear(): void {
    this.#socket.disconnect();
    this.#deaf = false;
  }
}

/** Where a socket that is bound to an address can be reached from this host. */
function ownAddress(address: string): string {
  if (address === '0.0.0.0') return '127.0.0.1';
  return address === '::' ? '::1' : address;
}
