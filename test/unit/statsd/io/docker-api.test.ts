import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../../native/host/clock.ts';
import { createLogger } from '../../../../native/host/log.ts';
import { DockerApi, dockerComplaint } from '../../../../statsd/io/docker-api.ts';
import { openSocketDoor } from '../../../../statsd/io/http-door.ts';
import type { ContainerCard } from '../../../../statsd/model/container-card.ts';
import { until } from '../../../support/until.ts';
import { cardOf, fullDetails, momentOf } from '../builders.ts';

interface Room extends AsyncDisposable {
  readonly path: string;
  readonly api: DockerApi;
  readonly cards: ContainerCard[];
}

const web = cardOf({ name: 'web', image: 'shop/web:1' });

/** The API on a real socket, over containers that the test sets. */
async function openApi(): Promise<Room> {
  const folder = mkdtempSync(join(tmpdir(), 'weft-test-api-'));
  const path = join(folder, 's');
  const cards = [web];
  const now = momentOf({ cpuUsageSeconds: 2, memoryUsageBytes: 4096 });
  const api = new DockerApi({
    host: {
      nodeId: 'n',
      hostname: 'h1',
      kernel: '6.18',
      architecture: 'x64',
      cpuCores: 2,
      memoryTotalBytes: 2 ** 34,
      cgroupVersion: 1,
      weftVersion: '0.1.0',
    },
    source: {
      cards: () => cards,
      entry: (key) => {
        const card = cards.find((each) => each.key === key && each.exit === undefined);
        return card === undefined ? undefined : { card, details: fullDetails(), now, before: undefined };
      },
      recentEvents: () => [{ action: 'start', card: web, atUnixMs: 1_000_000 }],
    },
    clock: systemClock,
    log: createLogger({ name: 'test', level: 'fatal' }),
  });
  const door = await openSocketDoor(
    {
      answer: (incoming, response) => {
        api.answer(incoming, response);
      },
      complaint: (_status, sentence) => dockerComplaint(sentence),
      maxConnections: 700,
    },
    { path, groupId: undefined, setting: '--docker-socket' },
  );
  return {
    path,
    api,
    cards,
    [Symbol.asyncDispose]: async () => {
      await door[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function open(socketPath: string, path: string, method = 'GET'): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  request({ socketPath, path, method, agent: false }, resolve).once('error', reject).end();
  return await promise;
}

async function textOf(incoming: IncomingMessage): Promise<string> {
  const chunks: string[] = [];
  for await (const chunk of incoming.setEncoding('utf8') as AsyncIterable<string>) chunks.push(chunk);
  return chunks.join('');
}

/** Sends bytes as they are; what comes back until the other side closes. */
async function raw(path: string, bytes: string | Uint8Array): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = connect(path);
  let answer = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => (answer += chunk));
  socket.once('close', () => {
    resolve(answer);
  });
  socket.on('error', () => socket.destroy());
  socket.end(bytes);
  return await promise;
}

describe('answers', () => {
  test('carry what clients learn the API by', async () => {
    await using room = await openApi();
    expect(statSync(room.path).mode & 0o777).toBe(0o600);
    const ping = await open(room.path, '/_ping', 'HEAD');
    expect(ping.headers).toMatchObject({ 'api-version': '1.51', ostype: 'linux', server: 'Docker/weft-0.1.0 (linux)' });
    expect(await textOf(await open(room.path, '/v1.41/_ping'))).toBe('OK');
    const list = JSON.parse(await textOf(await open(room.path, '/v1.41/containers/json'))) as { Names: string[] }[];
    expect(list.map(({ Names }) => Names)).toEqual([['/web']]);
    expect(JSON.parse(await textOf(await open(room.path, '/info')))).toMatchObject({ ContainersRunning: 1, NCPU: 2 });
  });

  test.each(
    (
      [
        ['/v1.41/containers/nope/stats', 'GET', 404, 'No such container: nope'],
        ['/v1.99/containers/json', 'GET', 400, 'client version 1.99 is too new. Maximum supported API version is 1.51'],
        ['/v1.41/containers/json?filters=%7B', 'GET', 400, 'invalid filters "{": expected a JSON object of lists'],
        ['/v1.41/containers/json?limit=x', 'GET', 400, 'limit is x: expected a number'],
        ['/v1.41/containers/web/stats?one-shot=1', 'GET', 400, 'cannot have stream=true and one-shot=true'],
        ['/v1.41/events?since=yesterday', 'GET', 400, 'since is "yesterday": expected Unix seconds, RFC 3339 or 10m'],
        ['/v1.41/events?since=9&until=8', 'GET', 400, '`since` time (9) cannot be after `until` time (8)'],
        ['/v1.41/containers/web/stop', 'POST', 405, 'this API is read-only: POST is not served'],
        ['/v1.41/images/json', 'GET', 404, 'page not found'],
      ] as const
    ).map(([path, method, status, message]) => ({ path, method, status, message })),
  )('$path is refused in docker’s form', async ({ path, method, status, message }) => {
    await using room = await openApi();
    const answer = await open(room.path, path, method);
    expect(answer.statusCode).toBe(status);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(JSON.parse(await textOf(answer))).toEqual({ message });
  });

  test('a state that docker does not have is refused', async () => {
    await using room = await openApi();
    const answer = await open(
      room.path,
      `/v1.41/containers/json?filters=${encodeURIComponent('{"status":["nonsense"]}')}`,
    );
    expect(answer.statusCode).toBe(400);
    expect(JSON.parse(await textOf(answer))).toEqual({ message: "invalid filter 'status=nonsense'" });
  });

  test('filters that docker has are no mistake of the client', async () => {
    await using room = await openApi();
    const asked = async (filters: object): Promise<number | undefined> =>
      (await open(room.path, `/v1.41/containers/json?filters=${encodeURIComponent(JSON.stringify(filters))}`))
        .statusCode;
    for (const name of ['volume', 'publish', 'expose', 'isolation'])
      expect([name, await asked({ [name]: ['80'] })]).toEqual([name, 200]);
    for (const name of ['since', 'before']) expect([name, await asked({ [name]: ['web'] })]).toEqual([name, 200]);
    expect(await asked({ since: ['nope'] })).toBe(404);
    expect(await asked({ publish: ['x'] })).toBe(400);
  });

  test('events since a time are told again, until a time and no longer', async () => {
    await using room = await openApi();
    const text = await textOf(await open(room.path, '/v1.41/events?since=999&until=1001'));
    expect(JSON.parse(text)).toMatchObject({ Action: 'start', Actor: { ID: web.dockerId } });
    expect(await textOf(await open(room.path, '/v1.41/events?since=1001&until=1002'))).toBe('');
  });
});

describe('streams', () => {
  test('of a container go on when it stops, and end when it is removed', async () => {
    await using room = await openApi();
    const stream = await open(room.path, '/v1.41/containers/web/stats');
    expect(stream.headers['content-type']).toBeUndefined();
    let text = '';
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    const frames = (): { read: string }[] =>
      text
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as { read: string });
    await until(() => frames().length === 1, { what: 'the first frame at once' });
    await room.api.beat();
    const exit = { atUnixMs: 1, exitCode: 0, oomKilled: false, startedAtUnixMs: 0, finishedAtUnixMs: 1 };
    room.cards[0] = { ...web, state: 'exited', exit };
    await room.api.beat();
    await until(() => frames().length === 3, { what: 'three frames' });
    expect(frames().map(({ read }) => read.slice(0, 4))).toEqual(['2026', '2026', '0001']);
    room.cards.length = 0;
    const ended = new Promise((resolve) => stream.once('end', resolve));
    await room.api.beat();
    await ended;
  });

  test('500 at once, each with every frame', async () => {
    await using room = await openApi();
    const streams = await Promise.all(
      Array.from({ length: 500 }, () => open(room.path, '/v1.41/containers/web/stats')),
    );
    const counts = streams.map(() => 0);
    for (const [index, stream] of streams.entries())
      stream.on('data', (chunk: Buffer) => {
        counts[index]! += chunk.toString().split('\n').length - 1;
      });
    await room.api.beat();
    await room.api.beat();
    await until(() => counts.every((count) => count === 3), { what: 'three frames for each' });
    expect(room.api.counts.stats).toMatchObject({ open: 500, framesDropped: 0, clientsDropped: 0 });
    for (const stream of streams) stream.destroy();
    await until(() => room.api.counts.stats.open === 0, { what: 'all have left' });
  });

  test('a client that reads nothing loses frames, holds at most a few, and slows nobody', async () => {
    await using room = await openApi();
    const slow = connect(room.path);
    slow.pause();
    slow.write('GET /v1.41/containers/web/stats HTTP/1.1\r\nHost: x\r\n\r\n');
    await until(() => room.api.counts.stats.open === 1, { what: 'the stream is open' });
    for (let beat = 0; beat < 3000; beat += 1) await room.api.beat();
    const { framesDropped } = room.api.counts.stats;
    expect(framesDropped).toBeGreaterThan(2000);
    // What it gets when it reads at last is what was held for it, here and in the kernel.
    let text = '';
    slow.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1');
    });
    slow.resume();
    const frames = (): number => text.split('"read":').length - 1;
    await until(() => frames() >= 3001 - framesDropped, { what: 'all that was held has come' });
    expect(frames()).toBe(3001 - framesDropped);
    slow.destroy();
    await until(() => room.api.counts.stats.open === 0, { what: 'it has left' });
  });
});

