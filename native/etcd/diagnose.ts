import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { EtcdEndpoint } from './endpoint.ts';
import type { EtcdTls } from './tls.ts';

const PROBE_TIMEOUT_MS = 1_500;

const BY_CODE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (connection refused)',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'there is no route to it',
  ENOTFOUND: 'its name does not resolve',
  EAI_AGAIN: 'its name does not resolve',
  ETIMEDOUT: 'it does not answer',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed: give the CA file that vouches for it',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate comes from a CA that is not trusted: give the CA file',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate comes from a CA that is not trusted: give the CA file',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate comes from a CA that is not trusted: give the CA file',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
};

const PLAIN_ANSWER = new Set(['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG']);
/** A plain server may also just hang up on a TLS greeting. */
const HUNG_UP = new Set(['ECONNRESET', 'EPIPE']);

const isTlsAlert = (code: string): boolean => code.startsWith('ERR_SSL_');

type ProbeResult = { readonly kind: 'connected' } | { readonly kind: 'failed'; readonly code: string };

async function probe(open: () => Socket, connectedEvent: string): Promise<ProbeResult> {
  const { promise, resolve } = Promise.withResolvers<ProbeResult>();
  const socket = open();
  socket.once(connectedEvent, () => {
    resolve({ kind: 'connected' });
  });
  socket.once('error', (error) => {
    resolve({ kind: 'failed', code: 'code' in error && typeof error.code === 'string' ? error.code : error.message });
  });
  socket.setTimeout(PROBE_TIMEOUT_MS, () => {
    resolve({ kind: 'failed', code: 'ETIMEDOUT' });
  });
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}

async function probeTls(
  endpoint: EtcdEndpoint,
  options: { tls: EtcdTls | undefined; verify: boolean },
): Promise<ProbeResult> {
  const { ca, cert, key } = options.tls ?? {};
  return probe(
    () =>
      connectTls({
        host: endpoint.host,
        port: endpoint.port,
        ALPNProtocols: ['h2'],
        rejectUnauthorized: options.verify,
        ...(/^[\d.]+$|:/.test(endpoint.host) ? {} : { servername: endpoint.host }),
        ...(ca === undefined ? {} : { ca }),
        ...(cert === undefined || key === undefined ? {} : { cert, key }),
      }),
    'secureConnect',
  );
}

/**
 * Says in one clause why an endpoint cannot be talked to, by knocking at it: gRPC only says "unavailable", also when the
 * scheme is wrong. `undefined` when the knock is answered as it should be. Takes at most {@link PROBE_TIMEOUT_MS} a knock;
 * never throws.
 */
export async function diagnoseEndpoint(endpoint: EtcdEndpoint, tls: EtcdTls | undefined): Promise<string | undefined> {
  const tcp = await probe(() => connectTcp({ host: endpoint.host, port: endpoint.port }), 'connect');
  if (tcp.kind === 'failed') return BY_CODE[tcp.code] ?? `the connection fails (${tcp.code})`;
  const handshake = await probeTls(endpoint, { tls, verify: endpoint.secure });
  if (!endpoint.secure) {
    // A server that wants a client certificate ends the handshake with a TLS alert: that is TLS, too.
    const isTls = handshake.kind === 'connected' || (isTlsAlert(handshake.code) && !PLAIN_ANSWER.has(handshake.code));
    return isTls ? 'it speaks TLS: write https:// instead of http://' : undefined;
  }
  if (handshake.kind === 'connected') return undefined;
  if (PLAIN_ANSWER.has(handshake.code) || HUNG_UP.has(handshake.code)) {
    return 'it does not speak TLS: write http:// instead of https://';
  }
  return BY_CODE[handshake.code] ?? `the TLS handshake fails (${handshake.code})`;
}
