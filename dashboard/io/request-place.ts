import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { RequestPlace } from '../model/origin.ts';
import type { TrustedProxies } from './trusted-proxies.ts';

const LOOPBACK = /^(?:::ffff:)?127\.|^::1$/;

/** Where a request, or the start of a websocket, comes from; as a trusted proxy says it, where one handed it on. */
export function placeOf({ headers, socket }: IncomingMessage, proxies: TrustedProxies): RequestPlace {
  const peer = socket.remoteAddress ?? '';
  const forwarded = proxies.read(peer, headers);
  const site: string | string[] | undefined = headers['sec-fetch-site'];
  return {
    host: headers.host,
    origin: headers.origin,
    referer: headers.referer,
    secFetchSite: typeof site === 'string' ? site : undefined,
    scheme: forwarded?.scheme ?? (socket instanceof TLSSocket ? 'https' : 'http'),
    address: forwarded?.address ?? peer,
    onLoopback: LOOPBACK.test(socket.localAddress ?? ''),
  };
}
