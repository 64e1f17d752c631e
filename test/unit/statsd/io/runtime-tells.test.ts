import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ExitFolders } from '../../../../statsd/io/exit-folders.ts';
import { askSockets, socketsFor } from '../../../../statsd/io/runtime-socket.ts';
import { until } from '../../../support/until.ts';

const id = '3f29c1d0a4be5f6677889900aabbccddeeff00112233445566778899aabbcc01';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'weft-test-tells-'));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

describe('the folder where conmon writes exit codes', () => {
  /** As conmon writes: beside, then renamed. */
  const write = (folder: string, text: string): void => {
    writeFileSync(join(folder, '.part'), text);
    renameSync(join(folder, '.part'), join(folder, id));
  };

  test('a file is read when it appears, though it is removed at once', async () => {
    const folder = join(root, '1000/exits');
    mkdirSync(folder, { recursive: true });
    using exits = new ExitFolders([join(root, '*/exits'), join(root, 'none')]);
    exits.refresh();
    write(folder, '7');
    const exit = await until(() => exits.take({ id, user: undefined }, 0), { what: 'the exit code' });
    expect(exit).toMatchObject({ exitCode: 7 });
    rmSync(join(folder, id));
    expect(exits.take({ id, user: undefined }, 0)).toBeUndefined();
  });

  test('of an earlier run it tells nothing', () => {
    const folder = join(root, 'exits');
    mkdirSync(folder);
    write(folder, '7');
    utimesSync(join(folder, id), 1000, 1000);
    using exits = new ExitFolders([folder]);
    exits.refresh();
    expect(exits.take({ id, user: undefined }, 1_000_001)).toBeUndefined();
    expect(exits.take({ id, user: undefined }, 1_000_000)).toMatchObject({ exitCode: 7, finishedAtUnixMs: 1_000_000 });
  });

  test("a user's folder tells of that user's containers only, and no other folder of them", async () => {
    const folder = join(root, 'run/user/1000/exits');
    mkdirSync(folder, { recursive: true });
    using exits = new ExitFolders([join(root, 'run/user/*/exits')]);
    exits.refresh();
    write(folder, '7');
    expect(exits.take({ id, user: undefined }, 0)).toBeUndefined();
    expect(exits.take({ id, user: 1001 }, 0)).toBeUndefined();
    expect(await until(() => exits.take({ id, user: 1000 }, 0), { what: 'the exit code' })).toMatchObject({
      exitCode: 7,
    });
  });

  test('a link, a folder and rubbish tell nothing', () => {
    const folder = join(root, 'exits');
    mkdirSync(folder);
    using exits = new ExitFolders([folder]);
    exits.refresh();
    writeFileSync(join(root, 'secret'), '7');
    symlinkSync(join(root, 'secret'), join(folder, id));
    expect(exits.take({ id, user: undefined }, 0)).toBeUndefined();
    rmSync(join(folder, id));
    mkdirSync(join(folder, id));
    expect(exits.take({ id, user: undefined }, 0)).toBeUndefined();
    rmSync(join(folder, id), { recursive: true });
    writeFileSync(join(folder, id), '7'.repeat(100));
    expect(exits.take({ id, user: undefined }, 0)).toBeUndefined();
  });
});

describe("sockets of docker's API", () => {
  async function ask(answer: RequestListener, sockets?: readonly string[]): Promise<unknown> {
    const socket = join(root, 'docker.sock');
    const server = createServer(answer);
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    try {
      return await askSockets(sockets ?? [socket], id, AbortSignal.timeout(5000));
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }

  test('one question, and its answer', async () => {
    const asked: string[] = [];
    const config = await ask((request, response) => {
      asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
      response.end('{"Name": "/web", "Config": {"Labels": {"a": "b"}}}');
    });
    expect(config).toMatchObject({ Name: '/web', Config: { Labels: { a: 'b' } } });
    expect(asked).toEqual([`GET /v1.24/containers/${id}/json`]);
  });

  test.each<{ name: string; answer: RequestListener }>([
    { name: 'it does not know', answer: (_, response) => response.writeHead(404).end('{"Name": "x"}') },
    { name: 'no JSON', answer: (_, response) => response.end('<html>') },
    { name: 'it hangs up', answer: (request) => request.socket.destroy() },
    {
      name: 'it hangs up in the middle',
      answer: (_, response) => response.writeHead(200).write('{"Na', () => response.destroy()),
    },
    { name: 'it says too much', answer: (_, response) => response.end('x'.repeat(5 * 1024 * 1024)) },
  ])('$name: nothing', async ({ answer }) => {
    expect(await ask(answer)).toBeUndefined();
  });

  test('it never answers: nothing, as soon as whoever asks gives up', async () => {
    const socket = join(root, 'docker.sock');
    const server = createServer(() => undefined);
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    const stop = new AbortController();
    const answer = askSockets([socket], id, stop.signal);
    stop.abort();
    expect(await answer).toBeUndefined();
    server.closeAllConnections();
    server.close();
  });

  test('which sockets are asked of a container: of a user only the own, of others none of a user', () => {
    const sockets = ['/run/docker.sock', '/run/user/*/docker.sock', '/host/run/user/1000/podman.sock'];
    expect(socketsFor(sockets, undefined)).toEqual(['/run/docker.sock', '/host/run/user/1000/podman.sock']);
    expect(socketsFor(sockets, 1000)).toEqual(['/run/user/1000/docker.sock', '/host/run/user/1000/podman.sock']);
    expect(socketsFor(sockets, 1001)).toEqual(['/run/user/1001/docker.sock']);
  });

  test("a socket in a user's folder that leads to somebody else's is not asked", async () => {
    const folder = join(root, 'run/user/1000');
    mkdirSync(folder, { recursive: true });
    const link = join(folder, 'docker.sock');
    symlinkSync(join(root, 'docker.sock'), link);
    expect(await ask((_, response) => response.end('{"Name": "/web"}'), [link])).toBeUndefined();
  });

  test('a file in the place of a socket is not asked', async () => {
    writeFileSync(join(root, 'file'), '');
    expect(await askSockets([join(root, 'none'), join(root, 'file')], id, AbortSignal.timeout(5000))).toBeUndefined();
  });
});
