import type { Context, MiddlewareHandler } from 'hono';
import { lackOfRole, mayDo, type Principal } from '../../model/access.ts';
import { needByMethod, type ApiRoute } from '../../model/api/routes.ts';
import { unauthorized, type Env } from '../http.ts';
import { problem } from '../problem.ts';
import type { Caller, RequestGuard } from '../request-guard.ts';

const SAFE = new Set(['GET', 'HEAD']);

/** Why a body cannot be taken: a form of another site can send anything but JSON without asking first. */
function bodyComplaint(context: Context<Env>): string | undefined {
  const { headers } = context.env.incoming;
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  if (!hasBody || /^application\/json\b/i.test(headers['content-type'] ?? '')) return undefined;
  return 'the body is not JSON: expected content-type application/json';
}

/** Why somebody may not do what is asked, as an answer; `undefined` when the request may go on. */
function refusal(context: Context<Env>, guard: RequestGuard, route: ApiRoute | undefined): Response | undefined {
  const need = route?.need ?? needByMethod(context.req.method);
  const caller = context.get('caller');
  if (need === 'anybody') return undefined;
  if (caller === undefined) return unauthorized(context);
  const { principal } = caller;
  if (!mayDo(principal, need)) return problem(context, 403, lackOfRole(principal, need));
  if (principal.scope !== undefined && route?.scoped !== true)
    return problem(context, 403, `${principal.name} sees only ${principal.scope.text}, and this shows more`);
  return SAFE.has(context.req.method) ? undefined : intentComplaint(context, guard, caller);
}

/** A cookie alone is no proof of intent: the browser has to say that the request is our own page's. */
function intentComplaint(context: Context<Env>, guard: RequestGuard, { by }: Caller): Response | undefined {
  if (by === 'bearer') return undefined;
  const complaint = guard.origin(guard.place(context.env.incoming), 'any-proof');
  return complaint === undefined ? undefined : problem(context, 403, complaint);
}

/** Stands before everything that is mounted behind it: who it is, whether that is enough, and whether a browser meant it. */
export function gate(
  guard: RequestGuard,
  routeFor: (method: string, path: string) => ApiRoute | undefined,
): MiddlewareHandler<Env> {
  return async (context, next) => {
    const { method, path } = context.req;
    context.set('caller', guard.caller(context.env.incoming));
    const bad = SAFE.has(method) ? undefined : bodyComplaint(context);
    if (bad !== undefined) return problem(context, 415, bad);
    const answer = refusal(context, guard, routeFor(method, path));
    if (answer !== undefined) return answer;
    await next();
    return undefined;
  };
}

/** Who asks; behind the gate of a route that needs somebody. */
export function principalOf(context: Context<Env>): Principal {
  const caller = context.get('caller');
  if (caller === undefined) throw new TypeError(`${context.req.path} has a handler that needs to know who asks`);
  return caller.principal;
}
