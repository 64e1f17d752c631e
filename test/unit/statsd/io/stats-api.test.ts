import { request, type IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../../native/host/clock.ts';
import { openTcpDoor, carriesToken } from '../../../../statsd/io/http-door.ts';
import { StatsApi, streamFormOf } from '../../../../statsd/io/stats-api.ts';
import { StatsStream } from '../../../../statsd/io/stats-stream.ts';
import { ratesOf, containerView } from '../../../../statsd/model/stats-view.ts';
import {
  containerViewSchema,
  hostViewSchema,
  problemSchema,
  statsTickSchema,
  type HardwareView,
  type HostView,
  type ProcessesView,
} from '../../../../statsd/status-wire.ts';
import { until } from '../../../support/until.ts';
import { cardOf, fullDetails, momentOf } from '../builders.ts';

const host: HostView = {
  nodeId: 'n',
  hostname: 'h1',
  agentVersion: '0.1.0',
  kernel: '6.18',
  cpuCores: 2,
  intervalMs: 1000,
  memoryTotalBytes: 2 ** 34,
};
const exit = { atUnixMs: 9, exitCode: 3, oomKilled: true, startedAtUnixMs: 4, finishedAtUnixMs: 9 };
const cards = [
  cardOf({ name: 'web' }),
  cardOf({ key: 'podman:db', name: 'db', runtime: 'podman', dockerId: 'd'.repeat(64), id: 'db1' }),
  cardOf({ key: 'runc:job', name: 'job', runtime: 'runc', dockerId: 'e'.repeat(64), id: 'job', state: 'exited', exit }),
];
const reading = {
  details: fullDetails(),
  now: momentOf({ cpuUsageSeconds: 3, memoryUsageBytes: 4096, pidsLimit: Infinity }, { monotonicMs: 2000 }),
  before: momentOf({ cpuUsageSeconds: 2.5 }, { monotonicMs: 1000 }),
};

interface Room extends AsyncDisposable {
  readonly listen: string;
  readonly stream: StatsStream;
}

/** The API on a real port, for those who carry the token. */
async function openApi(): Promise<Room> {
  const source = {
    host: () => host,
    cards: () => cards,
    view: (card: (typeof cards)[number]) => containerView(card, card.exit === undefined ? reading : undefined, 2 ** 34),
    timeUnixMs: () => 1_795_000_000_000,
  };
  const stream = new StatsStream({ source, clock: systemClock, maxStreams: 2 });
  const processes = (key: string): Promise<ProcessesView> | undefined =>
    key === 'runc:job'
      ? undefined
      : Promise.resolve({ v: 1, timeUnixMs: 1, key, processes: 1, descriptors: 4, sockets: 1, list: [] });
  const hardware = (): Promise<HardwareView> =>
    Promise.resolve({ v: 1, virtual: true, cpu: {}, os: {}, memoryModules: [] });
  const api = new StatsApi({ source, stream, processes, hardware, version: '0.1.0' });
  const door = await openTcpDoor(
    {
      answer: (incoming, response) => {
        if (!carriesToken(incoming, 'secret')) response.writeHead(401).end();
        else if (!api.answer(incoming, response)) response.writeHead(404).end();
      },
      complaint: (_status, sentence) => sentence,
      maxConnections: 50,
    },
    { host: '127.0.0.1', port: 0, setting: '--listen' },
  );
  return { listen: door.listen, stream, [Symbol.asyncDispose]: () => door[Symbol.asyncDispose]() };
}

const authorization = 'Bearer secret';

async function get(
  room: Room,
  path: string,
  init: RequestInit = {},
): Promise<{ status: number; type: string; body: unknown }> {
  const response = await fetch(`http://${room.listen}${path}`, { ...init, headers: { authorization } });
  return {
    status: response.status,
    type: response.headers.get('content-type') ?? '',
    body: JSON.parse(await response.text()) as unknown,
  };
}

interface Operation {
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly schema: { enum?: string[] } }[];
  readonly responses: Readonly<Record<string, unknown>>;
}

