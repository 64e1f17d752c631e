import type { Context, Hono } from 'hono';
import { z } from 'zod';
import type { Clock } from '../../../native/host/clock.ts';
import { passwordComplaint, type Role } from '../../model/access.ts';
import type { Scope } from '../../model/scope.ts';
import { jsonObject, problemOf } from '../alerts/access.ts';
import type { Auth } from '../auth.ts';
import type { Env } from '../http.ts';
import { problem } from '../problem.ts';
import { principalOf } from './gate.ts';
import { hashPassword, TooManyHashes } from './password.ts';
import { AccessRefused } from './refused.ts';
import { tokenView, type TokenUse } from './tokens.ts';
import { grantComplaint, grantShape, userView, type User } from './users.ts';

export interface UsersApiParts {
  readonly auth: Auth;
  readonly clock: Clock;
}

const newUserSchema = z.strictObject({ name: z.string(), password: z.string(), ...grantShape });
const changedUserSchema = z.strictObject({
  name: z.string().optional(),
  password: z.string().optional(),
  role: grantShape.role.optional(),
  scope: grantShape.scope,
});

const DAY_MS = 86_400_000;
const MAX_DAYS = 3650;
const lifetime = { expiresInDays: z.number().positive().max(MAX_DAYS).nullish() };
const tokenName = z.string().trim().min(1).max(64);
const apiTokenSchema = z.strictObject({ name: tokenName, ...grantShape, ...lifetime });
const agentTokenSchema = z.strictObject({ name: tokenName, ...lifetime });
const rotateSchema = z.strictObject({
  graceHours: z
    .number()
    .min(0)
    .max(24 * 30)
    .default(24),
});

type Work = (context: Context<Env>) => Response | Promise<Response>;

/** Hands on what was refused as a problem. */
const told =
  (work: Work): Work =>
  async (context) => {
    try {
      return await work(context);
    } catch (error) {
      if (error instanceof TooManyHashes) return problem(context, 429, error.message);
      return problemOf(context, error);
    }
  };

function checkGrant(grant: { readonly role: Role; readonly scope: Scope | undefined }): void {
  const complaint = grantComplaint(grant);
  if (complaint !== undefined) throw new AccessRefused(400, complaint);
}

async function hashed(password: string, name: string): Promise<string> {
  const complaint = passwordComplaint(password, name);
  if (complaint !== undefined) throw new AccessRefused(400, complaint);
  return await hashPassword(password);
}

/** What of a user a body changes; what it leaves out stays. */
async function changesOf(before: User, body: object): Promise<Parameters<Auth['changeUser']>[1]> {
  const { password, name = before.name, role = before.role, ...rest } = changedUserSchema.parse(body);
  const scope = Object.hasOwn(body, 'scope') ? rest.scope : before.scope;
  checkGrant({ role, scope });
  if (password === undefined) return { name, role, scope };
  if (before.source !== 'local') throw new AccessRefused(400, `password: ${before.name} does not log in here with one`);
  return { name, role, scope, password: await hashed(password, name) };
}

/** The session of the admin who changes the own account stays; everybody else logs in again. */
function ownSession(context: Context<Env>, userId: string): string | undefined {
  const { id, kind } = principalOf(context);
  return kind === 'user' && id === userId ? context.get('caller')?.session?.id : undefined;
}

/** Accounts, for admins. */
export function addUsers(api: Hono<Env>, { auth }: UsersApiParts): void {
  api.get('/users', (context) => context.json({ users: auth.users.all.map(userView) }));
  api.post(
    '/users',
    told(async (context) => {
      const { name, password, role, scope } = newUserSchema.parse((await jsonObject(context)) ?? {});
      checkGrant({ role, scope });
      const user = auth.users.add({ name, role, scope, source: 'local', password: await hashed(password, name) });
      return context.json(userView(user), 201);
    }),
  );
  api.put(
    '/users/:id',
    told(async (context) => {
      const id = context.req.param('id') ?? '';
      const before = auth.users.get(id);
      if (before === undefined) return problem(context, 404, 'there is no such user');
      const over = await changesOf(before, (await jsonObject(context)) ?? {});
      return context.json(userView(auth.changeUser(id, over, ownSession(context, id))));
    }),
  );
  api.delete(
    '/users/:id',
    told((context) => context.json(userView(auth.removeUser(context.req.param('id') ?? '')))),
  );
}

/** Tokens of scripts and of agents, for admins. */
export function addTokens(api: Hono<Env>, { auth, clock }: UsersApiParts): void {
  const uses = [
    { path: '/tokens', use: 'api' },
    { path: '/enrolment-tokens', use: 'agent' },
  ] as const;
  for (const { path, use } of uses) {
    api.get(path, (context) =>
      context.json({ tokens: auth.tokens.all(use).map((token) => tokenView(token, clock.nowMs())) }),
    );
    api.post(
      path,
      told(async (context) => {
        const { expiresInDays, ...wanted } = tokenRequest(use, (await jsonObject(context)) ?? {});
        checkGrant(wanted);
        const end = expiresInDays === undefined ? {} : { expiresUnixMs: clock.nowMs() + expiresInDays * DAY_MS };
        const made = auth.tokens.add({ use, ...wanted, ...end, createdBy: principalOf(context).name });
        return context.json({ ...tokenView(made.token, clock.nowMs()), token: made.secret }, 201);
      }),
    );
    api.post(
      `${path}/:id/rotate`,
      told(async (context) => {
        const { graceHours } = rotateSchema.parse((await jsonObject(context)) ?? {});
        const rotated = auth.rotateToken(use, context.req.param('id') ?? '', graceHours * 3_600_000);
        return context.json({ ...tokenView(rotated.token, clock.nowMs()), token: rotated.secret });
      }),
    );
    api.delete(
      `${path}/:id`,
      told((context) => {
        const revoked = auth.revokeToken(use, context.req.param('id') ?? '');
        return context.json(tokenView(revoked, clock.nowMs()));
      }),
    );
  }
}

interface TokenRequest {
  readonly name: string;
  readonly role: Role;
  readonly scope: Scope | undefined;
  readonly expiresInDays: number | undefined;
}

function tokenRequest(use: TokenUse, body: object): TokenRequest {
  if (use === 'agent') {
    const { name, expiresInDays } = agentTokenSchema.parse(body);
    return { name, role: 'viewer', scope: undefined, expiresInDays: expiresInDays ?? undefined };
  }
  const { expiresInDays, ...rest } = apiTokenSchema.parse(body);
  return { ...rest, expiresInDays: expiresInDays ?? undefined };
}
