import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { datagramsOf } from '../model/statsd-lines.ts';

/** Ethernet's 1500 bytes less IPv6's and UDP's headers, with some room for tunnels. */
const MAX_DATAGRAM_BYTES = 1400;
/** Bytes that may wait in the socket; what does not fit is dropped and counted, as UDP would. */
const MAX_QUEUED_BYTES = 1024 * 1024;
/** Datagrams between which the event loop runs. */
const SLICE = 50;

export interface PushCounts {
  sent: number;
  dropped: number;
  errors: number;
}

/** Sends lines to a StatsD daemon over UDP. Nothing is kept for one that is away. */
export class StatsdSender implements Disposable {
  readonly #place: { readonly host: string; readonly port: number };
  readonly counts: PushCounts = { sent: 0, dropped: 0, errors: 0 };
  #socket: Socket | undefined;
  #type: 'udp4' | 'udp6' | undefined;

  constructor(place: { readonly host: string; readonly port: number }) {
    this.#place = place;
  }

  /** Sends everything once; a name is looked up anew each time, since its address may have changed. */
  async send(lines: Iterable<string>): Promise<void> {
    let place: { address: string; family: number };
    try {
      place = await lookup(this.#place.host);
    } catch {
      this.counts.errors += 1;
      return;
    }
    const socket = this.#open(place.family);
    let sent = 0;
    for (const datagram of datagramsOf(lines, MAX_DATAGRAM_BYTES)) {
      if (this.#socket !== socket) return;
      if (socket.getSendQueueSize() > MAX_QUEUED_BYTES) {
        this.counts.dropped += 1;
        continue;
      }
      socket.send(datagram, this.#place.port, place.address, (error) => {
        if (error === null) this.counts.sent += 1;
        else this.counts.errors += 1;
      });
      sent += 1;
      if (sent % SLICE === 0) await new Promise(setImmediate);
    }
  }

  [Symbol.dispose](): void {
    this.#socket?.close();
    this.#socket = undefined;
  }

  #open(family: number): Socket {
    const type = family === 6 ? 'udp6' : 'udp4';
    if (this.#socket !== undefined && this.#type === type) return this.#socket;
    this.#socket?.close();
    this.#type = type;
    this.#socket = createSocket(type);
    this.#socket.unref();
    this.#socket.on('error', () => {
      this.counts.errors += 1;
    });
    return this.#socket;
  }
}
