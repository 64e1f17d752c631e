import type { IncomingMessage } from 'node:http';
import { parse } from 'hono/utils/cookie';
import type { Principal } from '../model/access.ts';
import { hostComplaint, originComplaint, type RequestPlace } from '../model/origin.ts';
import { forwardedUser, type ForwardAuthSettings } from './access/forward-auth.ts';
import { AccessRefused } from './access/refused.ts';
import type { VouchWatch } from './access/vouch-watch.ts';
import type { Session } from './access/sessions.ts';
import { principalOfUser } from './access/users.ts';
import type { Auth } from './auth.ts';
import { placeOf } from './request-place.ts';
import type { TrustedProxies } from './trusted-proxies.ts';

export interface GuardOptions {
  readonly auth: Auth;
  readonly publicUrl: string | undefined;
  /** Whether we speak TLS ourselves. */
  readonly tls: boolean;
  readonly proxies: TrustedProxies;
  /** How a proxy in front tells whom it let in; `undefined` where it does not. */
  readonly forwardAuth: ForwardAuthSettings | undefined;
  readonly vouchWatch: VouchWatch;
  /** Port in the cookie's name: browsers keep cookies per host, whatever the port. */
  readonly port: number;
}

/** Who a request comes from. A browser sends a session, and what a proxy knows it by, by itself: also for another site. */
export interface Caller {
  readonly principal: Principal;
  readonly by: 'bearer' | 'session' | 'proxy';
  readonly session: Session | undefined;
}

/** Who a request comes from, by its headers: the one place where cookies, origins and hosts are judged. */
export class RequestGuard {
  readonly #options: GuardOptions;
  /** Whether browsers reach the dashboard over TLS. */
  readonly secure: boolean;
  readonly cookieName: string;

  constructor(options: GuardOptions) {
    this.#options = options;
    this.secure = options.tls || options.publicUrl?.startsWith('https:') === true;
    this.cookieName = this.secure ? '__Host-weft-session' : `weft-session-${options.port}`;
  }

  place(request: IncomingMessage): RequestPlace {
    return placeOf(request, this.#options.proxies);
  }

  /** Why a request must not be answered for its `Host`; `undefined` when it may. */
  host(place: RequestPlace): string | undefined {
    return hostComplaint(place, this.#options.publicUrl);
  }

  /** Why a request that changes something must not be trusted with its cookie; `undefined` when it may. */
  origin(place: RequestPlace, need: 'origin' | 'any-proof' | 'no-contradiction'): string | undefined {
    return originComplaint(place, this.#options.publicUrl, need);
  }

  /** Who shows a token in `Authorization`. */
  bearer(authorization: string | undefined): Principal | undefined {
    return this.#options.auth.bearer(authorization);
  }

  /** Who a browser's request comes from: by its session, or as a proxy in front says. */
  visitor(request: IncomingMessage): Caller | undefined {
    const session = this.#session(request.headers.cookie);
    const principal = session && this.#options.auth.principalOf(session);
    return principal === undefined ? this.#forwarded(request) : { principal, by: 'session', session };
  }

  /** Whether who came in once still may be here. */
  isStill({ principal, by, session }: Caller): boolean {
    const { auth } = this.#options;
    if (by === 'proxy') return auth.users.get(principal.id)?.role === principal.role;
    return session !== undefined && auth.principalOf(session) !== undefined;
  }

  /** Who any request comes from. */
  caller(request: IncomingMessage): Caller | undefined {
    const principal = this.bearer(request.headers.authorization);
    return principal === undefined ? this.visitor(request) : { principal, by: 'bearer', session: undefined };
  }

  #forwarded({ headers, socket }: IncomingMessage): Caller | undefined {
    const { auth, proxies, forwardAuth, vouchWatch } = this.#options;
    if (forwardAuth === undefined) return undefined;
    const said = forwardedUser(headers, forwardAuth);
    if (said === undefined) return undefined;
    const peer = socket.remoteAddress ?? '';
    if (!proxies.has(peer)) {
      vouchWatch.refused(`${peer} sent ${forwardAuth.userHeader} and is no trusted proxy: it was not believed`);
      return undefined;
    }
    if ('refused' in said) {
      vouchWatch.refused(said.refused);
      return undefined;
    }
    try {
      const principal = principalOfUser(auth.vouched(said.vouched));
      vouchWatch.accepted();
      return { principal, by: 'proxy', session: undefined };
    } catch (error) {
      // A name that cannot be one here, or that is somebody else's.
      if (!(error instanceof AccessRefused)) throw error;
      vouchWatch.refused(error.message);
      return undefined;
    }
  }

  #session(cookieHeader: string | undefined): Session | undefined {
    if (cookieHeader === undefined || cookieHeader.length > 8192) return undefined;
    return this.#options.auth.sessions.find(parse(cookieHeader, this.cookieName)[this.cookieName]);
  }
}
