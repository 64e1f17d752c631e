import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server as HttpServer,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer, type Server as HttpsServer } from 'node:https';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';
import { Server } from 'socket.io';
import type { ListenAddress } from '../../native/host/config.ts';
import { listenOn } from '../../native/host/status-server.ts';
import type { Env } from './http.ts';
import { MAX_AGENT_BYTES, type MessageBounds } from './message-bounds.ts';
import type { Caller, RequestGuard } from './request-guard.ts';
import type { TlsFiles } from './tls-files.ts';

/**
 * The socket.io server. A browser names its origin, and only ours may open a connection; an agent names none, and is asked for
 * its token by its namespace.
 */
export function createSocketServer(guard: () => RequestGuard): Server {
  return new Server({
    serveClient: false,
    transports: ['websocket', 'polling'],
    maxHttpBufferSize: MAX_AGENT_BYTES,
    pingInterval: 10_000,
    pingTimeout: 8000,
    connectTimeout: 10_000,
    // 27 times the CPU for half the bytes.
    perMessageDeflate: false,
    httpCompression: false,
    allowRequest: (request, callback) => {
      const place = guard().place(request);
      // Without an origin it is no browser's websocket: an agent may have dialled any name of ours, through any proxy.
      const complaint =
        place.origin === undefined ? undefined : (guard().host(place) ?? guard().origin(place, 'no-contradiction'));
      callback(complaint ?? null, complaint === undefined);
    },
  });
}

type WebServer = HttpServer | HttpsServer;

/** An address that is bound; `listen` is how it came out, `ADDRESS:PORT`. */
export interface BoundServer {
  readonly server: WebServer;
  readonly listen: string;
}

/** Until everything behind it stands; a request must not wait for an answer that never comes. */
const notYet: RequestListener = (_request, response) => {
  response.writeHead(503, { 'retry-after': '1' }).end('starting\n');
};

async function openListener(at: ListenAddress, tls: TlsFiles | undefined): Promise<BoundServer> {
  const server =
    tls === undefined
      ? createServer(notYet)
      : createTlsServer({ cert: tls.cert, key: tls.key, minVersion: 'TLSv1.2' }, notYet);
  server.requestTimeout = 30_000;
  server.headersTimeout = 10_000;
  return { server, listen: await listenOn(server, { ...at, setting: '--listen' }) };
}

/** Binds every address, or none; all with TLS, or none. @throws {FatalError} */
export async function openListeners(
  addresses: readonly ListenAddress[],
  tls: TlsFiles | undefined,
): Promise<readonly BoundServer[]> {
  const bound: BoundServer[] = [];
  try {
    for (const at of addresses) bound.push(await openListener(at, tls));
    return bound;
  } catch (error) {
    for (const { server } of bound) server.close();
    throw error;
  }
}

/** Serves another certificate from now on. */
export function useCertificate(bound: readonly BoundServer[], { cert, key }: TlsFiles): void {
  for (const { server } of bound)
    if ('setSecureContext' in server) server.setSecureContext({ cert, key, minVersion: 'TLSv1.2' });
}

/** Of every answer, whoever makes it: the app's pages have a policy that lets their own scripts run. */
const GUARDING = new Headers({
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
});

/** A bound address that answers. */
export interface Listener {
  readonly server: WebServer;
  readonly engine: { close(): unknown };
}

export interface ServedParts {
  readonly app: Hono<Env>;
  readonly io: Server;
  readonly bounds: MessageBounds;
}

/** Lets a bound address answer. */
export function serve(server: WebServer, { app, io, bounds }: ServedParts): Listener {
  const listener = getRequestListener(app.fetch);
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    void listener(request, response);
  });
  io.attach(server);
  bounds.watch(io.engine);
  // Before socket.io, which answers by itself what is its own.
  server.prependListener('request', (_request, response: ServerResponse) => {
    response.setHeaders(GUARDING);
  });
  return { server, engine: io.engine };
}

/** Ends every connection and every listener. */
export async function closeListeners(listeners: readonly Listener[]): Promise<void> {
  await Promise.all(
    listeners.map(async ({ server, engine }) => {
      const closed = new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
      // Upgraded connections are the engine's, all others the server's.
      engine.close();
      server.closeAllConnections();
      await closed;
    }),
  );
}

/** Who a browser's socket is of, or the sentence that tells why it is not let in. */
export function admitBrowser(guard: RequestGuard, request: IncomingMessage): Caller | string {
  const place = guard.place(request);
  const websocket = request.headers.upgrade !== undefined;
  const complaint = guard.host(place) ?? guard.origin(place, websocket ? 'origin' : 'any-proof');
  if (complaint !== undefined) return complaint;
  return guard.visitor(request) ?? 'not logged in, or the login is over';
}
