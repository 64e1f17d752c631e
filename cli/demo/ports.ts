import { createServer, type AddressInfo } from 'node:net';

/** A TCP port that is free on an address now. Another process may take it before it is used; the caller then starts again. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const server = createServer();
  server.once('error', reject);
  server.listen({ host, port: 0 }, () => {
    const { port } = server.address() as AddressInfo;
    server.close(() => {
      resolve(port);
    });
  });
  return await promise;
}
