import { readdirSync, readlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadAddon, type NativeSocket } from '../../../native/addon.ts';
import { NetlinkError } from '../../../native/netlink/errors.ts';
import { decodeLink, encodeGetLinks } from '../../../native/netlink/link.ts';
import { encodeNewBridge } from '../../../native/netlink/new-link.ts';
import { openRouteSocket, watchRoute, type Netns } from '../../../native/netlink/socket.ts';
import { startProcess } from '../../support/processes.ts';
import { until } from '../../support/until.ts';
import { allDone, inNewNamespace } from './peers.ts';

const root = new URL('../../..', import.meta.url).pathname;
const openFiles = (): number => readdirSync('/proc/self/fd').length;
const ignored = {
  groups: [1],
  onEvents: () => undefined,
  onFatal: (error: NetlinkError) => {
    throw error;
  },
};

async function linkNames(netns: Netns | undefined): Promise<(string | undefined)[]> {
  await using socket = openRouteSocket({ netns });
  return (await socket.dump(encodeGetLinks())).map((message) => decodeLink(message)?.name);
}

test('a socket opens in a namespace by name, path and pid, and the process stays where it is', async () => {
  await using ns = await inNewNamespace();
  const { name, path } = ns.namespace;
  allDone(await ns.socket.transact([encodeNewBridge({ name: 'inside' })]));
  const own = readlinkSync('/proc/self/ns/net');
  await using inside = await startProcess(['sleep', '60'], { namespace: name });
  await until(() => readlinkSync(`/proc/${inside.pid}/ns/net`) !== own, { what: 'the process is inside' });
  const ways: Netns[] = [
    { kind: 'name', name },
    { kind: 'path', path },
    { kind: 'pid', pid: inside.pid },
  ];
  for (const netns of ways) expect(await linkNames(netns)).toEqual(['lo', 'inside']);
  expect(await linkNames(undefined)).not.toContain('inside');
  const threads = readdirSync('/proc/self/task').map((thread) => readlinkSync(`/proc/self/task/${thread}/ns/net`));
  expect(new Set(threads)).toEqual(new Set([own]));
});

test.each<{ name: string; netns: Netns; code: string }>([
  { name: 'a namespace that is not there', netns: { kind: 'name', name: 'weft-t-none' }, code: 'ENOENT' },
  { name: 'a process that is not there', netns: { kind: 'pid', pid: 2 ** 22 + 1 }, code: 'ENOENT' },
  { name: 'a file that is no namespace', netns: { kind: 'path', path: '/dev/null' }, code: 'EINVAL' },
])('$name is $code', ({ netns, code }) => {
  const before = openFiles();
  const error: unknown = (() => {
    try {
      openRouteSocket({ netns });
      return undefined;
    } catch (cause) {
      return cause;
    }
  })();
  expect(error).toBeInstanceOf(NetlinkError);
  expect(error).toMatchObject({ code, operation: 'open a route socket in' });
  expect(openFiles()).toBe(before);
});

test('a group that does not exist is refused, and its socket closed', async () => {
  await using ns = await inNewNamespace();
  const netns = { kind: 'name', name: ns.namespace.name } as const;
  const before = openFiles();
  expect(() => watchRoute({ ...ignored, netns, groups: [99_999] })).toThrow(NetlinkError);
  expect(openFiles()).toBe(before);
});

test('10,000 sockets and 1,000 watches opened and closed leave no descriptor', async () => {
  await using ns = await inNewNamespace();
  const netns = { kind: 'name', name: ns.namespace.name } as const;
  const before = openFiles();
  for (let i = 0; i < 10_000; i++) openRouteSocket(i % 4 === 0 ? { netns } : {}).close();
  for (let i = 0; i < 1_000; i++) watchRoute({ ...ignored, netns }).close();
  await until(() => openFiles() <= before, { what: 'all descriptors are closed' });
});