describe('whatever is sent', () => {
  test('what is not HTTP gets a 400 with docker’s error, and the next client its answer', async () => {
    await using room = await openApi();
    const answer = await raw(room.path, 'nonsense\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*\{"message":"the request is not HTTP\/1\.1: /);
    expect(await raw(room.path, `GET /_ping HTTP/1.1\r\nx: ${'a'.repeat(40_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
    expect(await textOf(await open(room.path, '/_ping'))).toBe('OK');
  });

  test('is answered with a status below 500, or not at all', async () => {
    await using room = await openApi();
    const word = fc.oneof(
      fc.string({ maxLength: 20 }),
      fc.constantFrom('containers', 'json', 'stats', 'v1.41', '%', '..'),
    );
    const target = fc.array(word, { maxLength: 5 }).map((words) => `/${words.join('/')}`);
    const query = fc.string({ maxLength: 40 });
    const method = fc.constantFrom('GET', 'POST', 'HEAD', 'DELETE', 'BREW');
    await fc.assert(
      fc.asyncProperty(method, target, query, async (verb, path, rest) => {
        const line = `${verb} ${path}?stream=0&until=1&${rest} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
        const status = /^HTTP\/1\.1 (\d{3}) /.exec(await raw(room.path, Buffer.from(line, 'latin1')))?.[1];
        return status === undefined || Number(status) < 500;
      }),
      { numRuns: 150 },
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        const answer = await raw(room.path, bytes);
        return answer === '' || /^HTTP\/1\.1 4\d\d /.test(answer);
      }),
      { numRuns: 100 },
    );
    expect(await textOf(await open(room.path, '/_ping'))).toBe('OK');
  });

  test('an unfinished request holds nothing: as many as may connect leave room when they go', async () => {
    await using room = await openApi();
    const idle: Socket[] = Array.from({ length: 300 }, () => connect(room.path));
    await Promise.all(idle.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
    for (const socket of idle) socket.write('GET /_ping HTTP/1.1\r\n');
    expect(await textOf(await open(room.path, '/_ping'))).toBe('OK');
    for (const socket of idle) socket.destroy();
  });
});
