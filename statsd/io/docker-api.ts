import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../native/host/clock.ts';
import type { Logger } from '../../native/host/log.ts';
import { findCard, type ContainerCard } from '../model/container-card.ts';
import type { ContainerEvent } from '../model/docker-event.ts';
import { parseFilters } from '../model/docker-filter.ts';
import { LIST_FILTERS, listed, type ListQuery } from '../model/docker-list.ts';
import { infoObject, inspectObject, summaryObject, versionObject, type DockerHost } from '../model/docker-objects.ts';
import { DockerError, flagOf, MAX_API, parseDockerTarget, type DockerRequest } from '../model/docker-request.ts';
import { emptySample } from '../model/reading.ts';
import { DockerEvents } from './docker-events.ts';
import { DockerStreams, frameText, type StatsSource } from './docker-streams.ts';
import type { StreamCounts } from './http-stream.ts';
import { namePattern } from './name-pattern.ts';

export interface DockerApiParts {
  readonly host: DockerHost;
  readonly source: StatsSource & { readonly recentEvents: () => readonly ContainerEvent[] };
  readonly clock: Clock;
  readonly log: Logger;
}

/** Streams of each kind that may be open; each costs a socket. */
export const MAX_STREAMS = 1024;
/** stream and one-shot came with this version; older ones ignore the second. */
const ONE_SHOT_API = 41;
const NO_STORE = { 'Cache-Control': 'no-cache, no-store, must-revalidate', Pragma: 'no-cache' };

/** The body of an error, as docker writes it. */
export const dockerComplaint = (message: string): string => `${JSON.stringify({ message })}\n`;

const BUSY = (): DockerError => new DockerError(503, `${MAX_STREAMS} streams are open already`);