describe('/api/v1', () => {
  test('every path of its OpenAPI document answers as the document says, and in its schemas', async () => {
    await using room = await openApi();
    const document = (await get(room, '/api/v1/openapi.json')).body as {
      openapi: string;
      paths: Record<string, { get: Operation }>;
      components: { schemas: Record<string, { type?: string; properties?: object }> };
    };
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.components.schemas).toSorted()).toEqual([
      'Container',
      'Hardware',
      'Host',
      'Problem',
      'Processes',
      'Stats',
    ]);
    expect(Object.keys(document.components.schemas['Host']?.properties ?? {}).toSorted()).toEqual(
      Object.keys(hostViewSchema.shape).toSorted(),
    );
    for (const [template, operation] of Object.entries(document.paths)) {
      if (template === '/stats') continue;
      const { status, type } = await get(room, template.replace('{id}', 'web'));
      expect({ template, status, type }).toEqual({ template, status: 200, type: 'application/json' });
      for (const parameter of operation.get.parameters.filter((each) => each.in === 'query')) {
        const values = parameter.schema.enum ?? ['x'];
        for (const value of values) {
          const answer = await get(room, `${template}?${parameter.name}=${value}`);
          expect({ template, value, status: answer.status }).toEqual({ template, value, status: 200 });
        }
      }
    }
    statsTickSchema.parse((await get(room, '/api/v1/containers?state=all')).body);
    hostViewSchema.parse((await get(room, '/api/v1/host')).body);
    expect(containerViewSchema.parse((await get(room, '/api/v1/containers/job')).body)).toMatchObject({
      state: 'exited',
      exit: { exitCode: 3, oomKilled: true, ranForMs: 5 },
      values: {},
    });
  });

  test.each([
    ['', ['web', 'db']],
    ['?state=all', ['web', 'db', 'job']],
    ['?state=exited', ['job']],
    ['?runtime=podman', ['db']],
    ['?name=we', ['web']],
  ])('containers%s', async (query, names) => {
    await using room = await openApi();
    const { body } = await get(room, `/api/v1/containers${query}`);
    expect(statsTickSchema.parse(body).containers.map(({ name }) => name)).toEqual(names);
  });

  test.each(
    (
      [
        ['/api/v1/containers?state=gone', 'GET', 400, 'state is "gone": expected alive, running, paused, exited, all'],
        ['/api/v1/containers?all=true', 'GET', 400, '"all" is no parameter: expected state, name, runtime'],
        ['/api/v1/containers/nope', 'GET', 404, 'no container has the name or id "nope"'],
        ['/api/v1/containers/%zz', 'GET', 400, 'the path holds "%zz": expected a percent-encoded name'],
        ['/api/v1/containers/job/processes', 'GET', 404, '"job" has ended: it has no processes'],
        ['/api/v1/containers/nope/processes', 'GET', 404, 'no container has the name or id "nope"'],
        [
          '/api/v1/containers/web/processes/1',
          'GET',
          404,
          'there is no /api/v1/containers/web/processes/1: /api/v1/openapi.json tells what there is',
        ],
        ['/api/v1/nothing', 'GET', 404, 'there is no /api/v1/nothing: /api/v1/openapi.json tells what there is'],
        ['/api/v1/containers', 'DELETE', 405, 'this API is read-only: DELETE is not served'],
      ] as const
    ).map(([path, method, status, detail]) => ({ path, method, status, detail })),
  )('$path is refused with problem JSON', async ({ path, method, status, detail }) => {
    await using room = await openApi();
    const answer = await get(room, path, { method });
    expect(answer).toMatchObject({ status, type: 'application/problem+json' });
    expect(problemSchema.parse(answer.body)).toMatchObject({ type: 'about:blank', status, detail });
  });

  test('without the token nothing is told', async () => {
    await using room = await openApi();
    for (const headers of [{}, { authorization: 'Bearer wrong' }, { authorization: 'Basic secret' }])
      expect((await fetch(`http://${room.listen}/api/v1/host`, { headers })).status).toBe(401);
  });
});

describe('/stats', () => {
  const open = async (room: Room, accept: string): Promise<IncomingMessage> => {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    request(`http://${room.listen}/stats`, { headers: { authorization, accept }, agent: false }, resolve)
      .once('error', reject)
      .end();
    return await promise;
  };

  test('streams lines of JSON, or server-sent events, of all containers', async () => {
    await using room = await openApi();
    const [lines, events] = [await open(room, 'application/x-ndjson'), await open(room, 'text/event-stream')];
    const texts = ['', ''];
    for (const [index, stream] of [lines, events].entries())
      stream.setEncoding('utf8').on('data', (chunk: string) => (texts[index] = `${texts[index] ?? ''}${chunk}`));
    await until(() => texts.every((text) => text.endsWith('\n')), { what: 'the first document, at once' });
    await room.stream.beat();
    await until(() => texts[0]!.split('\n').length === 3 && texts[1]!.split('\n\n').length === 3, { what: 'two each' });
    const documents = texts[0]!.trimEnd().split('\n');
    expect(statsTickSchema.parse(JSON.parse(documents[1]!)).containers).toHaveLength(3);
    expect(texts[1]).toBe(documents.map((text) => `event: stats\ndata: ${text}\n\n`).join(''));
    expect(lines.headers['content-type']).toBe('application/x-ndjson');
    expect(events.headers['content-type']).toBe('text/event-stream');
    const full = await open(room, '*/*');
    expect([full.statusCode, full.headers['content-type']]).toEqual([503, 'application/problem+json']);
    for (const stream of [lines, events, full]) stream.destroy();
  });

  test.each([
    [undefined, 'ndjson'],
    ['*/*', 'ndjson'],
    ['application/json, text/plain, */*', 'ndjson'],
    ['text/event-stream', 'sse'],
    ['Text/Event-Stream;q=0.9, */*', 'sse'],
    ['image/png', undefined],
  ])('in the form that %s asks for', (accept, form) => {
    expect(streamFormOf(accept)).toBe(form);
  });
});

test('rates are of counters that went on, and of nothing else', () => {
  expect(ratesOf(reading.now, reading.before)).toEqual({ cpuCores: 0.5 });
  expect(ratesOf(reading.now, undefined)).toEqual({});
  const back = momentOf({ cpuUsageSeconds: 5 }, { monotonicMs: 1000 });
  expect(ratesOf(reading.now, back)).toEqual({});
  const throttled = momentOf({ cpuPeriods: 20, cpuThrottledPeriods: 14 }, { monotonicMs: 2000 });
  expect(ratesOf(throttled, momentOf({ cpuPeriods: 10, cpuThrottledPeriods: 5 }, { monotonicMs: 1000 }))).toEqual({
    cpuThrottledPart: 0.9,
  });
});

test.each([
  { name: 'back by a day', atUnixMs: 1_795_000_000_000 - 86_400_000 },
  { name: 'on by a year', atUnixMs: 1_795_000_000_000 + 31_536_000_000 },
])('rates do not notice a wall clock that is set $name', ({ atUnixMs }) => {
  const before = momentOf({ cpuUsageSeconds: 2.5, networkReceiveBytes: 100 }, { monotonicMs: 1000 });
  const now = momentOf({ cpuUsageSeconds: 3, networkReceiveBytes: 300 }, { monotonicMs: 2000, atUnixMs });
  expect(ratesOf(now, before)).toEqual({ cpuCores: 0.5, networkReceiveBytesPerSecond: 200 });
});
