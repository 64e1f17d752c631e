import type { Context } from 'hono';
import { ZodError } from 'zod';
import { AccessRefused } from '../access/refused.ts';
import type { Env } from '../http.ts';
import { SilenceRefused } from '../notify/silences.ts';
import { bodyProblem, problem, type BodyFault } from '../problem.ts';
import { RuleRefused } from '../rule-book.ts';

/** A body is taken as JSON only: a form of another site cannot send that without asking first. */
export async function jsonObject(context: Context<Env>): Promise<object | undefined> {
  if (!/^application\/json\b/i.test(context.req.header('content-type') ?? '')) return undefined;
  const value = await context.req.json<unknown>().catch(() => undefined);
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
}

const MAX_FAULTS = 50;

/** What is wrong with single values of a body; of a key that cannot be, it is told why. */
function faultsOf({ issues }: ZodError): BodyFault[] {
  return issues.slice(0, MAX_FAULTS).map((issue) => ({
    path: issue.path.map(String).join('.'),
    message: issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message,
  }));
}

/** Faults of a body, one sentence with all of them. */
export function faultSentence(error: ZodError): string {
  return faultsOf(error)
    .map(({ path, message }) => (path === '' ? message : `${path}: ${message}`))
    .join('; ')
    .slice(0, 2000);
}

/** What went wrong, as a problem for who asked; what is not theirs is thrown on. */
export function problemOf(context: Context<Env>, error: unknown): Response {
  if (error instanceof ZodError) return bodyProblem(context, faultSentence(error), faultsOf(error));
  if (error instanceof SilenceRefused || error instanceof RuleRefused || error instanceof AccessRefused)
    return problem(context, error.status, error.message);
  throw error;
}
