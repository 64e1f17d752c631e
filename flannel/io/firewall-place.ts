import { createServer, type Server } from 'node:net';

/** How many agents one network namespace can have. */
const PLACES = 16;

/** Held until it is disposed of, or the process ends. */
export interface FirewallPlace extends AsyncDisposable {
  /** From 1. */
  readonly place: number;
}

function listen(server: Server, place: number): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  server.once('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EADDRINUSE') resolve(false);
    else reject(error);
  });
  // An abstract name belongs to the network namespace, as the rules do, and goes with the process.
  server.listen(`\0weft-flannel-firewall-${place}`, () => {
    resolve(true);
  });
  return promise;
}

/** Which of several agents on this host this one is, for the names of its rules; `undefined` when all places are taken. */
export async function takeFirewallPlace(): Promise<FirewallPlace | undefined> {
  for (let place = 1; place <= PLACES; place += 1) {
    const server = createServer((connection) => connection.destroy());
    if (!(await listen(server, place))) continue;
    server.unref();
    return {
      place,
      [Symbol.asyncDispose]: async () => {
        await new Promise((resolve) => server.close(resolve));
      },
    };
  }
  return undefined;
}
