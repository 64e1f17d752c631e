import type { IncomingMessage } from 'node:http';
import type { RequestPlace } from '../model/origin.ts';

const LOOPBACK = /^(?:::ffff:)?127\.|^::1$/;

/** Where a request, or the start of a websocket, comes from. */
export function placeOf({ headers, socket }: IncomingMessage): RequestPlace {
  const site: string | string[] | undefined = headers['sec-fetch-site'];
  return {
    host: headers.host,
    origin: headers.origin,
    referer: headers.referer,
    secFetchSite: typeof site === 'string' ? site : undefined,
    onLoopback: LOOPBACK.test(socket.localAddress ?? ''),
  };
}
