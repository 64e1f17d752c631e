import { stat } from 'node:fs/promises';
import { request } from 'node:http';
import { userOfRunFolder } from '../model/container.ts';
import { parseJson } from './bounded-file.ts';
import { dockerConfigSchema, type DockerConfig } from './docker-files.ts';

const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
const ANSWER_MS = 2000;

/** The body of a 200 to a GET on a unix socket; `undefined` for anything else, an answer that is too long or too late. */
async function getOverSocket(socket: string, path: string, signal: AbortSignal): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const limit = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
  const sent = request({ socketPath: socket, path, headers: { host: 'weft' }, signal: limit }, (answer) => {
    const parts: Buffer[] = [];
    let length = 0;
    if (answer.statusCode !== 200) answer.destroy();
    answer.on('data', (part: Buffer) => {
      length += part.length;
      if (length > MAX_ANSWER_BYTES) answer.destroy();
      else parts.push(part);
    });
    answer.on('end', () => {
      resolve(Buffer.concat(parts).toString('utf8'));
    });
    answer.on('error', () => {
      resolve(undefined);
    });
    answer.on('close', () => {
      resolve(undefined);
    });
  });
  sent.on('error', () => {
    resolve(undefined);
  });
  sent.end();
  return await promise;
}

const EACH_USER = '/run/user/*/';

/**
 * Those of the sockets that may tell of a container of this user, or of one that is nobody's own: of a user's only that user's
 * are asked, where `/run/user/*` stands for each user's folder, so that nobody speaks for another.
 */
export function socketsFor(sockets: readonly string[], user: number | undefined): string[] {
  if (user === undefined) return sockets.filter((socket) => !socket.includes(EACH_USER));
  const own = sockets.map((socket) => socket.replace(EACH_USER, `/run/user/${user}/`));
  return own.filter((socket) => userOfRunFolder(socket) === user);
}

/** Whether a socket is there; one in a user's folder that leads to somebody else's is not. */
async function isSocket(path: string): Promise<boolean> {
  const stats = await stat(path).catch(() => undefined);
  const user = userOfRunFolder(path);
  return stats?.isSocket() === true && (user === undefined || stats.uid === user);
}

/**
 * What the daemons behind docker's API say of a container, for what files do not tell: podman's labels, and docker's all
 * when its folder cannot be read. A socket that is not there is not an error; nothing but this one question is ever asked.
 */
export async function askSockets(
  sockets: readonly string[],
  id: string,
  signal: AbortSignal,
): Promise<DockerConfig | undefined> {
  if (!/^[0-9a-f]{64}$/.test(id)) return undefined;
  for (const socket of sockets) {
    if (!(await isSocket(socket))) continue;
    const answer = await getOverSocket(socket, `/v1.24/containers/${id}/json`, signal);
    const config = parseJson(answer, dockerConfigSchema);
    if (config !== undefined) return config;
  }
  return undefined;
}
