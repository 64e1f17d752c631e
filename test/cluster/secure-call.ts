import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:https';

export interface SecureAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface SecureCall {
  /** PEM of the authority that the server's certificate must be of. */
  readonly ca?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** One request over TLS on a connection of its own, with the certificate checked. */
export async function secureCall(
  url: string,
  { ca, method = 'GET', headers = {}, body = '' }: SecureCall = {},
): Promise<SecureAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<SecureAnswer>();
  const options = { method, headers, agent: false as const, timeout: 5000, ...(ca === undefined ? {} : { ca }) };
  const sent = request(url, options, (answer) => {
    const chunks: Buffer[] = [];
    answer.on('data', (chunk: Buffer) => chunks.push(chunk));
    answer.once('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text });
    });
  });
  sent.once('error', reject);
  sent.end(body);
  return await promise;
}
