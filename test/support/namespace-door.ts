import { connect, createServer, type AddressInfo } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProcess } from './processes.ts';
import { until } from './until.ts';

/** Run inside the namespace: carries connections of a unix socket, which every namespace sees, to a TCP address there. */
const CARRY = `
const { connect, createServer } = require('node:net');
const [path, host, port] = process.argv.slice(1);
createServer((from) => {
  const to = connect(Number(port), host);
  from.pipe(to).pipe(from);
  from.on('error', () => to.destroy());
  to.on('error', () => from.destroy());
}).listen(path, () => process.stdout.write('ready'));`;

export interface NamespaceDoor extends AsyncDisposable {
  /** `127.0.0.1:PORT` here. */
  readonly listen: string;
}

/** Makes `ADDRESS:PORT` of a namespace reachable on loopback of the test's own, without an interface between the two. */
export async function openDoor(namespace: string, address: string): Promise<NamespaceDoor> {
  const stack = new AsyncDisposableStack();
  const folder = stack.adopt(await mkdtemp(join(tmpdir(), 'weft-test-door-')), (path) =>
    rm(path, { recursive: true, force: true }),
  );
  const path = join(folder, 's');
  const [host = '', port = ''] = address.split(':');
  const inside = stack.use(await startProcess([process.execPath, '-e', CARRY, '--', path, host, port], { namespace }));
  await until(() => inside.stdout() === 'ready', { what: `the door to ${address} is open` });
  const server = createServer((from) => {
    const to = connect(path);
    from.pipe(to).pipe(from);
    from.on('error', () => to.destroy());
    to.on('error', () => from.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stack.defer(async () => {
    await new Promise((resolve) => server.close(resolve));
  });
  // Connections that are kept open end with the process on their other side.
  stack.defer(() => inside.stop().then(() => undefined));
  return {
    listen: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
