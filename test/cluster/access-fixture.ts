import type { TestDashboard } from './dashboard-fixture.ts';
import { until } from '../support/until.ts';

export const PASSWORD = 'correct horse battery';

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly headers: Headers;
}

export interface Call {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One request below `/api/v1`, with nothing that it is not told to send. */
export async function call(
  dashboard: TestDashboard,
  path: string,
  { method, body, headers }: Call = {},
): Promise<Answer> {
  const response = await fetch(`${dashboard.url}/api/v1${path}`, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    redirect: 'manual',
    signal: AbortSignal.timeout(10_000),
  });
  const text = await response.text();
  const json: unknown = text.startsWith('{') ? JSON.parse(text) : { text };
  return { status: response.status, body: json as Record<string, unknown>, headers: response.headers };
}

/** The same as the owner of the dashboard's own API token. */
export async function asRoot(dashboard: TestDashboard, path: string, options: Call = {}): Promise<Answer> {
  const authorization = `Bearer ${await dashboard.token('api-token')}`;
  return await call(dashboard, path, { ...options, headers: { authorization, ...options.headers } });
}

export interface TestUser {
  readonly id: string;
  /** What a browser of the user sends: cookie and origin. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A user who is logged in. */
export async function addUser(
  dashboard: TestDashboard,
  user: { readonly name: string; readonly role: string; readonly scope?: string },
): Promise<TestUser> {
  const made = await asRoot(dashboard, '/users', { body: { ...user, password: PASSWORD } });
  if (made.status !== 201) throw new RangeError(JSON.stringify(made.body));
  return { id: String(made.body['id']), headers: await logInAs(dashboard, user.name) };
}

/** Headers of a browser that has just logged in. */
export async function logInAs(dashboard: TestDashboard, name: string): Promise<Record<string, string>> {
  // A fast machine comes to the limit of logins from one address: a try in six seconds is allowed.
  const login = await until(
    async () => {
      const answer = await call(dashboard, '/login', { body: { name, password: PASSWORD } });
      return answer.status === 429 ? undefined : answer;
    },
    { what: `${name} may log in`, everyMs: 6500, timeoutMs: 40_000 },
  );
  const cookie = login.headers.getSetCookie()[0]?.split(';')[0];
  if (cookie === undefined) throw new RangeError(JSON.stringify(login.body));
  return { cookie, origin: dashboard.url };
}
