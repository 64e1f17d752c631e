import { Hono, type Context } from 'hono';
import { deleteCookie, setCookie } from 'hono/cookie';
import { z } from 'zod';
import type { Clock } from '../../native/host/clock.ts';
import type { Logger } from '../../native/host/log.ts';
import { SESSION_MS, type Auth } from './auth.ts';
import { unauthorized, type Env } from './http.ts';
import type { DashboardMetrics } from './metrics.ts';
import type { RequestGuard } from './request-guard.ts';
import { placeOf } from './request-place.ts';
import { TokenBucket } from './token-bucket.ts';

/** What the read-only part of the API answers with. */
export interface ApiSource {
  status(): object;
  hosts(): object[];
  containers(): object[];
  alerts(): object[];
}

export interface ApiParts {
  readonly auth: Auth;
  readonly guard: RequestGuard;
  readonly source: ApiSource;
  readonly loginUrl: (token: string) => string;
  /** Told after a logout, so that the session's sockets end. */
  readonly onLogout: () => void;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: DashboardMetrics;
}

const loginSchema = z.object({ token: z.string().min(1).max(512) });

/** Ten tries at once, then one in six seconds, for each address. */
const LOGIN_LIMIT = { burst: 10, perSecond: 1 / 6 };

/** Addresses whose tries are counted at most. */
const MAX_ADDRESSES = 10_000;

/** Counts tries to log in by address; the oldest address is forgotten first. */
class LoginLimiter {
  readonly #buckets = new Map<string, TokenBucket>();

  take(address: string, nowMonotonicMs: number): boolean {
    const bucket = this.#buckets.get(address) ?? new TokenBucket(LOGIN_LIMIT, nowMonotonicMs);
    this.#buckets.delete(address);
    this.#buckets.set(address, bucket);
    for (const oldest of this.#buckets.keys()) {
      if (this.#buckets.size <= MAX_ADDRESSES) break;
      this.#buckets.delete(oldest);
    }
    return bucket.take(nowMonotonicMs);
  }
}

/** A body is taken as JSON only: a form of another site cannot send that without asking first. */
async function jsonBody(context: Context<Env>): Promise<unknown> {
  if (!/^application\/json\b/i.test(context.req.header('content-type') ?? '')) return undefined;
  return await context.req.json<unknown>().catch(() => undefined);
}

function addLogin(api: Hono<Env>, parts: ApiParts): void {
  const { auth, guard, clock, log, metrics } = parts;
  const limiter = new LoginLimiter();
  const refuse = (context: Context<Env>, status: 400 | 401 | 403 | 429, error: string): Response => {
    metrics.logins.inc({ outcome: 'refused' });
    log.warn({ address: context.env.incoming.socket.remoteAddress, why: error }, 'login refused');
    return context.json({ error }, status);
  };
  api.post('/login', async (context) => {
    const complaint = guard.origin(placeOf(context.env.incoming), 'no-contradiction');
    if (complaint !== undefined) return refuse(context, 403, complaint);
    const address = context.env.incoming.socket.remoteAddress ?? '';
    if (!limiter.take(address, clock.monotonicMs())) {
      context.header('retry-after', '6');
      return refuse(context, 429, 'too many tries to log in; wait a few seconds');
    }
    const body = loginSchema.safeParse(await jsonBody(context));
    if (!body.success) return refuse(context, 400, 'expected JSON with one field: token');
    const login = await auth.login(body.data.token.trim());
    if (login === undefined)
      return refuse(
        context,
        401,
        'this login token is wrong or was used already; restart the dashboard for a new one, or ask its API',
      );
    metrics.logins.inc({ outcome: 'accepted' });
    log.info({ address }, 'logged in');
    setCookie(context, guard.cookieName, login.cookie, {
      path: '/',
      httpOnly: true,
      sameSite: 'Lax',
      secure: guard.secure,
      maxAge: SESSION_MS / 1000,
    });
    return context.json({ expiresAt: new Date(login.session.expiresUnixMs).toISOString() });
  });
  api.post('/logout', (context) => {
    const complaint = guard.origin(placeOf(context.env.incoming), 'any-proof');
    if (complaint !== undefined) return context.json({ error: complaint }, 403);
    const session = guard.session(context.req.header('cookie'));
    if (session === undefined) return unauthorized(context);
    auth.logout(session);
    parts.onLogout();
    deleteCookie(context, guard.cookieName, { path: '/', secure: guard.secure });
    return context.json({});
  });
  api.post('/login-tokens', (context) => {
    if (!guard.isApi(context.req.header('authorization'))) return unauthorized(context);
    const loginToken = auth.newLoginToken();
    return context.json({ loginToken, url: parts.loginUrl(loginToken) }, 201);
  });
}

/** Everything below `/api/v1`. */
export function createApi(parts: ApiParts): Hono<Env> {
  const { guard, source } = parts;
  const api = new Hono<Env>();
  addLogin(api, parts);
  const answers = {
    '/status': () => source.status(),
    '/hosts': () => ({ hosts: source.hosts() }),
    '/containers': () => ({ containers: source.containers() }),
    '/alerts': () => ({ alerts: source.alerts() }),
  };
  for (const [path, answer] of Object.entries(answers)) {
    api.get(path, (context) => {
      const known =
        guard.isApi(context.req.header('authorization')) || guard.session(context.req.header('cookie')) !== undefined;
      return known ? context.json(answer()) : unauthorized(context);
    });
  }
  return api;
}
