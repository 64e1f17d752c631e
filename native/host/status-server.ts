import { createServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { FatalError } from './lifecycle.ts';
import { listenOnSocket } from './status-socket.ts';

export interface StatusParts {
  /** `undefined` when healthy, else one sentence that tells what is wrong. */
  readonly unhealthy: () => string | undefined;
  /** `undefined` when ready, else one sentence that tells what is missing. */
  readonly unready: () => string | undefined;
  /** Prometheus text, whole or in chunks. */
  readonly metrics: () => Promise<string> | Iterable<string>;
  /** Further JSON documents by path, such as `/status`. */
  readonly documents?: Readonly<Record<string, () => unknown>>;
}

export interface StatusServer extends AsyncDisposable {
  /** `ADDRESS:PORT` it really listens on. */
  readonly listen: string;
}

const PROMETHEUS_TEXT = 'text/plain; version=0.0.4; charset=utf-8';

async function writeChunks(response: ServerResponse, chunks: Iterable<string>): Promise<void> {
  for (const chunk of chunks) {
    response.write(chunk);
    // Between families the event loop may run: a scrape must not hold up the tick.
    await new Promise(setImmediate);
  }
}

async function writeMetrics(response: ServerResponse, metrics: StatusParts['metrics']): Promise<void> {
  const body = metrics();
  // Headers only after the text is there: a family that fails must be a 500, not a cut 200.
  const text = body instanceof Promise ? await body : undefined;
  response.writeHead(200, { 'content-type': PROMETHEUS_TEXT });
  if (!(body instanceof Promise)) await writeChunks(response, body);
  response.end(text);
}

function writeState(response: ServerResponse, complaint: string | undefined): void {
  response.writeHead(complaint === undefined ? 200 : 503, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(`${complaint ?? 'ok'}\n`);
}

function writeDocument(response: ServerResponse, document: unknown): void {
  // The text first: what cannot be written must be a 500, not a cut 200.
  const text = JSON.stringify(document);
  response.writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
  response.end(`${text}\n`);
}

function notFound(response: ServerResponse, documents: readonly string[]): void {
  const paths = ['/healthz', '/readyz', ...documents];
  response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(`not found: try ${paths.join(', ')} or /metrics\n`);
}

async function answer(parts: StatusParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [path = '/'] = (request.url ?? '/').split('?', 1);
  const documents = parts.documents ?? {};
  const document = Object.hasOwn(documents, path) ? documents[path] : undefined;
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
  } else if (path === '/healthz') {
    writeState(response, parts.unhealthy());
  } else if (path === '/readyz') {
    writeState(response, parts.unready());
  } else if (path === '/metrics') {
    await writeMetrics(response, parts.metrics);
  } else if (document !== undefined) {
    writeDocument(response, document());
  } else {
    notFound(response, Object.keys(documents));
  }
}

/** Binds a server; the sentence of a port in use names the address and the setting. @throws {FatalError} */
export async function listenOn(
  server: Server,
  at: { readonly host: string; readonly port: number; readonly setting: string },
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  server.once('error', reject);
  server.listen({ host: at.host, port: at.port }, () => {
    resolve(undefined);
  });
  try {
    await promise;
  } catch (cause) {
    const why =
      cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE'
        ? 'another process listens there'
        : String(cause);
    throw new FatalError(`cannot listen on ${at.host}:${at.port}: ${why}; choose another with ${at.setting}`, {
      cause,
    });
  }
  server.removeListener('error', reject);
  const { address, port, family } = server.address() as AddressInfo;
  return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`;
}

function createStatusServer(parts: StatusParts): HttpServer {
  const server = createServer((request, response) => {
    answer(parts, request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500);
      response.end(`${String(error)}\n`);
    });
  });
  server.requestTimeout = 10_000;
  return server;
}

async function closeServer(server: HttpServer): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
}

/** Serves `/healthz`, `/readyz`, `/metrics` and the documents; unauthenticated, so bind it where only operators reach it. @throws {FatalError} */
export async function startStatusServer(
  parts: StatusParts,
  at: { readonly host: string; readonly port: number; readonly setting: string },
): Promise<StatusServer> {
  const server = createStatusServer(parts);
  const listen = await listenOn(server, at);
  return { listen, [Symbol.asyncDispose]: () => closeServer(server) };
}

/** Serves the same on a unix socket for its owner alone; the file goes with it. @throws {StatusSocketError} */
export async function startStatusSocket(parts: StatusParts, path: string): Promise<AsyncDisposable> {
  const server = createStatusServer(parts);
  await listenOnSocket(server, path);
  return { [Symbol.asyncDispose]: () => closeServer(server) };
}
