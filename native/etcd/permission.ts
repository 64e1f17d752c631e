/** A permission, in etcd's word. */
export type Access = 'read' | 'write' | 'readwrite';

export interface Lack {
  /** Whose; `undefined` without a login. */
  readonly user: string | undefined;
  readonly access: Access;
  /** What was asked for: a key, or the prefix of a list. */
  readonly key: string;
  /** Prefixes that permissions are given for. */
  readonly ranges: readonly string[];
}

/** One clause that names user, permission and keys, and the command that gives the permission. */
export function lackText({ user, access, key, ranges }: Lack): string {
  const range = ranges.find((prefix) => key.startsWith(prefix));
  const keys = range === undefined ? `the key ${key}` : `the keys that start with ${range}`;
  const grant = `${range === undefined ? '' : '--prefix=true '}${access} ${range ?? key}`;
  const who = user === undefined ? 'whoever comes without a user name' : `the etcd user ${user}`;
  return `${who} lacks the permission ${access} on ${keys}: etcdctl role grant-permission ROLE ${grant}`;
}
