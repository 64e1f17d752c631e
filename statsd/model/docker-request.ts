/** A request that cannot be answered: HTTP status and docker's sentence. */
export class DockerError extends Error {
  override readonly name = 'DockerError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** What is announced: the highest before 1.52, which changed events and stats. */
export const MAX_API = 51;
/** The lowest that docker's clients fall back to. */
export const MIN_API = 24;

export type DockerRoute =
  | { readonly kind: 'ping' | 'version' | 'info' | 'events' | 'list' }
  | { readonly kind: 'inspect' | 'stats'; readonly container: string };

export interface DockerRequest {
  readonly route: DockerRoute;
  /** The minor number of `1.xx`. */
  readonly api: number;
  readonly query: URLSearchParams;
}

const FIXED: Readonly<Record<string, DockerRoute['kind']>> = {
  '/_ping': 'ping',
  '/version': 'version',
  '/info': 'info',
  '/events': 'events',
  '/containers/json': 'list',
};

const MAX_TARGET = 8192;

function apiOf(version: string | undefined): number {
  if (version === undefined) return MAX_API;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const api = major * 100 + minor;
  if (api > 100 + MAX_API)
    throw new DockerError(400, `client version ${version} is too new. Maximum supported API version is 1.${MAX_API}`);
  if (api < 100 + MIN_API)
    throw new DockerError(
      400,
      `client version ${version} is too old. Minimum supported API version is 1.${MIN_API}, please upgrade your client to a newer version`,
    );
  return minor;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new DockerError(400, `the path holds ${JSON.stringify(part.slice(0, 80))}: expected a percent-encoded name`);
  }
}

function routeOf(path: string): DockerRoute {
  const fixed = Object.hasOwn(FIXED, path) ? FIXED[path] : undefined;
  if (fixed !== undefined) return { kind: fixed } as DockerRoute;
  const match = /^\/containers\/([^/]+)\/(json|stats)$/.exec(path);
  if (match?.[1] === undefined) throw new DockerError(404, 'page not found');
  return { kind: match[2] === 'json' ? 'inspect' : 'stats', container: decoded(match[1]) };
}

/** Reads the target of a request line, such as `/v1.41/containers/web/stats?stream=0`. @throws {DockerError} 400 or 404 */
export function parseDockerTarget(target: string): DockerRequest {
  if (target.length > MAX_TARGET) throw new DockerError(414, 'the request target is too long');
  const [path = '', query = ''] = target.split(/\?(.*)/s, 2);
  const match = /^\/v(\d{1,3}\.\d{1,3})(\/.*)$/.exec(path);
  const api = apiOf(match?.[1]);
  return { route: routeOf(match?.[2] ?? path), api, query: new URLSearchParams(query) };
}

const FALSE_WORDS = new Set(['', '0', 'no', 'false', 'none']);

/** A boolean as docker reads it: anything but `0`, `no`, `false`, `none` and nothing is true. */
export function flagOf(query: URLSearchParams, name: string): boolean | undefined {
  const value = query.get(name);
  return value === null ? undefined : !FALSE_WORDS.has(value.trim().toLowerCase());
}
