import type { Context, Hono } from 'hono';
import { deleteCookie, setCookie } from 'hono/cookie';
import { z } from 'zod';
import type { Clock } from '../../../native/host/clock.ts';
import type { Logger } from '../../../native/host/log.ts';
import { MAX_PASSWORD_CHARACTERS, passwordComplaint, sameNameKey } from '../../model/access.ts';
import { jsonObject } from '../alerts/access.ts';
import type { Auth, Login } from '../auth.ts';
import type { Env } from '../http.ts';
import type { DashboardMetrics } from '../metrics.ts';
import { problem } from '../problem.ts';
import type { RequestGuard } from '../request-guard.ts';
import { TOLD_REFUSALS, TokenBucket } from '../token-bucket.ts';
import { principalOf } from './gate.ts';
import { LoginLimiter } from './login-limiter.ts';
import { hashPassword, isPassword, TooManyHashes } from './password.ts';
import { SESSION_MS, type Session } from './sessions.ts';
import type { User } from './users.ts';

export interface LoginApiParts {
  readonly auth: Auth;
  readonly guard: RequestGuard;
  readonly loginUrl: (token: string) => string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: DashboardMetrics;
}

const nameText = z.string().min(1).max(64);
const passwordText = z.string().min(1).max(MAX_PASSWORD_CHARACTERS);
const loginSchema = z.union([
  z.strictObject({ token: z.string().min(1).max(512) }),
  z.strictObject({ name: nameText, password: passwordText }),
]);
const passwordSchema = z.strictObject({
  password: z.string(),
  current: passwordText.optional(),
  name: nameText.optional(),
});

/** Ten tries at once, then one in six seconds, for each address. */
const ADDRESS_LIMIT = { burst: 10, perSecond: 1 / 6 };
/** For each name, from wherever: a botnet has many addresses. */
const NAME_LIMIT = { burst: 10, perSecond: 1 / 12 };

type Refusal = 400 | 401 | 403 | 429;

/** Logging in and out, and what people do with their own account. */
class LoginApi {
  readonly #parts: LoginApiParts;
  readonly #byAddress = new LoginLimiter(ADDRESS_LIMIT);
  readonly #byName = new LoginLimiter(NAME_LIMIT);
  readonly #told: TokenBucket;

  constructor(parts: LoginApiParts) {
    this.#parts = parts;
    this.#told = new TokenBucket(TOLD_REFUSALS, parts.clock.monotonicMs());
  }

  async login(context: Context<Env>): Promise<Response> {
    const { guard } = this.#parts;
    const place = guard.place(context.env.incoming);
    const complaint = guard.origin(place, 'no-contradiction');
    if (complaint !== undefined) return this.#refuse(context, 403, complaint);
    const body = loginSchema.safeParse(await jsonObject(context));
    if (!body.success)
      return this.#refuse(context, 400, 'expected JSON with one field: token; or with two: name and password');
    const name = 'name' in body.data ? body.data.name : undefined;
    context.set('triedName', name);
    if (!this.#mayTry(place.address, name)) {
      context.header('retry-after', '12');
      return this.#refuse(context, 429, 'too many tries to log in; wait a few seconds');
    }
    try {
      const login = await this.#attempt(body.data);
      return typeof login === 'string' ? this.#refuse(context, 401, login) : this.#welcome(context, login);
    } catch (error) {
      if (error instanceof TooManyHashes) return this.#refuse(context, 429, error.message);
      throw error;
    }
  }

