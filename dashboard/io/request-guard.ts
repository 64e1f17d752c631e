import { parse } from 'hono/utils/cookie';
import { hostComplaint, originComplaint, type RequestPlace } from '../model/origin.ts';
import type { Auth, Session } from './auth.ts';

export interface GuardOptions {
  readonly auth: Auth;
  readonly publicUrl: string | undefined;
  /** Port in the cookie's name: browsers keep cookies per host, whatever the port. */
  readonly port: number;
}

/** Who a request comes from, by its headers: the one place where cookies, origins and hosts are judged. */
export class RequestGuard {
  readonly #options: GuardOptions;
  /** Whether browsers reach the dashboard over TLS. */
  readonly secure: boolean;
  readonly cookieName: string;

  constructor(options: GuardOptions) {
    this.#options = options;
    this.secure = options.publicUrl?.startsWith('https:') === true;
    this.cookieName = this.secure ? '__Host-weft-session' : `weft-session-${options.port}`;
  }

  /** Why a request must not be answered for its `Host`; `undefined` when it may. */
  host(place: RequestPlace): string | undefined {
    return hostComplaint(place, this.#options.publicUrl);
  }

  /** Why a request that changes something must not be trusted with its cookie; `undefined` when it may. */
  origin(place: RequestPlace, need: 'origin' | 'any-proof' | 'no-contradiction'): string | undefined {
    return originComplaint(place, this.#options.publicUrl, need);
  }

  session(cookieHeader: string | undefined): Session | undefined {
    if (cookieHeader === undefined || cookieHeader.length > 8192) return undefined;
    return this.#options.auth.session(parse(cookieHeader, this.cookieName)[this.cookieName]);
  }

  isApi(authorization: string | undefined): boolean {
    return this.#options.auth.isApi(authorization);
  }
}
