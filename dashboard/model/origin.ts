/** What of a request tells where it comes from. */
export interface RequestPlace {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly referer: string | undefined;
  readonly secFetchSite: string | undefined;
  /** How the browser speaks to whoever ends its connection: us, or a proxy that we trust. */
  readonly scheme: 'http' | 'https';
  /** Where it comes from, as far as that is known for sure. */
  readonly address: string;
  /** Whether the connection ends at a loopback address of ours. */
  readonly onLoopback: boolean;
}

const HOST = /^(?:\[[0-9a-f:.]+\]|[a-z0-9._-]{1,253})(?::\d{1,5})?$/i;
const LOOPBACK_HOST = /^(?:127(?:\.\d{1,3}){3}|localhost|\[::1\])(?::\d{1,5})?$/i;

/** `host[:port]` of a URL, as a browser sends it in `Host`. */
function hostOf(url: string): string {
  return new URL(url).host;
}

/**
 * Why a request must not be answered for its `Host`, or `undefined`. On loopback only loopback's names and the public URL's are
 * ours: a foreign name that resolves to 127.0.0.1 is DNS rebinding.
 */
export function hostComplaint(place: RequestPlace, publicUrl: string | undefined): string | undefined {
  const { host } = place;
  if (host === undefined || !HOST.test(host)) return 'the Host header is missing or malformed';
  if (publicUrl !== undefined && host.toLowerCase() === hostOf(publicUrl)) return undefined;
  if (!place.onLoopback || LOOPBACK_HOST.test(host)) return undefined;
  return `"${host}" is not a name of this dashboard; start it with --public-url ${place.scheme}://${host} if it is`;
}

function isOwnOrigin(origin: string, { host, scheme }: RequestPlace, publicUrl: string | undefined): boolean {
  if (publicUrl !== undefined && origin === new URL(publicUrl).origin) return true;
  return host !== undefined && origin === `${scheme}://${host.toLowerCase()}`;
}

function refererOrigin(referer: string | undefined): string | undefined {
  return referer !== undefined && URL.canParse(referer) ? new URL(referer).origin : undefined;
}

/**
 * Why a request that carries a cookie must not be trusted, or `undefined`. A given Origin must be exactly ours, port included; a
 * request without one must be vouched for by the browser in another way when `need` asks for it.
 */
export function originComplaint(
  place: RequestPlace,
  publicUrl: string | undefined,
  need: 'origin' | 'any-proof' | 'no-contradiction',
): string | undefined {
  const { secFetchSite } = place;
  const origin = place.origin ?? refererOrigin(place.referer);
  if (secFetchSite !== undefined && secFetchSite !== 'same-origin' && secFetchSite !== 'none')
    return `the browser says the request is ${secFetchSite.slice(0, 20)}`;
  if (origin !== undefined) {
    if (isOwnOrigin(origin, place, publicUrl)) return undefined;
    return `origin ${JSON.stringify(origin.slice(0, 200))} is not this dashboard's; behind a proxy start it with --public-url`;
  }
  if (need === 'no-contradiction' || (need === 'any-proof' && secFetchSite !== undefined)) return undefined;
  return 'the request names no origin';
}
