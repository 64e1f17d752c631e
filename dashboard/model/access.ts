import type { Scope } from './scope.ts';

/** From least to most: a viewer reads; an editor also changes rules, silences and channels, and acknowledges; an admin does everything. */
export const ROLES = ['viewer', 'editor', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** What a request asks of who sends it: nothing, or at least a role. */
export type Need = 'anybody' | Role;

/** Who a request comes from. */
export interface Principal {
  /** `file`: the API token that lies in a file of the operator's. */
  readonly kind: 'user' | 'token' | 'file';
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** What of the cluster may be seen; `undefined` for all of it. */
  readonly scope: Scope | undefined;
}

/** Whether somebody has at least a role. */
export function mayDo({ role }: Pick<Principal, 'role'>, need: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(need);
}

/** The sentence for who may not. */
export function lackOfRole({ name, role }: Pick<Principal, 'name' | 'role'>, need: Role): string {
  return `${name} is ${role}, and this needs ${need}`;
}

/** Groups that a proxy tells, by the role that they give. */
export type RoleGroups = Readonly<Record<Role, readonly string[]>>;

/** The most that somebody's groups give; where no groups are named, everybody is a viewer. `undefined` for who may not come in. */
export function roleOfGroups(groups: readonly string[], roles: RoleGroups): Role | undefined {
  const given = ROLES.findLast((role) => roles[role].some((group) => groups.includes(group)));
  if (given !== undefined) return given;
  return ROLES.every((role) => roles[role].length === 0) ? 'viewer' : undefined;
}

/** A name that people can read and that cannot be mistaken for another by its case or by signs that are not seen. */
export const ACCOUNT_NAME = /^[\p{L}\p{N}][\p{L}\p{N}._@+ -]{0,62}[\p{L}\p{N}]$|^[\p{L}\p{N}]$/u;

/** Two names that differ in case or in how they are composed are one. */
export function sameNameKey(name: string): string {
  return name.normalize('NFKC').toLowerCase();
}

export const MIN_PASSWORD_CHARACTERS = 10;
/** scrypt takes any length, but whoever sends it is not known yet. */
export const MAX_PASSWORD_CHARACTERS = 256;

/** Why a password cannot be taken, or `undefined`. Length is what counts (NIST SP 800-63B); the name is what is tried first. */
export function passwordComplaint(password: string, name: string): string | undefined {
  if (password.length < MIN_PASSWORD_CHARACTERS)
    return `the password is too short: expected at least ${MIN_PASSWORD_CHARACTERS} characters`;
  if (password.length > MAX_PASSWORD_CHARACTERS)
    return `the password is too long: expected at most ${MAX_PASSWORD_CHARACTERS} characters`;
  if (sameNameKey(password) === sameNameKey(name)) return 'the password is the name';
  if (new Set(password).size < 4) return 'the password repeats too few characters';
  return undefined;
}
