import { connect, createServer } from 'node:net';
import { FatalError } from '../../native/host/lifecycle.ts';

/** A socket in the kernel's abstract space: it has no file and is gone in the moment its process is. @see unix(7) */
const LOCK = '\0weft-demo';
const ANSWER_TIMEOUT_MS = 1_000;

async function holder(): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = connect(LOCK);
  socket.setEncoding('utf8').setTimeout(ANSWER_TIMEOUT_MS, () => {
    resolve('unknown');
  });
  socket.once('data', (text: unknown) => {
    resolve(/^\d{1,10}$/.test(String(text)) ? String(text) : 'unknown');
  });
  socket.once('error', () => {
    resolve('unknown');
  });
  const pid = await promise;
  socket.destroy();
  return pid;
}

/** Makes this process the machine's one demo until it ends. @throws {FatalError} naming the process that is it already. */
export async function takeLock(pid: number): Promise<AsyncDisposable> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  const server = createServer((socket) => {
    socket.on('error', () => undefined).end(String(pid));
  });
  server.once('error', reject);
  server.listen(LOCK, () => {
    resolve(undefined);
  });
  try {
    await promise;
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE')) throw cause;
    const other = await holder();
    throw new FatalError(`a demo runs already (pid ${other}): stop it first (kill ${other}), or use that one`, {
      cause,
    });
  }
  return {
    [Symbol.asyncDispose]: async () => {
      await new Promise<void>((done) => {
        server.close(() => {
          done();
        });
      });
    },
  };
}
