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

/** Who a proxy says it let in; `undefined` when it says nobody, or one whose groups may not come in. The caller knows that the proxy is trusted. */
export function forwardedUser(
  headers: IncomingHttpHeaders,
  { userHeader, groupsHeader, roles }: ForwardAuthSettings,
): Vouched | undefined {
  const given = headers[userHeader];
  const name = typeof given === 'string' ? given.trim() : '';
  if (!USER.test(name)) return undefined;
  const groups = groupsHeader === undefined ? [] : String(headers[groupsHeader] ?? '').split(/[,;|]/);
  const role = roleOfGroups(
    groups.map((group) => group.trim()),
    roles,
  );
  return role && { source: 'proxy', subject: name, name, role };
}
