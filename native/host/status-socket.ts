import { chmod, lstat, unlink } from 'node:fs/promises';
import { request } from 'node:http';
import { connect, type Server } from 'node:net';
import { dirname } from 'node:path';
import { makeFolder } from './make-folder.ts';

/** A status socket cannot be made, or nobody answers at it; `path` names it. */
export class StatusSocketError extends Error {
  override readonly name = 'StatusSocketError';
  readonly path: string;
  /** No process listens there: it is not there, or was left by one that was killed. */
  readonly nobodyListens: boolean;

  constructor(
    path: string,
    reason: string,
    options: { readonly nobodyListens?: boolean; readonly cause?: unknown } = {},
  ) {
    super(`${path}: ${reason}`, { cause: options.cause });
    this.path = path;
    this.nobodyListens = options.nobodyListens ?? false;
  }
}

/** sun_path of the kernel, less its closing zero; Node would cut a longer one off. */
const MAX_PATH_BYTES = 107;
const ANSWER_WITHIN_MS = 10_000;

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

async function bind(server: Server, path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  server.once('error', reject);
  server.listen({ path }, () => {
    resolve(undefined);
  });
  try {
    await promise;
  } finally {
    server.removeListener('error', reject);
  }
}

async function isAnswered(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ path });
  socket.once('connect', () => {
    resolve(true);
  });
  socket.once('error', () => {
    resolve(false);
  });
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}

/** Takes away the socket of a process that was killed. @throws {StatusSocketError} if somebody listens, or it is no socket. */
async function removeLeftover(path: string, cause: unknown): Promise<void> {
  if (!(await lstat(path)).isSocket())
    throw new StatusSocketError(path, 'there is a file that is no socket', { cause });
  if (await isAnswered(path)) throw new StatusSocketError(path, 'another process listens there', { cause });
  await unlink(path);
}

/** Binds a server to a unix socket, mode 0600, in place of one that a killed process left. @throws {StatusSocketError} */
export async function listenOnSocket(server: Server, path: string): Promise<void> {
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
    throw new StatusSocketError(path, `a socket's path has at most ${MAX_PATH_BYTES} bytes`);
  }
  try {
    await makeFolder(dirname(path));
    try {
      await bind(server, path);
    } catch (cause) {
      if (codeOf(cause) !== 'EADDRINUSE') throw cause;
      await removeLeftover(path, cause);
      await bind(server, path);
    }
    await chmod(path, 0o600);
  } catch (cause) {
    if (cause instanceof StatusSocketError) throw cause;
    throw new StatusSocketError(path, cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function unansweredReason(path: string, cause: unknown): StatusSocketError {
  const code = codeOf(cause);
  if (code === 'ENOENT') return new StatusSocketError(path, 'there is no such socket', { nobodyListens: true, cause });
  if (code === 'ECONNREFUSED')
    return new StatusSocketError(path, 'nobody listens there', { nobodyListens: true, cause });
  if (code === 'EACCES') return new StatusSocketError(path, 'only the user of the agent may ask: be root', { cause });
  return new StatusSocketError(path, cause instanceof Error ? cause.message : String(cause), { cause });
}

/** GET over a unix socket; the body of a 200. @throws {StatusSocketError} */
export async function readStatusSocket(path: string, urlPath: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const outgoing = request({ socketPath: path, path: urlPath, agent: false, timeout: ANSWER_WITHIN_MS }, (response) => {
    const chunks: string[] = [];
    response.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk));
    response.once('error', reject);
    response.once('end', () => {
      const body = chunks.join('');
      if (response.statusCode === 200) resolve(body);
      else
        reject(
          new StatusSocketError(
            path,
            `answered ${urlPath} with ${response.statusCode ?? 0}: ${body.trim().slice(0, 200)}`,
          ),
        );
    });
  });
  outgoing.once('timeout', () => {
    outgoing.destroy(new StatusSocketError(path, `no answer within ${ANSWER_WITHIN_MS / 1000} s`));
  });
  outgoing.once('error', reject);
  outgoing.end();
  try {
    return await promise;
  } catch (cause) {
    if (cause instanceof StatusSocketError) throw cause;
    throw unansweredReason(path, cause);
  }
}
