import { createHash, timingSafeEqual } from 'node:crypto';
import { chmod, chown } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { FatalError } from '../../native/host/lifecycle.ts';
import { listenOn } from '../../native/host/status-server.ts';
import { listenOnSocket, StatusSocketError } from '../../native/host/status-socket.ts';

export interface DoorParts {
  readonly answer: (request: IncomingMessage, response: ServerResponse) => void;
  /** The body for what was wrong with a request that never became one. */
  readonly complaint: (status: number, sentence: string) => string;
  /** More are refused; each open stream is one. */
  readonly maxConnections: number;
}

/** A client that sends its request slower than this is let go; an answer may take as long as it wants. */
const REQUEST_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_MS = 60_000;
const MAX_HEADER_BYTES = 16 * 1024;

const WHAT_IS_WRONG: Readonly<Record<string, readonly [status: number, reason: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout'],
};

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

function refuse(socket: Duplex, error: unknown, complaint: DoorParts['complaint']): void {
  if (!socket.writable || codeOf(error) === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [status, reason] = WHAT_IS_WRONG[codeOf(error)] ?? [400, 'Bad Request'];
  const body = complaint(status, `the request is not HTTP/1.1: ${codeOf(error)}`);
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

function createDoor(parts: DoorParts): Server {
  const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES }, (request, response) => {
    // A body would be read by nobody: what is in it is thrown away as it comes.
    request.resume();
    parts.answer(request, response);
  });
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.headersTimeout = REQUEST_TIMEOUT_MS;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.maxConnections = parts.maxConnections;
  server.on('clientError', (error, socket) => {
    refuse(socket, error, parts.complaint);
  });
  return server;
}

async function closeDoor(server: Server): Promise<void> {
  server.closeAllConnections();
  const { promise, resolve } = Promise.withResolvers<undefined>();
  server.close(() => {
    resolve(undefined);
  });
  await promise;
}

export interface SocketPlace {
  readonly path: string;
  /** Members of this group may connect too; 0600 without, 0660 with it. */
  readonly groupId: number | undefined;
  readonly setting: string;
}

/** Listens on a unix socket, whose file goes with it. @throws {FatalError} when somebody listens there, or it cannot be made. */
export async function openSocketDoor(parts: DoorParts, place: SocketPlace): Promise<AsyncDisposable> {
  const server = createDoor(parts);
  try {
    await listenOnSocket(server, place.path);
    if (place.groupId !== undefined) {
      await chown(place.path, -1, place.groupId);
      await chmod(place.path, 0o660);
    }
  } catch (cause) {
    const why = cause instanceof StatusSocketError ? cause.message : `${place.path}: ${String(cause)}`;
    throw new FatalError(`cannot listen on ${why}; choose another with ${place.setting}`, { cause });
  }
  return { [Symbol.asyncDispose]: () => closeDoor(server) };
}

export interface TcpDoor extends AsyncDisposable {
  /** `ADDRESS:PORT` it really listens on. */
  readonly listen: string;
}

/** @throws {FatalError} when the port is in use. */
export async function openTcpDoor(
  parts: DoorParts,
  place: { readonly host: string; readonly port: number; readonly setting: string },
): Promise<TcpDoor> {
  const server = createDoor(parts);
  const listen = await listenOn(server, place);
  return { listen, [Symbol.asyncDispose]: () => closeDoor(server) };
}

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Whether a request carries `Authorization: Bearer <token>`; compared in constant time. */
export function carriesToken(request: IncomingMessage, token: string): boolean {
  const given = /^Bearer (\S{1,512})$/i.exec(request.headers.authorization ?? '')?.[1];
  return given !== undefined && timingSafeEqual(digestOf(given), digestOf(token));
}
