import { createServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import type { Writable } from 'node:stream';
import { constants, createGzip } from 'node:zlib';
import { FatalError } from './lifecycle.ts';
import { listenOnSocket } from './status-socket.ts';

/** Prometheus text, whole or in chunks; the bytes of one may be written over when the second after it is asked for. */
export type MetricsText = string | Iterable<string | Uint8Array>;

export interface StatusParts {
  /** `undefined` when healthy, else one sentence that tells what is wrong. */
  readonly unhealthy: () => string | undefined;
  /** `undefined` when ready, else one sentence that tells what is missing. */
  readonly unready: () => string | undefined;
  readonly metrics: () => MetricsText | Promise<MetricsText>;
  /** Further JSON documents by path, such as `/status`. */
  readonly documents?: Readonly<Record<string, () => unknown>>;
  /** Answers what is not among these, by any method; gives `false`, and touches nothing, for a path that is not its own. */
  readonly further?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

export interface StatusServer extends AsyncDisposable {
  /** `ADDRESS:PORT` it really listens on. */
  readonly listen: string;
}

const PROMETHEUS_TEXT = 'text/plain; version=0.0.4; charset=utf-8';

/** Whether a client takes gzip, by RFC 9110 §12.5.3; `gzip;q=0` refuses it. */
export function takesGzip(acceptEncoding: string | undefined): boolean {
  const codings = (acceptEncoding ?? '').toLowerCase().split(',');
  const weights = new Map(
    codings.map((coding) => {
      const [name = '', ...parameters] = coding.split(';').map((part) => part.trim());
      const weight = parameters.find((parameter) => parameter.startsWith('q='));
      return [name, weight === undefined ? 1 : Number(weight.slice(2))] as const;
    }),
  );
  return (weights.get('gzip') ?? weights.get('*') ?? 0) > 0;
}

/** Resolves when a stream has used up a chunk, or never will. */
async function usedUp(out: Writable, chunk: Uint8Array | string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const settle = (): void => {
    resolve(undefined);
  };
  out.once('close', settle).write(chunk, settle);
  await promise;
  out.off('close', settle);
}

/** While one chunk is compressed, or taken by the client, the next is made. After each, everything else has its turn. */
async function writeChunks(out: Writable, chunks: Iterable<Uint8Array | string>): Promise<void> {
  let before = Promise.resolve();
  for (const chunk of chunks) {
    await before;
    if (out.destroyed) return;
    before = usedUp(out, chunk);
    await new Promise(setImmediate);
  }
  await before;
  out.end();
}

/**
 * Text of this sort shrinks to a sixth at the fastest level already. What repeats is in the lines just before: with a window of
 * 8 KiB, and tables that fit a processor's nearest cache, it takes two thirds of the time of one of 32 KiB, and is no larger.
 */
const GZIP = { level: constants.Z_BEST_SPEED, windowBits: 13, chunkSize: 64 * 1024 };

async function writeMetrics(
  request: IncomingMessage,
  response: ServerResponse,
  metrics: StatusParts['metrics'],
): Promise<void> {
  // Headers only afterwards: what fails here must be a 500, not a cut 200.
  const body = await metrics();
  const chunks = typeof body === 'string' ? [body] : body;
  const gzip = takesGzip(request.headers['accept-encoding']) ? createGzip(GZIP) : undefined;
  response.writeHead(200, {
    'content-type': PROMETHEUS_TEXT,
    vary: 'Accept-Encoding',
    ...(gzip === undefined ? {} : { 'content-encoding': 'gzip' }),
  });
  if (gzip === undefined) {
    await writeChunks(response, chunks);
    return;
  }
  // A client that goes takes the compressor with it.
  response.once('close', () => gzip.destroy());
  gzip.pipe(response);
  await writeChunks(gzip, chunks);
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

async function answerGet(parts: StatusParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [path = '/'] = (request.url ?? '/').split('?', 1);
  const documents = parts.documents ?? {};
  const document = Object.hasOwn(documents, path) ? documents[path] : undefined;
  if (path === '/healthz') {
    writeState(response, parts.unhealthy());
  } else if (path === '/readyz') {
    writeState(response, parts.unready());
  } else if (path === '/metrics') {
    await writeMetrics(request, response, parts.metrics);
  } else if (document !== undefined) {
    writeDocument(response, document());
  } else if (parts.further?.(request, response) !== true) {
    notFound(response, Object.keys(documents));
  }
}

async function answer(parts: StatusParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method === 'GET' || request.method === 'HEAD') await answerGet(parts, request, response);
  else if (parts.further?.(request, response) !== true) response.writeHead(405, { allow: 'GET, HEAD' }).end();
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
      // What was begun as a 200 must not end as a whole one.
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end(`${String(error)}\n`);
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
