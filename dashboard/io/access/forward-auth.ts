import type { IncomingHttpHeaders } from 'node:http';
import { roleOfGroups, type RoleGroups } from '../../model/access.ts';
import type { Vouched } from '../auth.ts';

export interface ForwardAuthSettings {
  /** Lower case; who the proxy let in. */
  readonly userHeader: string;
  /** Lower case; the groups of that one, with commas between them. */
  readonly groupsHeader: string | undefined;
  readonly roles: RoleGroups;
}

/** Node.js joins what is sent twice with a comma: two users are none. */
const USER = /^[^,\u0000-\u001f\u007f]{1,64}$/;

/** What a proxy's headers say: somebody, or one who may not come in and why; `undefined` when they say nobody. The caller knows that the proxy is trusted. */
export function forwardedUser(
  headers: IncomingHttpHeaders,
  { userHeader, groupsHeader, roles }: ForwardAuthSettings,
): { readonly vouched: Vouched } | { readonly refused: string } | undefined {
  const given = headers[userHeader];
  const name = typeof given === 'string' ? given.trim() : '';
  if (name === '') return undefined;
  if (!USER.test(name)) return { refused: `${userHeader} names nobody that can be a user here, or more than one` };
  const groups = groupsHeader === undefined ? [] : String(headers[groupsHeader] ?? '').split(/[,;|]/);
  const role = roleOfGroups(
    groups.map((group) => group.trim()),
    roles,
  );
  if (role === undefined) return { refused: `${name} is in no group that may come in` };
  return { vouched: { source: 'proxy', subject: name, name, role } };
}
