import { mkdtempSync, rmSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { manyCgroups } from '../../support/many-cgroups.ts';
import { startStatsd, type StatsdProcess } from '../../support/statsd.ts';
import { getJson } from '../../support/unix-http.ts';
import { until } from '../../support/until.ts';

/** Enough that one document of /stats does not fit into a socket. */
const CONTAINERS = 400;
const STREAMS = 500;

let stack: AsyncDisposableStack;
let statsd: StatsdProcess;
let socket: string;

const own = (name: string): Promise<number> => statsd.own(name);

/** Opens a stream; ends with the test's stack. */
async function openStream(opened: AsyncDisposableStack, path: string): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const outgoing = request({ socketPath: socket, path, agent: false }, resolve).on('error', reject);
  outgoing.end();
  opened.defer(() => {
    outgoing.destroy();
  });
  return await promise;
}

beforeAll(async () => {
  stack = new AsyncDisposableStack();
  const folder = stack.adopt(mkdtempSync(join(tmpdir(), 'weft-test-clients-')), (path) => {
    rmSync(path, { recursive: true, force: true });
  });
  socket = join(folder, 's');
  const many = stack.use(manyCgroups('clients'));
  many.add(CONTAINERS);
  statsd = stack.use(await startStatsd([...many.flags, '--docker-socket', socket, '--cpu-budget', 'off']));
  await until(async () => (await own('weft_statsd_containers')) === CONTAINERS, {
    what: 'all are seen',
    timeoutMs: 20_000,
  });
}, 60_000);

afterAll(async () => {
  await stack.disposeAsync();
}, 60_000);

test('500 open streams of docker’s API each get a frame after another, and the agent goes on', async () => {
  await using opened = new AsyncDisposableStack();
  const list = (await getJson(socket, '/containers/json')) as { Id: string }[];
  const texts: string[] = [];
  await Promise.all(
    Array.from({ length: STREAMS }, async (_, at) => {
      const stream = await openStream(opened, `/containers/${list[at % list.length]!.Id}/stats?stream=1`);
      texts[at] = '';
      stream.setEncoding('utf8').on('data', (chunk: string) => (texts[at] = `${texts[at] ?? ''}${chunk}`));
    }),
  );
  expect(await statsd.metrics()).toContain(`weft_statsd_streams_open{stream="docker_stats"} ${STREAMS}\n`);
  const frames = (text: string): { read: string }[] =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as { read: string });
  await until(() => texts.every((text) => text.split('\n').length > 3), {
    what: 'three frames each',
    timeoutMs: 30_000,
  });
  for (const text of texts) {
    const reads = frames(text).map(({ read }) => read);
    expect(new Set(reads).size).toBe(reads.length);
    expect(reads).toEqual(reads.toSorted());
  }
  const ticks = await own('weft_statsd_ticks_total');
  await until(async () => (await own('weft_statsd_ticks_total')) > ticks + 1, {
    what: 'ticks go on',
    timeoutMs: 15_000,
  });
  await opened.disposeAsync();
  await until(async () => (await statsd.metrics()).includes('weft_statsd_streams_open{stream="docker_stats"} 0\n'), {
    what: 'nothing is left of them',
  });
}, 60_000);

test('a client that reads nothing loses frames, then its connection; others lose nothing, and one too many is refused', async () => {
  await using opened = new AsyncDisposableStack();
  // Node.js reads no further than its own buffer from an answer that nobody listens to.
  const slow = await Promise.all(Array.from({ length: 20 }, () => openStream(opened, '/stats')));
  const quick = await openStream(opened, '/stats');
  let lines = 0;
  quick.setEncoding('utf8').on('data', (chunk: string) => (lines += chunk.split('\n').length - 1));
  const count = async (what: string): Promise<number> => {
    const line = new RegExp(`^weft_statsd_${what}_total\\{stream="stats"\\} (\\d+)$`, 'm').exec(await statsd.metrics());
    return Number(line![1]);
  };
  await until(async () => (await count('stream_frames_dropped')) >= slow.length, {
    what: 'frames are dropped',
    timeoutMs: 20_000,
  });
  await until(async () => (await count('stream_clients_dropped')) === slow.length, {
    what: 'they are let go',
    timeoutMs: 40_000,
  });
  const before = lines;
  await until(() => lines >= before + 2, { what: 'the quick one gets its documents' });
  const more = await Promise.all(Array.from({ length: 128 }, () => openStream(opened, '/stats')));
  expect(
    more
      .map(({ statusCode }) => statusCode)
      .toSorted()
      .slice(-2),
  ).toEqual([200, 503]);
}, 90_000);

test('an agent that stood still counts what it missed, and its numbers go on', async () => {
  const [ticks, missed] = [await own('weft_statsd_ticks_total'), await own('weft_statsd_missed_ticks_total')];
  statsd.process.signal('SIGSTOP');
  const stopped = performance.now();
  await until(() => performance.now() - stopped > 3500, { what: 'three intervals pass' });
  statsd.process.signal('SIGCONT');
  await until(async () => (await own('weft_statsd_ticks_total')) > ticks + 2, {
    what: 'it ticks again',
    timeoutMs: 15_000,
  });
  // The one that was due when it was stopped is held late, and so is the one in whose time it goes on.
  expect((await own('weft_statsd_missed_ticks_total')) - missed).toBeGreaterThanOrEqual(1);
  expect(await own('weft_statsd_containers')).toBe(CONTAINERS);
}, 40_000);