test('a socket that is forgotten is closed with its object', async () => {
  await using ns = await inNewNamespace();
  const body = `
    const { openRouteSocket } = await import(process.argv[1] + '/native/netlink/socket.ts');
    const { readdirSync } = await import('node:fs');
    const count = () => readdirSync('/proc/self/fd').length;
    openRouteSocket().close();
    const before = count();
    for (let i = 0; i < 200; i++) openRouteSocket();
    const opened = count() - before;
    for (let i = 0; i < 50 && count() > before; i++) { gc(); await new Promise((resolve) => setImmediate(resolve)); }
    console.log(opened, count() - before);`;
  await using child = await startProcess([process.execPath, '--expose-gc', '--input-type=module', '-e', body, root]);
  expect(await child.exited).toEqual({ code: 0, signal: null });
  expect(child.stdout()).toBe('200 0\n');
});

test('a watched socket takes no requests, and nothing but a socket passes for one', async () => {
  await using ns = await inNewNamespace();
  const addon = loadAddon();
  const open = (): NativeSocket =>
    addon.open({
      protocol: 0,
      netnsPath: ns.namespace.path,
      groups: [],
      receiveBufferBytes: 4096,
      receiveTimeoutMs: 100,
    });
  const watched = open();
  addon.watch(watched, () => undefined);
  expect(() => addon.transactSync(watched, encodeNewBridge({ name: 'x' }))).toThrow(
    expect.objectContaining({ errno: 16 }) as Error,
  );
  expect(() => {
    addon.watch(watched, () => undefined);
  }).toThrow(expect.objectContaining({ errno: 16 }) as Error);
  addon.close(watched);
  for (const wrong of [{}, 7, undefined, Buffer.alloc(64)]) {
    expect(() => addon.transactSync(wrong as unknown as NativeSocket, Buffer.alloc(0))).toThrow(TypeError);
  }
  const socket = open();
  expect(() => addon.transactSync(socket, 'text' as unknown as Buffer)).toThrow(TypeError);
  expect(() => {
    addon.watch(socket, 7 as never);
  }).toThrow(TypeError);
  addon.close(socket);
});

const EXITS = [
  { name: 'process.exit with a watch open', body: 'watch(); process.exit(3);', code: 3 },
  { name: 'process.exit with a batch running', body: 'busy(); setImmediate(() => process.exit(3));', code: 3 },
  { name: 'the end of main with the watch closed', body: 'watch().close();', code: 0 },
  {
    name: 'a worker ended with watch and batch',
    body: `
      const { Worker } = await import('node:worker_threads');
      const code = \`const { workerData, parentPort } = await import('node:worker_threads');
        const { watch, busy } = await import('data:text/javascript,' + encodeURIComponent(workerData));
        watch();
        busy();
        parentPort.postMessage('up');\`;
      const worker = new Worker(code, { eval: true, workerData: SETUP });
      worker.once('message', async () => { await worker.terminate(); process.exitCode = 4; });`,
    code: 4,
  },
];

test.each(EXITS)('$name ends cleanly', async ({ body, code }) => {
  await using ns = await inNewNamespace();
  const setup = `
    const { openRouteSocket, watchRoute } = await import('file://${root}native/netlink/socket.ts');
    const { encodeSetLink } = await import('file://${root}native/netlink/link.ts');
    const netns = { kind: 'name', name: '${ns.namespace.name}' };
    export const watch = () => watchRoute({ netns, groups: [1], onEvents: () => undefined, onFatal: (error) => { throw error; } });
    export const busy = () => void openRouteSocket({ netns }).transact(Array.from({ length: 1000 }, (_, n) => encodeSetLink(1, { mtu: 1500 + (n % 2) })));`;
  const script = `const SETUP = ${JSON.stringify(setup)};
    const { watch, busy } = await import('data:text/javascript,' + encodeURIComponent(SETUP));
    ${body}`;
  await using child = await startProcess([process.execPath, '--input-type=module', '-e', script]);
  expect([await child.exited, child.stderr()]).toEqual([{ code, signal: null }, '']);
});
