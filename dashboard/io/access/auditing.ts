import type { Context, MiddlewareHandler } from 'hono';
import type { Clock } from '../../../native/host/clock.ts';
import type { Logger } from '../../../native/host/log.ts';
import type { ApiRoute } from '../../model/api/routes.ts';
import type { Env } from '../http.ts';
import type { RequestGuard } from '../request-guard.ts';
import { StoreError } from '../store.ts';
import type { AuditEntry, AuditLog } from './audit-log.ts';
import { LoginLimiter } from './login-limiter.ts';

export interface AuditingParts {
  readonly audit: AuditLog;
  readonly guard: RequestGuard;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What strangers are refused is written down this often for each address: a flood must not keep the disk busy. */
const REFUSED_LIMIT = { burst: 50, perSecond: 0.2 };

/** What is written of a request once it is answered: never its body, where secrets are. */
function entryOf(
  context: Context<Env>,
  route: ApiRoute | undefined,
  address: string,
): Omit<AuditEntry, 'seq' | 'atUnixMs'> {
  const { method, path } = context.req;
  const principal = context.get('caller')?.principal;
  const triedName = context.get('triedName');
  return {
    actor: principal?.name ?? triedName,
    actorKind: principal?.kind ?? 'nobody',
    action: route?.summary ?? `${method} ${path}`,
    target: path,
    address,
    status: context.res.status,
  };
}

/** Whether a request changes something, or takes away what is not for everybody. */
function isDeed(method: string, route: ApiRoute | undefined): boolean {
  if (method === 'GET' || method === 'HEAD') return route?.audited === true;
  return route?.asks !== true;
}

/**
 * Writes down every request that changes something, done or refused, after its answer is known. A disk that is full stops nobody:
 * the log of the process then says what is missing.
 */
export function auditing(
  { audit, guard, clock, log }: AuditingParts,
  routeFor: (method: string, path: string) => ApiRoute | undefined,
): MiddlewareHandler<Env> {
  const refused = new LoginLimiter(REFUSED_LIMIT);
  return async (context, next) => {
    await next();
    const { method, path } = context.req;
    const route = routeFor(method, path);
    if (!isDeed(method, route)) return;
    const entry = entryOf(context, route, guard.place(context.env.incoming).address);
    const isFlood = entry.status >= 400 && !refused.take(entry.address, clock.monotonicMs());
    if (isFlood) return;
    try {
      audit.add(entry);
    } catch (err) {
      if (!(err instanceof StoreError)) throw err;
      log.error({ err, ...entry }, 'this could not be written to the audit log');
    }
  };
}
