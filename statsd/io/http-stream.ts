import type { ServerResponse } from 'node:http';

/** Bytes that may wait for one client before it counts as gone. */
const MAX_WAITING_BYTES = 1024 * 1024;
/** A client that took nothing for this long is let go. */
const MAX_STALL_MS = 15_000;

/** setTimeout turns anything longer into one millisecond. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** What became of frames and clients, since the start. */
export interface StreamCounts {
  open: number;
  refused: number;
  framesDropped: number;
  clientsDropped: number;
}

export const newStreamCounts = (): StreamCounts => ({ open: 0, refused: 0, framesDropped: 0, clientsDropped: 0 });

/** The sending end of one open answer. At most one frame, or {@link MAX_WAITING_BYTES} of events, waits for its client. */
export class StreamClient {
  readonly #response: ServerResponse;
  readonly #counts: StreamCounts;
  #stalledSinceMs: number | undefined;

  constructor(response: ServerResponse, counts: StreamCounts) {
    this.#response = response;
    this.#counts = counts;
    response.on('drain', () => {
      this.#stalledSinceMs = undefined;
    });
  }

  get closed(): boolean {
    return this.#response.destroyed || this.#response.writableEnded;
  }

  /** Sends what the next one replaces: dropped while the client still has the one before to take. */
  frame(text: string | Uint8Array, nowMs: number): void {
    if (this.closed) return;
    if (this.#response.writableNeedDrain) {
      this.#counts.framesDropped += 1;
      this.#stalledSinceMs ??= nowMs;
      if (nowMs - this.#stalledSinceMs > MAX_STALL_MS) this.#drop();
      return;
    }
    this.#stalledSinceMs = undefined;
    this.#response.write(text);
  }

  /** Sends what must not be lost; a client that lets too much wait is let go instead. */
  event(text: string): void {
    if (this.closed) return;
    if (this.#response.writableLength + text.length > MAX_WAITING_BYTES) this.#drop();
    else this.#response.write(text);
  }

  end(): void {
    if (!this.closed) this.#response.end();
  }

  endAfter(delayMs: number): void {
    const timer = setTimeout(
      () => {
        this.end();
      },
      Math.min(delayMs, MAX_TIMER_MS),
    );
    this.#response.once('close', () => {
      clearTimeout(timer);
    });
  }

  #drop(): void {
    this.#counts.clientsDropped += 1;
    this.#response.destroy();
  }
}

/** The open streams of one kind, bounded in number. */
export class StreamClients<Facts> {
  readonly #max: number;
  readonly #clients = new Map<StreamClient, Facts>();
  readonly counts = newStreamCounts();

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#clients.size;
  }

  entries(): [StreamClient, Facts][] {
    return [...this.#clients];
  }

  /** Whether one more has to be refused; asking counts as a refusal. */
  get isFull(): boolean {
    if (this.#clients.size < this.#max) return false;
    this.counts.refused += 1;
    return true;
  }

  /** Takes an answer whose headers are sent. It leaves by itself when its client goes. */
  open(response: ServerResponse, facts: Facts): StreamClient {
    const client = new StreamClient(response, this.counts);
    this.#clients.set(client, facts);
    this.counts.open = this.#clients.size;
    response.once('close', () => {
      this.#clients.delete(client);
      this.counts.open = this.#clients.size;
    });
    return client;
  }
}
