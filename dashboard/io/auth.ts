import { createHash, timingSafeEqual } from 'node:crypto';
import type { Principal, Role } from '../model/access.ts';
import type { LoginTokens } from './access/login-tokens.ts';
import { isPassword } from './access/password.ts';
import { AccessRefused } from './access/refused.ts';
import { digestOf, type Session, type Sessions } from './access/sessions.ts';
import { principalOfToken, type Tokens } from './access/tokens.ts';
import { principalOfUser, type User, type Users } from './access/users.ts';

export interface AuthParts {
  /** The tokens that lie in files. */
  readonly agentToken: string;
  readonly apiToken: string;
  readonly loginTokens: LoginTokens;
  readonly users: Users;
  readonly sessions: Sessions;
  readonly tokens: Tokens;
}

/** Somebody who came in, with the cookie to come back with. */
export interface Login {
  readonly cookie: string;
  readonly session: Session;
  readonly user: User;
}

/** Somebody of whom a proxy in front says who it is. */
export interface Vouched {
  readonly source: 'proxy';
  /** Unique and lasting there. */
  readonly subject: string;
  readonly name: string;
  readonly role: Role;
}

/** Compares two secrets of any length in constant time. */
function sameSecret(given: string, expected: string): boolean {
  const digest = (secret: string): Buffer => createHash('sha256').update(secret).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

/** Who the owner of the API token's file is: whoever can read it can read everything else there too. */
const FILE_PRINCIPAL: Principal = { kind: 'file', id: 'api-token', name: 'api-token', role: 'admin', scope: undefined };

/** Who may come in, and who must go. Every change that takes something away is told at once. */
export class Auth {
  readonly users: Users;
  readonly sessions: Sessions;
  readonly tokens: Tokens;
  readonly loginTokens: LoginTokens;
  readonly #parts: AuthParts;
  readonly #listeners: (() => void)[] = [];

  constructor(parts: AuthParts) {
    this.#parts = parts;
    this.users = parts.users;
    this.sessions = parts.sessions;
    this.tokens = parts.tokens;
    this.loginTokens = parts.loginTokens;
  }

  /** Calls after anything was revoked: connections that it let in must end. */
  onRevoked(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Whether a token lets an agent in, as a question that can be asked again; `undefined` for one that does not. */
  agentAdmission(token: string): (() => boolean) | undefined {
    if (sameSecret(token, this.#parts.agentToken)) return () => true;
    const known = this.tokens.find('agent', token);
    const digest = digestOf(token);
    return known && (() => this.tokens.isOpenTo(known.id, digest));
  }

  /** Who shows `Authorization: Bearer <token>`, or the token as a password of `Basic`, for tools that know no other. */
  bearer(authorization: string | undefined): Principal | undefined {
    const secret = bearerSecret(authorization);
    if (secret === undefined) return undefined;
    if (sameSecret(secret, this.#parts.apiToken)) return FILE_PRINCIPAL;
    const token = this.tokens.find('api', secret);
    return token && principalOfToken(token);
  }

  /** Who a session is of; `undefined` once it is over or its user is gone. */
  principalOf(session: Session): Principal | undefined {
    const user = this.sessions.isValid(session) ? this.users.get(session.userId) : undefined;
    return user && principalOfUser(user);
  }

  /** Uses a one-time token up: it makes whoever has it the first admin. @throws when its file cannot be removed. */
  async loginByToken(token: string): Promise<Login | undefined> {
    if (!(await this.loginTokens.use(token))) return undefined;
    const user = this.users.all.find(({ role }) => role === 'admin') ?? this.users.add(this.#firstAdmin());
    return { ...this.sessions.open(user.id, 'token'), user };
  }

  /** @throws {TooManyHashes} */
  async loginByPassword(name: string, password: string): Promise<Login | undefined> {
    const user = this.users.byName(name);
    const kept = user?.source === 'local' ? user.password : undefined;
    if (!(await isPassword(password, kept)) || user === undefined) return undefined;
    // The password may have been changed while it was tried.
    if (this.users.get(user.id)?.password !== kept) return undefined;
    return { ...this.sessions.open(user.id, 'password'), user };
  }

  /** The account of somebody who is vouched for, made at the first time; the role is what is said now. @throws {AccessRefused} */
  vouched({ source, subject, name, role }: Vouched): User {
    const known = this.users.bySubject(source, subject);
    if (known === undefined) {
      if (this.users.byName(name) !== undefined)
        throw new AccessRefused(403, `there is another user ${name}: an admin has to rename or remove that one`);
      return this.users.add({ name, role, scope: undefined, source, subject });
    }
    return known.role === role ? known : this.changeUser(known.id, { role });
  }

  /** Changes a user; every session of the user ends but `keep`. @throws {AccessRefused} */
  changeUser(id: string, over: Parameters<Users['change']>[1], keep?: string): User {
    const changed = this.users.change(id, over);
    this.sessions.endAllOf(id, keep);
    this.#tell();
    return changed;
  }

  /** @throws {AccessRefused} */
  removeUser(id: string): User {
    const removed = this.users.remove(id);
    this.sessions.endAllOf(id);
    this.#tell();
    return removed;
  }

  logout(session: Session): void {
    this.sessions.end(session.id);
    this.#tell();
  }

  /** Ends what a token opened, as of now. @throws {AccessRefused} */
  revokeToken(...which: Parameters<Tokens['revoke']>): ReturnType<Tokens['revoke']> {
    const revoked = this.tokens.revoke(...which);
    this.#tell();
    return revoked;
  }

  /** @throws {AccessRefused} */
  rotateToken(...which: Parameters<Tokens['rotate']>): ReturnType<Tokens['rotate']> {
    const rotated = this.tokens.rotate(...which);
    this.#tell();
    return rotated;
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  #firstAdmin(): Parameters<Users['add']>[0] {
    const name = this.users.byName('admin') === undefined ? 'admin' : 'first admin';
    return { name, role: 'admin', scope: undefined, source: 'local' };
  }
}

function bearerSecret(authorization: string | undefined): string | undefined {
  const bearer = /^Bearer +(\S{1,512})$/i.exec(authorization ?? '')?.[1];
  if (bearer !== undefined) return bearer;
  const basic = /^Basic +([A-Za-z0-9+/=]{1,1024})$/i.exec(authorization ?? '')?.[1];
  if (basic === undefined) return undefined;
  const pair = Buffer.from(basic, 'base64').toString('utf8');
  return pair.slice(pair.indexOf(':') + 1);
}
