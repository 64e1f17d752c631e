import type { ServerResponse } from 'node:http';
import type { Clock } from '../../native/host/clock.ts';
import type { ContainerCard } from '../model/container-card.ts';
import { dockerCpuOf, dockerReadingOf, type DockerHostFacts, type Moment } from '../model/docker-reading.ts';
import { statsText } from '../model/docker-stats.ts';
import type { ContainerDetails } from '../model/details.ts';
import { BeatSender } from './beat-sender.ts';
import { StreamClients, type StreamCounts } from './http-stream.ts';
import { LoopShare } from './loop-share.ts';

/** What the streams are served from. */
export interface StatsSource {
  readonly entry: (key: string) => Reading | undefined;
  /** Living and ended. */
  readonly cards: () => readonly ContainerCard[];
}

interface Reading {
  readonly card: ContainerCard;
  readonly details: ContainerDetails;
  readonly now: Moment;
  readonly before: Moment | undefined;
}

/** One frame of `GET /containers/{id}/stats`, with its newline. */
export function frameText(card: ContainerCard, reading: Reading | undefined, host: DockerHostFacts): string {
  if (reading === undefined) return `${statsText(card, undefined, undefined)}\n`;
  const before =
    reading.before === undefined
      ? undefined
      : { atUnixMs: reading.before.atUnixMs, cpu: dockerCpuOf(reading.before, host) };
  return `${statsText(card, dockerReadingOf(reading.now, reading.details, host), before)}\n`;
}

/** All open stats streams: a frame for each at each beat, made once for all clients of a container. */
export class DockerStreams {
  readonly #source: StatsSource;
  readonly #host: DockerHostFacts;
  readonly #clock: Clock;
  readonly #clients: StreamClients<{ readonly key: string }>;
  readonly #sender = new BeatSender(() => this.#sendAll());

  constructor(parts: { source: StatsSource; host: DockerHostFacts; clock: Clock; maxStreams: number }) {
    this.#source = parts.source;
    this.#host = parts.host;
    this.#clock = parts.clock;
    this.#clients = new StreamClients(parts.maxStreams);
  }

  get counts(): StreamCounts {
    return this.#clients.counts;
  }

  get isFull(): boolean {
    return this.#clients.isFull;
  }

  /** Takes an answer whose headers are sent, and sends its first frame. */
  open(response: ServerResponse, card: ContainerCard): void {
    const client = this.#clients.open(response, { key: card.key });
    client.frame(frameText(card, this.#source.entry(card.key), this.#host), this.#clock.monotonicMs());
  }

  /** At each beat. One that comes while the last one's frames are still being sent replaces it. */
  async beat(): Promise<void> {
    if (this.#clients.size > 0) await this.#sender.beat();
  }

  async #sendAll(): Promise<void> {
    const cards = new Map(this.#source.cards().map((card) => [card.key, card]));
    const texts = new Map<string, string>();
    const share = new LoopShare(this.#clock);
    for (const [client, { key }] of this.#clients.entries()) {
      const card = cards.get(key);
      if (card === undefined) {
        client.end(); // docker ends a stream when the container is removed, not when it stops
        continue;
      }
      const text = texts.get(key) ?? frameText(card, this.#source.entry(key), this.#host);
      texts.set(key, text);
      client.frame(text, this.#clock.monotonicMs());
      if (share.isUsedUp) await share.giveBack();
    }
  }
}
