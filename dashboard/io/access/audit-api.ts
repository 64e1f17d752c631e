import type { Hono } from 'hono';
import type { Env } from '../http.ts';
import { problem } from '../problem.ts';
import type { AuditLog } from './audit-log.ts';

/** A whole number from a query, within bounds; `undefined` for anything else. */
function wholeNumber(text: string, [least, most]: readonly [number, number]): number | undefined {
  const value = Number(text);
  return /^\d+$/.test(text) && value >= least && value <= most ? value : undefined;
}

/** `GET /audit`: who did what, the newest first. */
export function addAudit(api: Hono<Env>, audit: AuditLog): void {
  api.get('/audit', (context) => {
    const limit = wholeNumber(context.req.query('limit') ?? '100', [1, 1000]);
    if (limit === undefined) return problem(context, 400, 'limit: expected 1 to 1000');
    const before = wholeNumber(context.req.query('before') ?? String(Number.MAX_SAFE_INTEGER), [
      1,
      Number.MAX_SAFE_INTEGER,
    ]);
    if (before === undefined) return problem(context, 400, 'before: expected the seq of an entry');
    const entries = audit.page({ before, limit }).map(({ atUnixMs, actor, ...rest }) => ({
      at: new Date(atUnixMs).toISOString(),
      actor: actor ?? null,
      ...rest,
    }));
    return context.json({ entries });
  });
}
