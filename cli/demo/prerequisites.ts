import { listenOn } from '../../native/host/status-server.ts';
import { FatalError } from '../../native/host/lifecycle.ts';
import { createServer } from 'node:net';
import { CommandError, runCommand } from './command.ts';
import { findProgram, findRuntime, type OciRuntime } from './runtime.ts';

/** Programs of the machine that the demo calls, by the Debian package that has them. */
const PROGRAMS = [
  ['etcd', 'etcd-server'],
  ['busybox', 'busybox-static'],
  ['ip', 'iproute2'],
  ['nsenter', 'util-linux'],
  ['setpriv', 'util-linux'],
  ['unshare', 'util-linux'],
] as const;

export interface Prerequisites {
  readonly runtime: OciRuntime;
  /** Path of the busybox that goes into the containers. */
  readonly busybox: string;
}

const INSTEAD = '`npm run check` needs no root and no special kernel';

/** Links of each kind that the demo makes, tried in a namespace that is gone a moment later. */
const LINK_TRIAL = [
  'ip link add weft0 type veth peer name weft1',
  'ip link add weft2 type bridge',
  'ip link add weft3 type vxlan id 1 dstport 8472 nolearning',
].join(' && ');

async function assertKernel(): Promise<void> {
  try {
    await runCommand(['unshare', '--net', 'sh', '-c', LINK_TRIAL]);
  } catch (cause) {
    const said = cause instanceof CommandError ? cause.stderr : String(cause);
    throw new FatalError(
      `this machine cannot make VXLAN links in a network namespace (${said}): run the demo on a kernel with veth, bridge and vxlan, or with more rights; ${INSTEAD}`,
      { cause },
    );
  }
}

/** Checks that the machine can run the demo at all. @throws {FatalError} with one sentence: what is missing, what to do. */
export async function checkPrerequisites(userId: number, path: string): Promise<Prerequisites> {
  if (userId !== 0) {
    throw new FatalError(`needs root to make network namespaces: run it with sudo (\`sudo npm start\`); ${INSTEAD}`);
  }
  const found = await Promise.all(PROGRAMS.map(([program]) => findProgram(program, path)));
  const runtime = await findRuntime(path);
  const missing = new Set(PROGRAMS.filter((_, index) => found[index] === undefined).map(([, pkg]) => pkg as string));
  if (runtime === undefined) missing.add('runc');
  const busybox = found[PROGRAMS.findIndex(([program]) => program === 'busybox')];
  if (missing.size > 0 || runtime === undefined || busybox === undefined) {
    throw new FatalError(`programs are missing on this machine: apt-get install ${[...missing].join(' ')}`);
  }
  await assertKernel();
  return { runtime, busybox };
}

/** @throws {FatalError} when another process listens on the port. */
export async function assertPortFree(port: number): Promise<void> {
  const server = createServer();
  await listenOn(server, { host: '127.0.0.1', port, setting: '--port' });
  await new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
}
