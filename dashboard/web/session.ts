/** What came of a try to log in; `reason` is a sentence for the person. */
export type LoginOutcome = { readonly ok: true } | { readonly ok: false; readonly reason: string };

const JSON_HEADERS = { 'content-type': 'application/json' };

function sentenceOf(body: unknown, status: number): string {
  if (typeof body === 'object' && body !== null && 'error' in body && typeof body.error === 'string') return body.error;
  return `the server answered ${status}`;
}

/** Exchanges the token for a session cookie. Never throws. */
export async function logIn(token: string, signal?: AbortSignal): Promise<LoginOutcome> {
  try {
    const response = await fetch('/api/v1/login', {
      method: 'POST',
      headers: JSON_HEADERS,
      body: JSON.stringify({ token }),
      ...(signal === undefined ? {} : { signal }),
    });
    if (response.ok) return { ok: true };
    return { ok: false, reason: sentenceOf(await response.json().catch(() => undefined), response.status) };
  } catch {
    return { ok: false, reason: 'the server cannot be reached' };
  }
}

/** Ends the session on the server. `false` when it could not be told; the cookie then lives on. */
export async function logOut(signal?: AbortSignal): Promise<boolean> {
  try {
    const options = { method: 'POST', headers: JSON_HEADERS, body: '{}' };
    const response = await fetch('/api/v1/logout', signal === undefined ? options : { ...options, signal });
    return response.ok;
  } catch {
    return false;
  }
}
