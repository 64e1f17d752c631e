import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { FatalError } from './lifecycle.ts';

export interface StatusParts {
  /** `undefined` when healthy, else one sentence that tells what is wrong. */
  readonly unhealthy: () => string | undefined;
  /** `undefined` when ready, else one sentence that tells what is missing. */
  readonly unready: () => string | undefined;
  /** Prometheus text, whole or in chunks. */
  readonly metrics: () => Promise<string> | Iterable<string>;
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

async function answer(parts: StatusParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = (request.url ?? '/').split('?', 1)[0];
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
  } else if (path === '/healthz') {
    writeState(response, parts.unhealthy());
  } else if (path === '/readyz') {
    writeState(response, parts.unready());
  } else if (path === '/metrics') {
    await writeMetrics(response, parts.metrics);
  } else {
    response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' });
    response.end('not found: try /healthz, /readyz or /metrics\n');
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

/** Serves `/healthz`, `/readyz` and `/metrics`; unauthenticated, so bind it where only operators reach it. @throws {FatalError} */
export async function startStatusServer(
  parts: StatusParts,
  at: { readonly host: string; readonly port: number; readonly setting: string },
): Promise<StatusServer> {
  const server = createServer((request, response) => {
    answer(parts, request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500);
      response.end(`${String(error)}\n`);
    });
  });
  server.requestTimeout = 10_000;
  const listen = await listenOn(server, at);
  return {
    listen,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
    },
  };
}
