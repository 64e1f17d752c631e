import { connect, createServer, type Server, type Socket } from 'node:net';
import { listenOn } from '../../native/host/status-server.ts';

/** Two for each of sixteen hosts, and room for reconnects. */
const MAX_CONNECTIONS = 128;

export interface Relay extends AsyncDisposable {
  /** `ADDRESS:PORT` it listens on. */
  readonly listen: string;
}

function join(near: Socket, far: Socket): void {
  const close = (): void => {
    near.destroy();
    far.destroy();
  };
  near.setNoDelay().once('error', close).once('close', close);
  far.setNoDelay().once('error', close).once('close', close);
  near.pipe(far).pipe(near);
}

async function closeAll(server: Server, open: ReadonlySet<Socket>): Promise<void> {
  for (const socket of open) socket.destroy();
  await new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
}

/**
 * Carries TCP connections from the fabric to a port on the machine's loopback: the dashboard listens on 127.0.0.1 only, which
 * no other namespace can reach. Bound to the fabric's address, so nothing outside the demo gets in. @throws {FatalError}
 */
export async function startRelay(host: string, targetPort: number): Promise<Relay> {
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect({ host: '127.0.0.1', port: targetPort });
    for (const socket of [near, far]) {
      open.add(socket);
      socket.once('close', () => open.delete(socket));
    }
    join(near, far);
  });
  server.maxConnections = MAX_CONNECTIONS;
  const listen = await listenOn(server, { host, port: 0, setting: '--port' });
  return { listen, [Symbol.asyncDispose]: () => closeAll(server, open) };
}
