import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';

/** Titles by status; `type` is `about:blank`, so that they are HTTP's own words. */
const TITLES: Readonly<Partial<Record<ContentfulStatusCode, string>>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  421: 'Misdirected Request',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** One fault of a body: the place of the value, such as `levels.0.threshold`, and one sentence. */
export interface BodyFault {
  readonly path: string;
  readonly message: string;
}

/** A refusal as RFC 9457 writes it: `detail` is one sentence for the person who asked. */
export function problem(context: Context, status: ContentfulStatusCode, detail: string): Response {
  return answer(context, status, { detail });
}

/** A body that cannot be taken; `faults`, an extension, tells forms which values are wrong. */
export function bodyProblem(context: Context, detail: string, faults: readonly BodyFault[]): Response {
  return answer(context, 400, { detail, faults });
}

function answer(context: Context, status: ContentfulStatusCode, said: object): Response {
  return context.json({ type: 'about:blank', title: TITLES[status] ?? 'Error', status, ...said }, status, {
    'content-type': 'application/problem+json',
  });
}
