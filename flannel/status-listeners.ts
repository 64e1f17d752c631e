import type { Logger } from '../native/host/log.ts';
import { startStatusServer, startStatusSocket, type StatusParts } from '../native/host/status-server.ts';
import { StatusSocketError } from '../native/host/status-socket.ts';
import { metricsOf } from './metrics.ts';
import { statusDocument } from './status-document.ts';
import { STATUS_PATH } from './status-wire.ts';
import type { FlannelStatus } from './status.ts';

export interface StatusListenersOptions {
  readonly status: FlannelStatus;
  readonly startedAtUnixMs: number;
  readonly healthzIp: string;
  /** 0 is off. */
  readonly healthzPort: number;
  /** `undefined` is off. */
  readonly statusSocket: string | undefined;
  readonly log: Logger;
}

export interface StatusListeners extends AsyncDisposable {
  /** `ADDRESS:PORT` of the HTTP server; `undefined` when it is off. */
  readonly listen: string | undefined;
}

/** A socket that cannot be had is no reason to leave a host without its overlay: a second agent of the host has none, say. */
async function socketOf(parts: StatusParts, path: string, log: Logger): Promise<AsyncDisposable | undefined> {
  try {
    return await startStatusSocket(parts, path);
  } catch (error) {
    if (!(error instanceof StatusSocketError)) throw error;
    log.warn(
      { reason: error.message },
      'no status socket: "weft status" cannot ask; choose another with --status-socket',
    );
    return undefined;
  }
}

/** Serves health, readiness, metrics and `/status`, on the port and on the socket as far as they are wanted. @throws {FatalError} */
export async function startStatusListeners(options: StatusListenersOptions): Promise<StatusListeners> {
  const { status, startedAtUnixMs, healthzIp: host, healthzPort: port, statusSocket, log } = options;
  const parts: StatusParts = {
    unhealthy: () => undefined,
    unready: () => status.unready(),
    metrics: metricsOf(status),
    documents: { [STATUS_PATH]: () => statusDocument(status, startedAtUnixMs) },
  };
  await using stack = new AsyncDisposableStack();
  const server = port === 0 ? undefined : await startStatusServer(parts, { host, port, setting: '--healthz-port' });
  stack.use(server);
  if (statusSocket !== undefined) stack.use(await socketOf(parts, statusSocket, log));
  const owned = stack.move();
  return { listen: server?.listen, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
