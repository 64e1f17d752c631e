import type { ServerResponse } from 'node:http';
import type { Clock } from '../../native/host/clock.ts';
import type { ContainerCard } from '../model/container-card.ts';
import { STATUS_VERSION, type ContainerView, type HostView } from '../status-wire.ts';
import { BeatSender } from './beat-sender.ts';
import { StreamClients, type StreamClient, type StreamCounts } from './http-stream.ts';
import { LoopShare } from './loop-share.ts';

/** What the answers are made from. */
export interface ViewSource {
  readonly host: () => HostView;
  /** Living and ended. */
  readonly cards: () => readonly ContainerCard[];
  readonly view: (card: ContainerCard) => ContainerView;
  /** When the numbers were read. */
  readonly timeUnixMs: () => number;
}

export type StreamForm = 'ndjson' | 'sse';

interface Wanted {
  readonly form: StreamForm;
}

/** All open `GET /stats` streams: one document a beat, made once for all of them. */
export class StatsStream {
  readonly #source: ViewSource;
  readonly #clock: Clock;
  readonly #clients: StreamClients<Wanted>;
  readonly #sender = new BeatSender(() => this.#sendAll());
  #first: Promise<string> | undefined;

  constructor(parts: { readonly source: ViewSource; readonly clock: Clock; readonly maxStreams: number }) {
    this.#source = parts.source;
    this.#clock = parts.clock;
    this.#clients = new StreamClients(parts.maxStreams);
  }

  get counts(): StreamCounts {
    return this.#clients.counts;
  }

  get isFull(): boolean {
    return this.#clients.isFull;
  }

  /** Takes an answer whose headers are sent. Its first document follows at once: one for all that come while it is made. */
  open(response: ServerResponse, form: StreamForm): void {
    const client = this.#clients.open(response, { form });
    this.#first ??= this.#text().finally(() => {
      this.#first = undefined;
    });
    void this.#first.then((text) => {
      this.#send(client, form, text);
    });
  }

  /** At each beat; one that comes while the last one is still being sent replaces it. */
  async beat(): Promise<void> {
    if (this.#clients.size > 0) await this.#sender.beat();
  }

  async #sendAll(): Promise<void> {
    const text = await this.#text();
    for (const [client, { form }] of this.#clients.entries()) this.#send(client, form, text);
  }

  #send(client: StreamClient, form: StreamForm, text: string): void {
    const framed = form === 'sse' ? `event: stats\ndata: ${text}\n\n` : `${text}\n`;
    client.frame(framed, this.#clock.monotonicMs());
  }

  /** The document, container by container. */
  async #text(): Promise<string> {
    const head = { v: STATUS_VERSION, timeUnixMs: this.#source.timeUnixMs(), host: this.#source.host() };
    let text = '';
    const share = new LoopShare(this.#clock);
    for (const card of this.#source.cards()) {
      text += `${text === '' ? '' : ','}${this.#containerText(card)}`;
      if (share.isUsedUp) await share.giveBack();
    }
    return `${JSON.stringify(head).slice(0, -1)},"containers":[${text}]}`;
  }

  #containerText(card: ContainerCard): string {
    return JSON.stringify(this.#source.view(card));
  }
}
