import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { lookUp, type ContainerCard } from '../model/container-card.ts';
import { API_ROUTES, CONTAINER_PARAMETERS, openApiDocument, STATE_CHOICES } from '../model/openapi.ts';
import {
  API_PREFIX,
  containerViewSchema,
  EVENT_STREAM,
  hardwareSchema,
  hostViewSchema,
  NDJSON,
  PROBLEM_JSON,
  processesSchema,
  problemSchema,
  STATS_PATH,
  statsTickSchema,
  STATUS_VERSION,
  type HardwareView,
  type Problem,
  type ProcessesView,
  type StatsTick,
} from '../status-wire.ts';
import type { StatsStream, StreamForm, ViewSource } from './stats-stream.ts';

export interface StatsApiParts {
  readonly source: ViewSource;
  readonly stream: StatsStream;
  /** A living container's processes as they are now; `undefined` for one that ended. */
  readonly processes: (key: string) => Promise<ProcessesView> | undefined;
  readonly hardware: () => Promise<HardwareView>;
  readonly version: string;
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  409: 'Conflict',
  414: 'URI Too Long',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** An answer that is none, told as RFC 9457 wants it. */
class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly status: number;

  constructor(status: number, detail: string) {
    super(detail);
    this.status = status;
  }
}

const MAX_TARGET = 8192;
/** After a container's name or id, in which a slash is percent-encoded. */
const PROCESSES = '/processes';
/** What the document's components are made from; one that holds another refers to it. */
const COMPONENTS = z.registry<{ id: string }>();
COMPONENTS.add(containerViewSchema, { id: 'Container' });
COMPONENTS.add(hostViewSchema, { id: 'Host' });
COMPONENTS.add(statsTickSchema, { id: 'Stats' });
COMPONENTS.add(hardwareSchema, { id: 'Hardware' });
COMPONENTS.add(processesSchema, { id: 'Processes' });
COMPONENTS.add(problemSchema, { id: 'Problem' });

/** In a stream's form: the first of the client's that is known; NDJSON for whoever takes anything. */
export function streamFormOf(accept: string | undefined): StreamForm | undefined {
  for (const part of (accept ?? '*/*').toLowerCase().split(',')) {
    const type = part.split(';', 1)[0]?.trim() ?? '';
    if (type === EVENT_STREAM) return 'sse';
    if ([NDJSON, 'application/json', 'application/*', '*/*'].includes(type)) return 'ndjson';
  }
  return undefined;
}

function sendJson(response: ServerResponse, reply: { status: number; type: string; body: object }): void {
  const body = `${JSON.stringify(reply.body)}\n`;
  response.writeHead(reply.status, {
    'Content-Type': reply.type,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
  });
  response.end(body);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new ProblemError(400, `the path holds ${JSON.stringify(text.slice(0, 80))}: expected a percent-encoded name`);
  }
}

function schemas(): Record<string, unknown> {
  const found = z.toJSONSchema(COMPONENTS, { io: 'input', uri: (id) => `#/components/schemas/${id}` }).schemas;
  // OpenAPI 3.1 implies the draft, and has the address already.
  return Object.fromEntries(
    Object.entries(found).map(([name, { $schema: _draft, $id: _address, ...schema }]) => [name, schema]),
  );
}

const isOwn = (path: string): boolean =>
  path === STATS_PATH || path === API_PREFIX || path.startsWith(`${API_PREFIX}/`);

/** `GET /stats` and `/api/v1`. */
export class StatsApi {
  readonly #parts: StatsApiParts;
  readonly #document: object;
  #hardwareAsked: Promise<HardwareView> | undefined;

  constructor(parts: StatsApiParts) {
    this.#parts = parts;
    this.#document = openApiDocument(parts.version, schemas());
  }

