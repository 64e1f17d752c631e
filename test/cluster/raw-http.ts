import { connect } from 'node:net';

/** Sends exactly these bytes and gives all that comes back until the server closes; what no client library would send. */
export async function rawHttp(listen: string, request: string): Promise<string> {
  const [host = '', port = ''] = listen.split(':');
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect(Number(port), host, () => {
    socket.write(request);
  });
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.once('close', () => {
    resolve(Buffer.concat(chunks).toString('utf8'));
  });
  socket.once('error', reject);
  socket.setTimeout(8000, () => {
    socket.destroy();
  });
  return await promise;
}

/** A GET of this very path on a connection that ends with the answer. */
export function rawGet(
  listen: string,
  path: string,
  headers: readonly string[] = [`Host: ${listen}`],
): Promise<string> {
  return rawHttp(listen, [`GET ${path} HTTP/1.1`, ...headers, 'Connection: close', '', ''].join('\r\n'));
}