  #mayTry(address: string, name: string | undefined): boolean {
    const nowMs = this.#parts.clock.monotonicMs();
    // Both are counted, whichever of them says no.
    const [addressMay, nameMay] = [
      this.#byAddress.take(address, nowMs),
      name === undefined || this.#byName.take(sameNameKey(name), nowMs),
    ];
    return addressMay && nameMay;
  }

  async #attempt(body: z.infer<typeof loginSchema>): Promise<Login | string> {
    const { auth } = this.#parts;
    if ('token' in body)
      return (
        (await auth.loginByToken(body.token.trim())) ??
        'this login token is wrong or was used already; restart the dashboard for a new one, or ask its API'
      );
    return (await auth.loginByPassword(body.name, body.password)) ?? 'the name or the password is wrong';
  }

  #refuse(context: Context<Env>, status: Refusal, why: string): Response {
    const { metrics, log, guard, clock } = this.#parts;
    metrics.logins.inc({ outcome: 'refused' });
    if (this.#told.take(clock.monotonicMs()))
      log.warn({ address: guard.place(context.env.incoming).address, why }, 'login refused');
    return problem(context, status, why);
  }

  #welcome(context: Context<Env>, login: Login): Response {
    const { metrics, log, guard } = this.#parts;
    metrics.logins.inc({ outcome: 'accepted' });
    log.info({ address: guard.place(context.env.incoming).address, user: login.user.name }, 'logged in');
    context.set('triedName', login.user.name);
    sendCookie(context, guard, login);
    return context.json({ expiresAt: new Date(login.session.expiresUnixMs).toISOString() });
  }

  logout(context: Context<Env>): Response {
    const { auth, guard } = this.#parts;
    const session = context.get('caller')?.session;
    if (session === undefined) return problem(context, 400, 'this is no session: a token is revoked instead');
    auth.logout(session);
    deleteCookie(context, guard.cookieName, { path: '/', secure: guard.secure });
    return context.json({});
  }

  me(context: Context<Env>): Response {
    const { kind, name, role, scope, id } = principalOf(context);
    const user = kind === 'user' ? this.#parts.auth.users.get(id) : undefined;
    return context.json({
      kind,
      name,
      role,
      scope: scope?.text ?? null,
      needsPassword: user?.source === 'local' && user.password === undefined,
      canSetPassword: user?.source === 'local',
    });
  }

  async setPassword(context: Context<Env>): Promise<Response> {
    const { auth } = this.#parts;
    const { kind, id } = principalOf(context);
    const session = context.get('caller')?.session;
    const user = kind === 'user' ? auth.users.get(id) : undefined;
    if (user?.source !== 'local' || session === undefined)
      return problem(context, 403, 'only somebody who logs in with a password of this dashboard has one');
    const body = passwordSchema.safeParse(await jsonObject(context));
    if (!body.success) return problem(context, 400, 'expected JSON with password, and current when there is one');
    const { password, current, name = user.name } = body.data;
    const complaint = newPasswordComplaint(user, name, password);
    if (complaint !== undefined) return problem(context, 400, complaint);
    if (!this.#mayTry(this.#parts.guard.place(context.env.incoming).address, user.name))
      return problem(context, 429, 'too many tries; wait a few seconds');
    if (!(await isProven(user, session, current)))
      return problem(context, 403, 'current: this is not the current password');
    auth.changeUser(id, { name, password: await hashPassword(password) }, session.id);
    return context.json({});
  }
}

function newPasswordComplaint(user: User, name: string, password: string): string | undefined {
  if (name !== user.name && user.password !== undefined) return 'name: only an admin changes the name of an account';
  return passwordComplaint(password, name);
}

/** Whether it is really the owner of the account. Who came by a one-time token has shown more than a password. */
async function isProven(user: User, session: Session, current: string | undefined): Promise<boolean> {
  if (user.password === undefined || session.by === 'token') return true;
  return current !== undefined && (await isPassword(current, user.password));
}

/** Hands a browser its session. */
export function sendCookie(context: Context<Env>, { cookieName, secure }: RequestGuard, { cookie }: Login): void {
  setCookie(context, cookieName, cookie, {
    path: '/',
    httpOnly: true,
    sameSite: 'Lax',
    secure,
    maxAge: SESSION_MS / 1000,
  });
}

export function addLogin(api: Hono<Env>, parts: LoginApiParts): void {
  const { auth, loginUrl } = parts;
  const login = new LoginApi(parts);
  api.get('/sign-in', (context) => context.json({ password: auth.users.hasPasswords }));
  api.post('/login', (context) => login.login(context));
  api.post('/logout', (context) => login.logout(context));
  api.get('/me', (context) => login.me(context));
  api.put('/me/password', (context) => login.setPassword(context));
  api.post('/login-tokens', (context) => {
    const loginToken = auth.loginTokens.add();
    return context.json({ loginToken, url: loginUrl(loginToken) }, 201);
  });
}
