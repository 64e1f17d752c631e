import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../../../native/host/clock.ts';
import type { Documents } from '../documents.ts';
import { newToken } from '../token-files.ts';

/** How long a login lasts, milliseconds. */
export const SESSION_MS = 12 * 3_600_000;

/** Of one user at most; the oldest gives way. */
const MAX_SESSIONS_OF_USER = 100;

const storedSession = z.object({
  userId: z.string(),
  /** How the user came in; who used a one-time token need not know a password to set one. */
  by: z.enum(['token', 'password']),
  createdAtUnixMs: z.number(),
  expiresUnixMs: z.number(),
});

/** `id` is the digest of the cookie: who reads the file cannot use what is in it. */
export type Session = Readonly<z.infer<typeof storedSession>> & { readonly id: string };

const SECRET = /^[\w-]{43}$/;

export function digestOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** Who is logged in, over restarts. */
export class Sessions {
  readonly #documents: Documents;
  readonly #clock: Clock;
  readonly #sessions = new Map<string, Session>();

  constructor(documents: Documents, clock: Clock) {
    this.#documents = documents;
    this.#clock = clock;
    for (const { id, value } of documents.all('session')) {
      const session = storedSession.safeParse(value);
      if (session.success && session.data.expiresUnixMs > clock.nowMs())
        this.#sessions.set(id, { ...session.data, id });
      else documents.remove('session', id);
    }
  }

  /** A new session and the secret that goes into the cookie. */
  open(userId: string, by: Session['by']): { readonly session: Session; readonly cookie: string } {
    const cookie = newToken();
    const nowUnixMs = this.#clock.nowMs();
    const value = { userId, by, createdAtUnixMs: nowUnixMs, expiresUnixMs: nowUnixMs + SESSION_MS };
    const session = { ...value, id: digestOf(cookie) };
    this.#prune(userId);
    this.#sessions.set(session.id, session);
    this.#documents.put({ kind: 'session', id: session.id, updatedAtUnixMs: nowUnixMs, value });
    return { session, cookie };
  }

  /** The session of a cookie's value; `undefined` when it is forged, over or ended. Looked up by digest: time tells nothing of it. */
  find(cookie: string | undefined): Session | undefined {
    if (cookie === undefined || !SECRET.test(cookie)) return undefined;
    const session = this.#sessions.get(digestOf(cookie));
    return session !== undefined && this.isValid(session) ? session : undefined;
  }

  /** Whether a session that was valid once still is. */
  isValid({ id, expiresUnixMs }: Session): boolean {
    return expiresUnixMs > this.#clock.nowMs() && this.#sessions.has(id);
  }

  end(id: string): void {
    this.#sessions.delete(id);
    this.#documents.remove('session', id);
  }

  /** Ends every session of a user, but one. */
  endAllOf(userId: string, except?: string): void {
    for (const session of this.#sessions.values())
      if (session.userId === userId && session.id !== except) this.end(session.id);
  }

  #prune(userId: string): void {
    const own = [...this.#sessions.values()].filter((session) => session.userId === userId);
    for (const session of this.#sessions.values()) if (!this.isValid(session)) this.end(session.id);
    for (const { id } of own.slice(0, Math.max(0, own.length + 1 - MAX_SESSIONS_OF_USER))) this.end(id);
  }
}
