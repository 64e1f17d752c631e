import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../../../native/host/clock.ts';
import { ACCOUNT_NAME, ROLES, sameNameKey, type Principal, type Role } from '../../model/access.ts';
import { parseScope, type Scope } from '../../model/scope.ts';
import type { Documents } from '../documents.ts';
import { AccessRefused } from './refused.ts';

const scopeText = z
  .string()
  .max(2048)
  .transform((text, context): Scope => {
    try {
      return parseScope(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
      return z.NEVER;
    }
  });

/** Role and scope as they are asked for; an editor's rules look at everything, so only viewers have a scope. */
export const grantShape = { role: z.enum(ROLES), scope: scopeText.nullish().transform((scope) => scope ?? undefined) };

/** Why a role cannot have a scope; `undefined` when it can. */
export function grantComplaint({
  role,
  scope,
}: {
  readonly role: Role;
  readonly scope: Scope | undefined;
}): string | undefined {
  if (scope === undefined || role === 'viewer') return undefined;
  return `scope: only a viewer can have one, since what an ${role} changes is for the whole cluster`;
}

/** An account as it is kept. */
export const storedUser = z.object({
  name: z.string(),
  ...grantShape,
  password: z.string().optional(),
  /** Who vouches for the user: we by a password, or a proxy in front. */
  source: z.enum(['local', 'proxy']),
  /** What the proxy knows the user by. */
  subject: z.string().optional(),
  createdAtUnixMs: z.number(),
});

export type User = Readonly<z.infer<typeof storedUser>> & { readonly id: string };

const MAX_USERS = 10_000;

/** The accounts. Invariants: names differ by more than case; somebody stays admin once somebody was. */
export class Users {
  readonly #documents: Documents;
  readonly #clock: Clock;
  readonly #users = new Map<string, User>();

  constructor(documents: Documents, clock: Clock, onCorrupt: (record: string, error: unknown) => void) {
    this.#documents = documents;
    this.#clock = clock;
    for (const { id, value } of documents.all('user')) {
      const user = storedUser.safeParse(value);
      if (user.success) this.#users.set(id, { ...user.data, id });
      else onCorrupt(`user ${id}`, user.error);
    }
  }

  get all(): readonly User[] {
    return [...this.#users.values()].sort((a, b) => a.createdAtUnixMs - b.createdAtUnixMs);
  }

  get(id: string): User | undefined {
    return this.#users.get(id);
  }

  byName(name: string): User | undefined {
    const key = sameNameKey(name);
    return this.all.find((user) => sameNameKey(user.name) === key);
  }

  bySubject(source: User['source'], subject: string): User | undefined {
    return this.all.find((user) => user.source === source && user.subject === subject);
  }

  /** Whether an admin can come back without a token: by a password, or by who else vouches. */
  get hasAdminDoor(): boolean {
    return this.all.some((user) => user.role === 'admin' && (user.password !== undefined || user.source !== 'local'));
  }

  /** Whether anybody has a password. */
  get hasPasswords(): boolean {
    return this.all.some(({ password }) => password !== undefined);
  }

  /** @throws {AccessRefused} */
  add(user: Omit<User, 'id' | 'createdAtUnixMs'>): User {
    if (!ACCOUNT_NAME.test(user.name))
      throw new AccessRefused(400, 'name: expected 1 to 64 letters, digits and . _ - @ + or spaces between them');
    if (this.byName(user.name) !== undefined) throw new AccessRefused(409, `name: there is a user ${user.name}`);
    if (this.#users.size >= MAX_USERS) throw new AccessRefused(409, `there are ${MAX_USERS} users`);
    return this.#put({ ...user, id: randomUUID(), createdAtUnixMs: this.#clock.nowMs() });
  }

  /** @throws {AccessRefused} when it would leave nobody who is admin, or the name is another's. */
  change(id: string, over: Partial<Pick<User, 'name' | 'role' | 'scope' | 'password'>>): User {
    const user = this.#known(id);
    const next = { ...user, ...over };
    if (next.role !== 'admin') this.#keepAdmin(user);
    if (over.name !== undefined) {
      const other = this.byName(over.name);
      if (!ACCOUNT_NAME.test(over.name) || (other !== undefined && other.id !== id))
        throw new AccessRefused(409, `name: ${over.name} cannot be taken`);
    }
    return this.#put(next);
  }

  /** @throws {AccessRefused} */
  remove(id: string): User {
    const user = this.#known(id);
    this.#keepAdmin(user);
    this.#users.delete(id);
    this.#documents.remove('user', id);
    return user;
  }

  #known(id: string): User {
    const user = this.#users.get(id);
    if (user === undefined) throw new AccessRefused(404, 'there is no such user');
    return user;
  }

  #keepAdmin(user: User): void {
    const admins = this.all.filter(({ role }) => role === 'admin');
    // Who is vouched for has the role that is said of them; without any admin the next start prints a token again.
    if (user.role === 'admin' && user.source === 'local' && admins.length === 1)
      throw new AccessRefused(409, `${user.name} is the only admin: make another one first`);
  }

  #put(user: User): User {
    const { id, scope, ...value } = user;
    this.#users.set(id, user);
    const stored = { ...value, ...(scope === undefined ? {} : { scope: scope.text }) };
    this.#documents.put({ kind: 'user', id, updatedAtUnixMs: this.#clock.nowMs(), value: stored });
    return user;
  }
}

export function principalOfUser({ id, name, role, scope }: User): Principal {
  return { kind: 'user', id, name, role, scope };
}

/** A user as admins see it: without what is secret. */
export function userView(user: User): object {
  const { id, name, role, scope, source, createdAtUnixMs } = user;
  return {
    id,
    name,
    role,
    scope: scope?.text ?? null,
    source,
    hasPassword: user.password !== undefined,
    createdAt: new Date(createdAtUnixMs).toISOString(),
  };
}
