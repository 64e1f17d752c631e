import type { HttpBindings } from '@hono/node-server';
import { Hono, type Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { HTTPException } from 'hono/http-exception';
import type { Logger } from '../../native/host/log.ts';
import { problem } from './problem.ts';
import type { Caller, RequestGuard } from './request-guard.ts';
import type { WebFile } from './web-files.ts';

/** What Hono hands every handler: Node's own request, and who it comes from. */
export interface Env {
  Bindings: HttpBindings;
  Variables: {
    /** Set by the gate; `undefined` for nobody that is known. */
    caller: Caller | undefined;
    /** Who tries to log in, by whatever name was given. */
    triedName: string | undefined;
  };
}

/** What `/healthz`, `/readyz`, `/metrics` and the API answer with. */
export interface HttpParts {
  readonly guard: RequestGuard;
  readonly webFiles: () => ReadonlyMap<string, WebFile>;
  readonly unready: () => string | undefined;
  readonly metrics: () => Promise<string>;
  /** Routes below `/api/v1`, with their gate. */
  readonly api: Hono<Env>;
  /** What of Alertmanager's API is served. */
  readonly alertmanagerApi: Hono<Env>;
  readonly log: Logger;
}

/** Whoever is not known yet. */
const MAX_LOGIN_BYTES = 4096;

/** A rule with all its texts. */
const MAX_BODY_BYTES = 65_536;

const NOT_BUILT = `<!doctype html><meta charset="utf-8"><title>weft</title>
<h1>The page is not built</h1><p>The dashboard runs, but dist/web is missing. Build it with <code>npm run build:web</code> and reload.</p>
`;

/** `host` was checked before: it is a plain name or address with a port. */
function contentSecurityPolicy(host: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "manifest-src 'self'",
    // 'self' does not cover websockets in every browser.
    `connect-src 'self' ws://${host} wss://${host}`,
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}

function fileAnswer(context: Context<Env>, file: WebFile): Response {
  const headers: Record<string, string> = {
    'content-type': file.type,
    'cache-control': file.cacheControl,
    etag: file.etag,
    vary: 'accept-encoding',
  };
  if (context.req.header('if-none-match') === file.etag) return context.body(null, 304, headers);
  const zipped = /\bgzip\b/.test(context.req.header('accept-encoding') ?? '') ? file.gzipped : undefined;
  if (zipped !== undefined) headers['content-encoding'] = 'gzip';
  return context.body(zipped ?? file.content, 200, headers);
}

function pageAnswer(context: Context<Env>, files: ReadonlyMap<string, WebFile>): Response {
  const { path } = context.req;
  const file = files.get(path);
  if (file !== undefined) return fileAnswer(context, file);
  // The page has its own addresses, which may end in the name of a container; only what looks like a file can be missing.
  if (/^\/(?:assets\/.*|[^/]+\.\w+)$/.test(path)) return context.text('not found\n', 404);
  const index = files.get('/index.html');
  return index === undefined ? context.html(NOT_BUILT, 503) : fileAnswer(context, index);
}

/** Metrics tell of the whole cluster. A cookie does not do: no page asks for them. */
function maySeeMetrics(guard: RequestGuard, context: Context<Env>): boolean {
  const principal = guard.bearer(context.req.header('authorization'));
  return principal !== undefined && principal.scope === undefined;
}

/** Everything that is plain HTTP: the page, the API, health and metrics. */
export function createHttpApp(parts: HttpParts): Hono<Env> {
  const { guard, log } = parts;
  const app = new Hono<Env>();
  app.use('*', async (context: Context<Env>, next) => {
    const place = guard.place(context.env.incoming);
    const complaint = guard.host(place);
    if (complaint !== undefined) return problem(context, 421, complaint);
    await next();
    context.header('content-security-policy', contentSecurityPolicy(place.host ?? ''));
    return undefined;
  });
  app.get('/healthz', (context) => context.text('ok\n'));
  app.get('/readyz', (context) => {
    const complaint = parts.unready();
    return context.text(`${complaint ?? 'ok'}\n`, complaint === undefined ? 200 : 503);
  });
  app.get('/metrics', async (context) => {
    if (!maySeeMetrics(guard, context)) return unauthorized(context);
    return context.text(await parts.metrics(), 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
  });
  app.use('/api/v1/login', bodyLimit({ maxSize: MAX_LOGIN_BYTES }));
  app.use('/api/*', bodyLimit({ maxSize: MAX_BODY_BYTES }), async (context, next) => {
    await next();
    context.header('cache-control', 'no-store');
  });
  app.route('/api/v1', parts.api);
  app.route('/api/v2', parts.alertmanagerApi);
  app.all('/api/*', (context: Context<Env>) =>
    problem(context, 404, `there is no ${context.req.method} ${context.req.path}`),
  );
  app.get('*', (context) => pageAnswer(context, parts.webFiles()));
  app.notFound((context) => problem(context, 404, `there is no ${context.req.method} ${context.req.path}`));
  app.onError((err, context) => {
    if (err instanceof HTTPException) return problem(context, err.status, err.message || 'the request is not usable');
    log.error({ err, path: context.req.path }, 'request failed');
    return problem(context, 500, 'the dashboard failed; its log says why');
  });
  return app;
}

export function unauthorized(context: Context<Env>): Response {
  context.header('www-authenticate', 'Bearer realm="weft"');
  return problem(context, 401, 'not authorised: send "Authorization: Bearer <api token>" or log in');
}