/** The read-only part of docker's API that stats clients use, for the containers of every runtime. */
export class DockerApi {
  readonly #parts: DockerApiParts;
  readonly #streams: DockerStreams;
  readonly #events: DockerEvents;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(parts: DockerApiParts) {
    this.#parts = parts;
    const { source, clock } = parts;
    const host = { ...parts.host, onlineCpus: parts.host.cpuCores };
    this.#streams = new DockerStreams({ source, clock, host, maxStreams: MAX_STREAMS });
    this.#events = new DockerEvents({ recent: source.recentEvents, maxStreams: MAX_STREAMS });
    this.#headers = {
      'Api-Version': `1.${MAX_API}`,
      'Docker-Experimental': 'false',
      Ostype: 'linux',
      // Clients up to version 28 read the operating system out of the brackets.
      Server: `Docker/weft-${parts.host.weftVersion} (linux)`,
    };
  }

  get counts(): { readonly stats: StreamCounts; readonly events: StreamCounts } {
    return { stats: this.#streams.counts, events: this.#events.counts };
  }

  /** At each beat of the feed, and each second where beats are rarer. */
  async beat(): Promise<void> {
    await this.#streams.beat();
  }

  tell(event: ContainerEvent): void {
    this.#events.tell(event);
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    try {
      const { method = 'GET', url = '/' } = request;
      if (method !== 'GET' && method !== 'HEAD')
        throw new DockerError(405, `this API is read-only: ${method.slice(0, 20)} is not served`);
      this.#route(parseDockerTarget(url), response);
    } catch (error) {
      this.#fail(response, error);
    }
  }

  #fail(response: ServerResponse, error: unknown): void {
    if (!(error instanceof DockerError)) this.#parts.log.error({ err: error }, 'cannot answer docker request');
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const status = error instanceof DockerError ? error.status : 500;
    const message = error instanceof DockerError ? error.message : 'the agent failed; its log tells why';
    this.#send(response, { status, type: 'application/json', body: dockerComplaint(message) });
  }

  #route(request: DockerRequest, response: ServerResponse): void {
    const { route } = request;
    switch (route.kind) {
      case 'ping':
        this.#send(response, { status: 200, type: 'text/plain; charset=utf-8', body: 'OK', extra: NO_STORE });
        return;
      case 'version':
        this.#json(response, versionObject(this.#parts.host));
        return;
      case 'info':
        this.#json(response, infoObject(this.#parts.host, this.#parts.source.cards(), this.#parts.clock.nowMs()));
        return;
      case 'list':
        void this.#answerList(request.query, response);
        return;
      case 'events':
        this.#openEvents(response, request.query);
        return;
      case 'inspect':
        this.#json(response, this.#inspect(this.#find(route.container), request.query));
        return;
      case 'stats':
        this.#stats(request, response, this.#find(route.container));
    }
  }

  async #answerList(query: URLSearchParams, response: ServerResponse): Promise<void> {
    try {
      const filters = parseFilters(query.get('filters'), LIST_FILTERS);
      const fitsName = await namePattern(filters.get('name') ?? []);
      this.#json(response, this.#list(query, { filters, fitsName }));
    } catch (error) {
      this.#fail(response, error);
    }
  }

  #list(query: URLSearchParams, filtered: Pick<ListQuery, 'filters' | 'fitsName'>): object[] {
    const limit = Number(query.get('limit') ?? 0);
    if (!Number.isInteger(limit))
      throw new DockerError(400, `limit is ${String(query.get('limit')).slice(0, 40)}: expected a number`);
    const all = flagOf(query, 'all') === true;
    const wantsSize = flagOf(query, 'size') === true;
    const nowMs = this.#parts.clock.nowMs();
    return listed(this.#parts.source.cards(), { ...filtered, all, limit }).map((card) =>
      summaryObject(card, nowMs, wantsSize ? this.#layerBytes(card) : undefined),
    );
  }

  #inspect(card: ContainerCard, query: URLSearchParams): object {
    const sample = this.#parts.source.entry(card.key)?.now.sample ?? emptySample();
    const object = inspectObject(card, sample, this.#parts.host.memoryTotalBytes);
    const size = flagOf(query, 'size') === true ? this.#layerBytes(card) : undefined;
    return size === undefined ? object : { ...object, SizeRw: size };
  }

  /** As it was measured last: no client makes anybody walk through a layer. */
  #layerBytes(card: ContainerCard): number | undefined {
    return this.#parts.source.entry(card.key)?.details.layer?.usageBytes;
  }

  #find(word: string): ContainerCard {
    return findCard(this.#parts.source.cards(), word);
  }

  #stats(request: DockerRequest, response: ServerResponse, card: ContainerCard): void {
    const stream = flagOf(request.query, 'stream') ?? true;
    const oneShot = request.api >= ONE_SHOT_API && flagOf(request.query, 'one-shot') === true;
    if (stream && oneShot) throw new DockerError(400, 'cannot have stream=true and one-shot=true');
    if (!stream) {
      const { source, host } = this.#parts;
      const facts = { ...host, onlineCpus: host.cpuCores };
      const body = frameText(card, source.entry(card.key), facts);
      this.#send(response, { status: 200, type: 'application/json', body });
      return;
    }
    if (this.#streams.isFull) throw BUSY();
    this.#begin(response, {});
    this.#streams.open(response, card);
  }

  #openEvents(response: ServerResponse, query: URLSearchParams): void {
    const nowMs = this.#parts.clock.nowMs();
    const wanted = DockerEvents.wantedOf(query, nowMs);
    if (this.#events.isFull) throw BUSY();
    this.#begin(response, { 'Content-Type': 'application/json' });
    this.#events.open(response, wanted, nowMs);
  }

  #json(response: ServerResponse, body: object): void {
    this.#send(response, { status: 200, type: 'application/json', body: `${JSON.stringify(body)}\n` });
  }

  /** Headers at once, so that a client knows that its stream is open. */
  #begin(response: ServerResponse, extra: Readonly<Record<string, string>>): void {
    response.writeHead(200, { ...this.#headers, ...extra });
    response.flushHeaders();
  }

  #send(
    response: ServerResponse,
    reply: { status: number; type: string; body: string; extra?: Readonly<Record<string, string>> },
  ): void {
    const headers = { 'Content-Type': reply.type, 'Content-Length': Buffer.byteLength(reply.body) };
    response.writeHead(reply.status, { ...this.#headers, ...reply.extra, ...headers });
    response.end(reply.body);
  }
}