  /** Answers a request for one of its paths; `false`, and nothing touched, for any other. */
  answer(request: IncomingMessage, response: ServerResponse): boolean {
    const [path = '/'] = (request.url ?? '/').split('?', 1);
    if (!isOwn(path)) return false;
    this.#answerOwn(request, response).catch((error: unknown) => {
      this.#fail(response, error);
    });
    return true;
  }

  async #answerOwn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url = '/', method = 'GET' } = request;
    const [path = '/', query = ''] = url.split(/\?(.*)/s, 2);
    if (url.length > MAX_TARGET) throw new ProblemError(414, 'the request target is too long');
    if (method !== 'GET' && method !== 'HEAD')
      throw new ProblemError(405, `this API is read-only: ${method.slice(0, 20)} is not served`);
    if (path === STATS_PATH) this.#openStream(request, response);
    else {
      const body = await this.#body(path, new URLSearchParams(query));
      sendJson(response, { status: 200, type: 'application/json', body });
    }
  }

  #fail(response: ServerResponse, error: unknown): void {
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const status = error instanceof ProblemError ? error.status : 500;
    const detail = error instanceof Error ? error.message : String(error);
    const body: Problem = { type: 'about:blank', title: TITLES[status] ?? 'Error', status, detail };
    sendJson(response, { status, type: PROBLEM_JSON, body });
  }

  #body(path: string, query: URLSearchParams): object | Promise<object> {
    const { source } = this.#parts;
    if (path === API_ROUTES.host) return source.host();
    if (path === API_ROUTES.hardware) return this.#hardware();
    if (path === API_ROUTES.openapi) return this.#document;
    if (path === API_ROUTES.containers) return this.#containers(query);
    const prefix = `${API_ROUTES.containers}/`;
    const [rest = '', ofProcesses] = (path.startsWith(prefix) ? path.slice(prefix.length) : '').split(PROCESSES, 2);
    const word = decoded(rest);
    if (word !== '' && ofProcesses === '') return this.#processes(this.#find(word));
    if (word === '' || ofProcesses !== undefined)
      throw new ProblemError(404, `there is no ${path.slice(0, 200)}: ${API_ROUTES.openapi} tells what there is`);
    return source.view(this.#find(word));
  }

  /** Looked up for the first who asks; a failure is not kept. */
  #hardware(): Promise<HardwareView> {
    this.#hardwareAsked ??= this.#parts.hardware().catch((error: unknown) => {
      this.#hardwareAsked = undefined;
      throw error;
    });
    return this.#hardwareAsked;
  }

  #processes({ key, name }: ContainerCard): Promise<object> {
    const found = this.#parts.processes(key);
    if (found === undefined) throw new ProblemError(404, `${JSON.stringify(name)} has ended: it has no processes`);
    return found;
  }

  #find(word: string): ContainerCard {
    const found = lookUp(this.#parts.source.cards(), word);
    if (found.kind === 'found') return found.card;
    const shown = JSON.stringify(word.slice(0, 256));
    if (found.kind === 'none') throw new ProblemError(404, `no container has the name or id ${shown}`);
    throw new ProblemError(409, `${shown} fits ${found.count} containers: give more of the id`);
  }

  #containers(query: URLSearchParams): StatsTick {
    const { source } = this.#parts;
    const unknown = [...query.keys()].find((key) => !CONTAINER_PARAMETERS.includes(key));
    if (unknown !== undefined)
      throw new ProblemError(
        400,
        `${JSON.stringify(unknown.slice(0, 40))} is no parameter: expected ${CONTAINER_PARAMETERS.join(', ')}`,
      );
    const state = query.get('state') ?? 'alive';
    if (!STATE_CHOICES.some((choice) => choice === state))
      throw new ProblemError(
        400,
        `state is ${JSON.stringify(state.slice(0, 40))}: expected ${STATE_CHOICES.join(', ')}`,
      );
    const [name, runtime] = [query.get('name') ?? '', query.get('runtime')];
    const fits = (card: ContainerCard): boolean =>
      (state === 'all' || card.state === state || (state === 'alive' && card.exit === undefined)) &&
      card.name.includes(name) &&
      (runtime === null || card.runtime === runtime);
    return {
      v: STATUS_VERSION,
      timeUnixMs: source.timeUnixMs(),
      host: source.host(),
      containers: source
        .cards()
        .filter(fits)
        .map((card) => source.view(card)),
    };
  }

  #openStream(request: IncomingMessage, response: ServerResponse): void {
    const form = streamFormOf(request.headers.accept);
    if (form === undefined) throw new ProblemError(406, `Accept allows none of ${NDJSON} and ${EVENT_STREAM}`);
    const { stream } = this.#parts;
    if (stream.isFull) throw new ProblemError(503, 'too many streams are open');
    response.writeHead(200, {
      'Content-Type': form === 'sse' ? EVENT_STREAM : NDJSON,
      'Cache-Control': 'no-store',
      // A proxy that gathers an answer would hold back what is meant for now.
      'X-Accel-Buffering': 'no',
    });
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    response.flushHeaders();
    stream.open(response, form);
  }
}
