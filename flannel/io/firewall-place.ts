import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { writeFileAtomic } from '../../native/host/atomic-file.ts';
import { readIfPresent } from './state.ts';

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

const placePath = (stateDir: string): string => join(stateDir, 'firewall-place');

const ALL_PLACES = Array.from({ length: PLACES }, (_, index) => index + 1);

/** The place of the run before; `undefined` for none, or a damaged file. @throws {HostFileError} */
async function placeBefore(stateDir: string): Promise<number | undefined> {
  const before = Number(await readIfPresent(placePath(stateDir)));
  return ALL_PLACES.find((place) => place === before);
}

/**
 * Which of several agents on this host this one is, for the names of its rules: the same at every start, as long as nobody else
 * is that. `undefined` when all places are taken. @throws {HostFileError}
 */
export async function takeFirewallPlace(stateDir: string): Promise<FirewallPlace | undefined> {
  const before = await placeBefore(stateDir); // its rules are still there
  for (const place of before === undefined ? ALL_PLACES : [before, ...ALL_PLACES]) {
    const server = createServer((connection) => connection.destroy());
    if (!(await listen(server, place))) continue;
    server.unref();
    if (place !== before) await writeFileAtomic(placePath(stateDir), `${place}\n`);
    return {
      place,
      [Symbol.asyncDispose]: async () => {
        await new Promise((resolve) => server.close(resolve));
      },
    };
  }
  return undefined;
}
