import { unlink } from 'node:fs/promises';
import type { Clock } from '../../../native/host/clock.ts';
import { newToken } from '../token-files.ts';
import { digestOf } from './sessions.ts';

/** How long a login token that was asked for over the API may wait for its use, milliseconds. */
export const LOGIN_TOKEN_MS = 3_600_000;

/** Unused login tokens at most; the oldest gives way. */
const MAX_LOGIN_TOKENS = 100;

/** The token that the start prints, and the file that it is in. */
export interface AdminToken {
  readonly token: string;
  readonly path: string;
}

/** Tokens that log somebody in once. */
export class LoginTokens {
  readonly #clock: Clock;
  readonly #admin: AdminToken | undefined;
  /** Digest → until when it may be used. */
  readonly #until = new Map<string, number>();
  readonly #adminDigest: string | undefined;

  constructor(admin: AdminToken | undefined, clock: Clock) {
    this.#admin = admin;
    this.#clock = clock;
    this.#adminDigest = admin && digestOf(admin.token);
    if (this.#adminDigest !== undefined) this.#until.set(this.#adminDigest, Infinity);
  }

  /** The token that this start prints; `undefined` when an admin can log in without one. */
  get printed(): string | undefined {
    return this.#admin?.token;
  }

  /** One more, for one use within an hour. */
  add(): string {
    const token = newToken();
    this.#until.set(digestOf(token), this.#clock.nowMs() + LOGIN_TOKEN_MS);
    for (const digest of this.#until.keys()) {
      if (this.#until.size <= MAX_LOGIN_TOKENS) break;
      if (digest !== this.#adminDigest) this.#until.delete(digest);
    }
    return token;
  }

  /**
   * Uses a token up; `false` for one that is wrong, used or too old. @throws when the file of a used token cannot be removed: it
   * would be valid again after a restart.
   */
  async use(token: string): Promise<boolean> {
    const digest = digestOf(token);
    const untilUnixMs = this.#until.get(digest);
    if (untilUnixMs === undefined) return false;
    this.#until.delete(digest);
    if (this.#clock.nowMs() > untilUnixMs) return false;
    if (digest === this.#adminDigest && this.#admin !== undefined) await removeFile(this.#admin.path);
    return true;
  }
}

/** Removes a file; one that is not there is removed already. */
export async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}
