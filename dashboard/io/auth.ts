import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { unlink } from 'node:fs/promises';
import type { Clock } from '../../native/host/clock.ts';
import { newToken } from './token-files.ts';

/** How long a login lasts, milliseconds. */
export const SESSION_MS = 12 * 3_600_000;

/** How long a login token that was asked for over the API may wait for its use, milliseconds. */
export const LOGIN_TOKEN_MS = 3_600_000;

/** Unused login tokens at most; the oldest gives way. */
const MAX_LOGIN_TOKENS = 100;

export interface Session {
  readonly id: string;
  readonly expiresUnixMs: number;
}

/** Remembers sessions that were ended before their time. */
export interface RevokedSessions {
  revokeSession(id: string, untilUnixMs: number): void;
  revokedSessions(nowUnixMs: number): Map<string, number>;
}

export interface AuthParts {
  readonly agentToken: string;
  readonly apiToken: string;
  readonly sessionKey: string;
  readonly loginToken: string;
  /** Removed when the token in it is used. */
  readonly loginTokenFile: string;
  readonly revoked: RevokedSessions;
  readonly clock: Clock;
}

const digestOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();

/** Compares two secrets of any length in constant time. */
function sameSecret(given: string, expected: Buffer): boolean {
  return timingSafeEqual(digestOf(given), expected);
}

const SESSION_ID = /^[\w-]{43}$/;

/**
 * Who may come in. Tokens are compared by digest in constant time. A session is a signed cookie and needs no memory, so it
 * outlives the process; only ended ones are remembered.
 */
export class Auth {
  readonly #agent: Buffer;
  readonly #api: Buffer;
  readonly #parts: AuthParts;
  /** Digest in hex → when it stops being valid; Infinity for the one that was printed at the start. */
  readonly #logins = new Map<string, number>();
  readonly #printed: string;
  readonly #revoked: Map<string, number>;

  constructor(parts: AuthParts) {
    this.#parts = parts;
    this.#agent = digestOf(parts.agentToken);
    this.#api = digestOf(parts.apiToken);
    this.#printed = digestOf(parts.loginToken).toString('hex');
    this.#logins.set(this.#printed, Infinity);
    this.#revoked = parts.revoked.revokedSessions(parts.clock.nowMs());
  }

  /** The login token that this start prints. */
  get printedLoginToken(): string {
    return this.#parts.loginToken;
  }

  isAgent(token: string): boolean {
    return sameSecret(token, this.#agent);
  }

  /** `Authorization: Bearer <api token>`. */
  isApi(authorization: string | undefined): boolean {
    const token = /^Bearer +(\S{1,512})$/i.exec(authorization ?? '')?.[1];
    return token !== undefined && sameSecret(token, this.#api);
  }

  /** One more login token, for one use within an hour. */
  newLoginToken(): string {
    const token = newToken();
    this.#logins.set(digestOf(token).toString('hex'), this.#parts.clock.nowMs() + LOGIN_TOKEN_MS);
    for (const known of this.#logins.keys()) {
      if (this.#logins.size <= MAX_LOGIN_TOKENS) break;
      if (known !== this.#printed) this.#logins.delete(known);
    }
    return token;
  }

  /**
   * Uses a login token up and gives a session, or `undefined` for one that is wrong, used or too old.
   * @throws when the file of a used token cannot be removed: it would be valid again after a restart.
   */
  async login(token: string): Promise<{ readonly cookie: string; readonly session: Session } | undefined> {
    // Looked up by digest: what a lookup's time tells is of no use without the token.
    const digest = digestOf(token).toString('hex');
    const untilUnixMs = this.#logins.get(digest);
    if (untilUnixMs === undefined) return undefined;
    this.#logins.delete(digest);
    const nowUnixMs = this.#parts.clock.nowMs();
    if (nowUnixMs > untilUnixMs) return undefined;
    if (digest === this.#printed) await this.#removeLoginFile();
    const session = { id: newToken(), expiresUnixMs: nowUnixMs + SESSION_MS };
    const payload = `${session.id}.${session.expiresUnixMs}`;
    return { cookie: `${payload}.${this.#sign(payload)}`, session };
  }

  /** The session of a cookie's value; `undefined` when it is forged, over or ended. */
  session(cookie: string | undefined): Session | undefined {
    const [id, expires, signature, ...rest] = cookie?.split('.') ?? [];
    if (id === undefined || expires === undefined || signature === undefined || rest.length > 0) return undefined;
    if (!SESSION_ID.test(id) || !/^\d{1,16}$/.test(expires)) return undefined;
    if (!sameSecret(signature, digestOf(this.#sign(`${id}.${expires}`)))) return undefined;
    const session = { id, expiresUnixMs: Number(expires) };
    return this.isValid(session) ? session : undefined;
  }

  /** Whether a session that was valid once still is. */
  isValid(session: Session): boolean {
    return session.expiresUnixMs > this.#parts.clock.nowMs() && !this.#revoked.has(session.id);
  }

  logout(session: Session): void {
    this.#revoked.set(session.id, session.expiresUnixMs);
    this.#parts.revoked.revokeSession(session.id, session.expiresUnixMs);
    const nowUnixMs = this.#parts.clock.nowMs();
    for (const [id, until] of this.#revoked) if (until < nowUnixMs) this.#revoked.delete(id);
  }

  #sign(payload: string): string {
    return createHmac('sha256', this.#parts.sessionKey).update(payload).digest('base64url');
  }

  async #removeLoginFile(): Promise<void> {
    try {
      await unlink(this.#parts.loginTokenFile);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    }
  }
}
