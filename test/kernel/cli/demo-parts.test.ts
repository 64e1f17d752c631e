import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { rmdir } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { afterAll, expect, test } from 'vitest';
import { cgroupMounts, makeCgroups, pidsBelow, removeCgroupTree } from '../../../cli/demo/cgroups.ts';
import { runCommand } from '../../../cli/demo/command.ts';
import { startRelay } from '../../../cli/demo/relay.ts';
import { startWebhookReceiver } from '../../../cli/demo/webhook-receiver.ts';

const PARENT = `/weft-test/demo-${process.pid}`;

afterAll(async () => {
  // Shared with other tests: it goes with the last of them.
  for (const mount of await cgroupMounts()) await rmdir(`${mount}/weft-test`).catch(() => undefined);
});

test('a cgroup tree is made in every hierarchy, and removed with what runs in it', async () => {
  const mounts = await cgroupMounts();
  expect(mounts.length).toBeGreaterThan(0);
  const inner = mounts.map((mount) => `${mount}${PARENT}/a/b`);
  try {
    await makeCgroups([`${PARENT}/a/b`, `${PARENT}/c`]);
    expect(inner.filter((path) => !existsSync(path))).toEqual([]);
    // A child that forks while it is killed must not get away.
    const busy = spawn('sh', ['-c', `echo $$ > ${inner[0]!}/cgroup.procs && echo in && while :; do sleep 0.01; done`]);
    await once(busy.stdout, 'data');
    expect((await pidsBelow(PARENT)).has(busy.pid!)).toBe(true);
  } finally {
    expect(await removeCgroupTree(PARENT)).toBe(true);
  }
  expect(mounts.filter((mount) => existsSync(`${mount}${PARENT}`))).toEqual([]);
});

test('a cgroup that is not there is removed at once', async () => {
  expect(await removeCgroupTree('/weft-test/never-made')).toBe(true);
});

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

test('the relay carries bytes both ways, and a closed end closes the other', async () => {
  const echo = createServer((socket) => socket.pipe(socket));
  const port = await listening(echo);
  await using relay = await startRelay('127.0.0.1', port);
  const socket = connect(Number(relay.listen.split(':')[1]), '127.0.0.1');
  socket.write('there');
  const [data] = (await once(socket, 'data')) as [Buffer];
  expect(data.toString()).toBe('there');
  socket.end();
  await once(socket, 'close');
  echo.close();
  await once(echo, 'close');
});

test('with nobody behind the relay, a connection ends and the relay lives on', async () => {
  const dead = createServer();
  const port = await listening(dead);
  dead.close();
  await using relay = await startRelay('127.0.0.1', port);
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const socket = connect(Number(relay.listen.split(':')[1]), '127.0.0.1').on('error', () => undefined);
    await once(socket, 'close');
  }
});

test('the webhook receiver takes the payload, and refuses what is none or too large', async () => {
  const lines: string[] = [];
  await using receiver = await startWebhookReceiver((line) => lines.push(line));
  const post = async (body: string): Promise<number> => (await fetch(receiver.url, { method: 'POST', body })).status;
  expect(await post(JSON.stringify({ version: '4', alerts: [{ status: 'firing', labels: { alertname: 'A' } }] }))).toBe(
    204,
  );
  expect(await post('no json')).toBe(400);
  expect(await post('x'.repeat(2 * 1024 * 1024)).catch(() => 400)).toBe(400);
  expect(lines).toEqual(['alert firing: A']);
});

test('a command gives its output, takes its input, and fails with what it said', async () => {
  expect(await runCommand(['cat'], { input: 'through' })).toBe('through');
  await expect(runCommand(['sh', '-c', 'echo no >&2; exit 3'])).rejects.toMatchObject({
    name: 'CommandError',
    code: '3',
    message: 'sh -c echo no >&2; exit 3: 3: no',
  });
  await expect(runCommand(['/nowhere/at/all'])).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(runCommand(['sleep', '1000'], { timeoutMs: 50 })).rejects.toMatchObject({ code: 'SIGKILL' });
});
