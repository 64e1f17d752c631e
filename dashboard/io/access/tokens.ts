import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../../../native/host/clock.ts';
import type { Principal } from '../../model/access.ts';
import type { Documents } from '../documents.ts';
import { newToken } from '../token-files.ts';
import { AccessRefused } from './refused.ts';
import { digestOf } from './sessions.ts';
import { grantShape } from './users.ts';

/** `api`: for scripts, with a role. `agent`: for stats agents, which may report and nothing else. */
export type TokenUse = 'api' | 'agent';

const storedToken = z.object({
  use: z.enum(['api', 'agent']),
  name: z.string(),
  ...grantShape,
  createdAtUnixMs: z.number(),
  createdBy: z.string(),
  /** `undefined` for one that lasts until it is revoked. */
  expiresUnixMs: z.number().optional(),
  lastUsedAtUnixMs: z.number().optional(),
  /** SHA-256 of what opens it; while it is rotated, of the former one as well. */
  secrets: z.array(z.object({ digest: z.string(), expiresUnixMs: z.number().optional() })),
});

export type Token = Readonly<z.infer<typeof storedToken>> & { readonly id: string };

const MAX_TOKENS = 1000;

/** That a token is used is written down at most this often, milliseconds. */
const NOTE_USE_EVERY_MS = 60_000;

/** Tokens that admins make. Only digests are kept: a token is shown once, when it is made. */
export class Tokens {
  readonly #documents: Documents;
  readonly #clock: Clock;
  readonly #tokens = new Map<string, Token>();
  readonly #byDigest = new Map<string, string>();

  constructor(documents: Documents, clock: Clock, onCorrupt: (record: string, error: unknown) => void) {
    this.#documents = documents;
    this.#clock = clock;
    for (const { id, value } of documents.all('token')) {
      const token = storedToken.safeParse(value);
      if (token.success) this.#learn({ ...token.data, id });
      else onCorrupt(`token ${id}`, token.error);
    }
  }

  all(use: TokenUse): readonly Token[] {
    return [...this.#tokens.values()].filter((token) => token.use === use);
  }

  get(use: TokenUse, id: string): Token | undefined {
    const token = this.#tokens.get(id);
    return token?.use === use ? token : undefined;
  }

  /** The token that a secret opens now. Looked up by digest: what a lookup's time tells is of no use without the secret. */
  find(use: TokenUse, secret: string): Token | undefined {
    const digest = digestOf(secret);
    const token = this.get(use, this.#byDigest.get(digest) ?? '');
    if (token === undefined || !this.isOpenTo(token.id, digest)) return undefined;
    this.#noteUse(token);
    return token;
  }

  /** Whether a token is still there and opened by this secret's digest. */
  isOpenTo(id: string, digest: string): boolean {
    const nowUnixMs = this.#clock.nowMs();
    const token = this.#tokens.get(id);
    const secret = token?.secrets.find((each) => each.digest === digest);
    if (token === undefined || secret === undefined) return false;
    return nowUnixMs < Math.min(token.expiresUnixMs ?? Infinity, secret.expiresUnixMs ?? Infinity);
  }

  /** A new token and its secret, which is not kept. @throws {AccessRefused} */
  add(token: Omit<Token, 'id' | 'createdAtUnixMs' | 'secrets'>): { readonly token: Token; readonly secret: string } {
    if (this.#tokens.size >= MAX_TOKENS)
      throw new AccessRefused(409, `there are ${MAX_TOKENS} tokens: revoke some first`);
    const secret = `weft_${token.use}_${newToken()}`;
    const secrets = [{ digest: digestOf(secret) }];
    const made = { ...token, id: randomUUID(), createdAtUnixMs: this.#clock.nowMs(), secrets };
    this.#put(made);
    return { token: made, secret };
  }

  /** Another secret; the former one opens the token for `graceMs` more. @throws {AccessRefused} */
  rotate(use: TokenUse, id: string, graceMs: number): { readonly token: Token; readonly secret: string } {
    const token = this.get(use, id);
    if (token === undefined) throw new AccessRefused(404, 'there is no such token');
    const secret = `weft_${use}_${newToken()}`;
    const until = this.#clock.nowMs() + graceMs;
    const [current] = token.secrets;
    const former = current === undefined || graceMs === 0 ? [] : [{ digest: current.digest, expiresUnixMs: until }];
    const rotated = { ...token, secrets: [{ digest: digestOf(secret) }, ...former] };
    this.#forget(token);
    this.#put(rotated);
    return { token: rotated, secret };
  }

  /** @throws {AccessRefused} */
  revoke(use: TokenUse, id: string): Token {
    const token = this.get(use, id);
    if (token === undefined) throw new AccessRefused(404, 'there is no such token');
    this.#forget(token);
    this.#documents.remove('token', id);
    return token;
  }

  #noteUse(token: Token): void {
    const nowUnixMs = this.#clock.nowMs();
    if (nowUnixMs - (token.lastUsedAtUnixMs ?? -Infinity) < NOTE_USE_EVERY_MS) return;
    this.#put({ ...token, lastUsedAtUnixMs: nowUnixMs });
  }

  #put(token: Token): void {
    const { id, scope, ...value } = token;
    this.#learn(token);
    const stored = { ...value, ...(scope === undefined ? {} : { scope: scope.text }) };
    this.#documents.put({ kind: 'token', id, updatedAtUnixMs: this.#clock.nowMs(), value: stored });
  }

  #learn(token: Token): void {
    this.#tokens.set(token.id, token);
    for (const { digest } of token.secrets) this.#byDigest.set(digest, token.id);
  }

  #forget(token: Token): void {
    this.#tokens.delete(token.id);
    for (const { digest } of token.secrets) this.#byDigest.delete(digest);
  }
}

export function principalOfToken({ id, name, role, scope }: Token): Principal {
  return { kind: 'token', id, name, role, scope };
}

const iso = (unixMs: number | undefined): string | null =>
  unixMs === undefined ? null : new Date(unixMs).toISOString();

/** A token as admins see it: what opens it is not kept. */
export function tokenView(token: Token, nowUnixMs: number): object {
  const { id, use, name, role, scope, createdAtUnixMs, createdBy, expiresUnixMs, lastUsedAtUnixMs, secrets } = token;
  const former = secrets[1]?.expiresUnixMs;
  return {
    id,
    name,
    ...(use === 'api' ? { role, scope: scope?.text ?? null } : {}),
    createdAt: iso(createdAtUnixMs),
    createdBy,
    expiresAt: iso(expiresUnixMs),
    expired: expiresUnixMs !== undefined && expiresUnixMs <= nowUnixMs,
    lastUsedAt: iso(lastUsedAtUnixMs),
    formerSecretUntil: former === undefined || former <= nowUnixMs ? null : iso(former),
  };
}
