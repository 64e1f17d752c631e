import type { ServerResponse } from 'node:http';
import { DockerError } from '../model/docker-request.ts';
import { eventFits, eventObject, type ContainerEvent } from '../model/docker-event.ts';
import { parseFilters, type DockerFilters } from '../model/docker-filter.ts';
import { StreamClients, type StreamCounts } from './http-stream.ts';

interface Wanted {
  readonly filters: DockerFilters;
  /** Unix milliseconds. */
  readonly sinceMs: number | undefined;
  readonly untilMs: number | undefined;
}

/** Unix seconds with a fraction, RFC 3339, or a duration before now such as `10m`. @throws {DockerError} 400 */
function timeOf(query: URLSearchParams, name: string, nowMs: number): number | undefined {
  const text = query.get(name);
  if (text === null || text === '' || text === '0') return undefined;
  const ago = /^(\d{1,9})(s|m|h)$/.exec(text);
  if (ago !== null) return nowMs - Number(ago[1]) * ({ s: 1000, m: 60_000, h: 3_600_000 }[ago[2] ?? ''] ?? 1000);
  const atMs = /^\d{1,12}(\.\d{1,9})?$/.test(text) ? Number(text) * 1000 : Date.parse(text);
  if (Number.isNaN(atMs))
    throw new DockerError(
      400,
      `${name} is ${JSON.stringify(text.slice(0, 60))}: expected Unix seconds, RFC 3339 or 10m`,
    );
  return atMs;
}

const lineOf = (event: ContainerEvent): string => `${JSON.stringify(eventObject(event))}\n`;

/** All open `GET /events` streams. */
export class DockerEvents {
  readonly #recent: () => readonly ContainerEvent[];
  readonly #clients: StreamClients<Wanted>;

  constructor(parts: { readonly recent: () => readonly ContainerEvent[]; readonly maxStreams: number }) {
    this.#recent = parts.recent;
    this.#clients = new StreamClients(parts.maxStreams);
  }

  get counts(): StreamCounts {
    return this.#clients.counts;
  }

  /** What a query asks for. @throws {DockerError} 400 */
  static wantedOf(query: URLSearchParams, nowMs: number): Wanted {
    const sinceMs = timeOf(query, 'since', nowMs);
    const untilMs = timeOf(query, 'until', nowMs);
    if (sinceMs !== undefined && untilMs !== undefined && sinceMs > untilMs) {
      const [since, until] = ['since', 'until'].map((name) => query.get(name)?.slice(0, 60));
      throw new DockerError(400, `\`since\` time (${since}) cannot be after \`until\` time (${until})`);
    }
    // Docker refuses no name of a filter here, and so tells everything to who misspells one.
    return { filters: parseFilters(query.get('filters')), sinceMs, untilMs };
  }

  get isFull(): boolean {
    return this.#clients.isFull;
  }

  /** Takes an answer whose headers are sent. */
  open(response: ServerResponse, wanted: Wanted, nowMs: number): void {
    const client = this.#clients.open(response, wanted);
    const { sinceMs, untilMs, filters } = wanted;
    if (sinceMs !== undefined || untilMs !== undefined) {
      for (const event of this.#recent()) {
        const inTime = event.atUnixMs >= (sinceMs ?? 0) && event.atUnixMs <= (untilMs ?? Infinity);
        if (inTime && eventFits(event, filters)) client.event(lineOf(event));
      }
    }
    if (untilMs === undefined) return;
    if (untilMs <= nowMs) client.end();
    else client.endAfter(untilMs - nowMs);
  }

  tell(event: ContainerEvent): void {
    if (this.#clients.size === 0) return;
    const line = lineOf(event);
    for (const [client, { filters }] of this.#clients.entries()) if (eventFits(event, filters)) client.event(line);
  }
}
