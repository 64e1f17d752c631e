import { join } from 'node:path';
import { LoginTokens } from '../../../../dashboard/io/access/login-tokens.ts';
import { Sessions } from '../../../../dashboard/io/access/sessions.ts';
import { Tokens } from '../../../../dashboard/io/access/tokens.ts';
import { Users } from '../../../../dashboard/io/access/users.ts';
import { Auth } from '../../../../dashboard/io/auth.ts';
import { openStateStore } from '../../../../dashboard/io/state-store.ts';
import type { Clock } from '../../../../native/host/clock.ts';

export const AGENT_TOKEN = 'agent-token-0123456789';
export const API_TOKEN = 'api-token-0123456789';
export const ADMIN_TOKEN = 'admin-token-0123456789';

export interface OpenAuth extends Disposable {
  readonly auth: Auth;
}

/** The real thing on a real file; another one on the same folder is what a restart finds. */
export function openAuth(folder: string, clock: Clock): OpenAuth {
  const corrupt = (record: string): never => {
    throw new RangeError(`corrupt: ${record}`);
  };
  const store = openStateStore(folder, corrupt);
  const admin = { token: ADMIN_TOKEN, path: join(folder, 'admin-token') };
  const auth = new Auth({
    agentToken: AGENT_TOKEN,
    apiToken: API_TOKEN,
    loginTokens: new LoginTokens(admin, clock),
    users: new Users(store.documents, clock, corrupt),
    sessions: new Sessions(store.documents, clock),
    tokens: new Tokens(store.documents, clock, corrupt),
  });
  return {
    auth,
    [Symbol.dispose]: () => {
      store[Symbol.dispose]();
    },
  };
}
