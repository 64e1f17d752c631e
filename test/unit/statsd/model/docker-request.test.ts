import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lookUp, type ContainerCard } from '../../../../statsd/model/container-card.ts';
import { beginningOf, eventFits, eventObject } from '../../../../statsd/model/docker-event.ts';
import { parseFilters } from '../../../../statsd/model/docker-filter.ts';
import { LIST_FILTERS } from '../../../../statsd/model/docker-list.ts';
import { inspectObject, summaryObject } from '../../../../statsd/model/docker-objects.ts';
import { DockerError, flagOf, parseDockerTarget } from '../../../../statsd/model/docker-request.ts';
import { cardOf, listedBy, sampleOf } from '../builders.ts';

describe('a request target', () => {
  test.each([
    ['/_ping', { kind: 'ping' }, 51],
    ['/v1.24/version', { kind: 'version' }, 24],
    ['/v1.41/containers/json?all=1', { kind: 'list' }, 41],
    ['/v1.51/containers/a%2Fb/json', { kind: 'inspect', container: 'a/b' }, 51],
    ['/containers/web/stats?stream=0', { kind: 'stats', container: 'web' }, 51],
  ])('%s', (target, route, api) => {
    expect(parseDockerTarget(target)).toMatchObject({ route, api });
  });

  test.each([
    ['/v1.52/_ping', 400, 'client version 1.52 is too new. Maximum supported API version is 1.51'],
    [
      '/v1.12/containers/json',
      400,
      'client version 1.12 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version',
    ],
    ['/v1.41/images/json', 404, 'page not found'],
    ['/containers/a/b/stats', 404, 'page not found'],
    ['/containers//stats', 404, 'page not found'],
    ['/toString', 404, 'page not found'],
    ['/containers/%ff/json', 400, 'the path holds "%ff": expected a percent-encoded name'],
    [`/${'a'.repeat(9000)}`, 414, 'the request target is too long'],
  ])('%.40s is refused', (target, status, message) => {
    expect(() => parseDockerTarget(target)).toThrow(expect.objectContaining({ status, message }));
  });

  test('never throws anything but a DockerError', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), fc.string({ maxLength: 50 }), (any, filters) => {
        for (const target of [any, `/v1.41${any}`, `/containers/${any}/stats`]) {
          try {
            parseDockerTarget(target);
            parseFilters(filters, LIST_FILTERS);
          } catch (error) {
            if (!(error instanceof DockerError) || error.status < 400 || error.status > 499) return false;
          }
        }
        return true;
      }),
      { numRuns: 40 },
    );
  });

  test('booleans are read as docker reads them', () => {
    const query = new URLSearchParams('a=0&b=false&c=None&d=1&e=yes&f=');
    expect(['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => flagOf(query, name))).toEqual([
      false,
      false,
      false,
      true,
      true,
      false,
      undefined,
    ]);
  });
});

describe('filters', () => {
  const web = cardOf({ name: 'web-1', image: 'shop/web:1.2', labels: { tier: 'front' } });
  const ended = cardOf({
    name: 'job',
    state: 'exited',
    exit: { atUnixMs: 1, exitCode: 3, oomKilled: false, startedAtUnixMs: 0, finishedAtUnixMs: 1 },
  });

  const fitsFilters = async (card: ContainerCard, text: string): Promise<boolean> =>
    (await listedBy([card], { all: true, limit: 0, filters: parseFilters(text, LIST_FILTERS) })).length === 1;

  test.each([
    ['{"name":["web"]}', true],
    ['{"name":{"^/web-1$":true}}', true],
    ['{"name":["^web$"]}', false],
    ['{"label":["tier"]}', true],
    ['{"label":["tier=front","other"]}', false],
    ['{"ancestor":["shop/web:1.2"]}', true],
    ['{"ancestor":["shop/web"]}', false],
    ['{"ancestor":["shop/web:1.3"]}', false],
    ['{"status":["running","paused"]}', true],
    ['{"status":["exited"]}', false],
    ['{"health":["none"]}', true],
    ['{"id":["c1c1"],"name":["nope"]}', false],
    ['{"network":["bridge"]}', false],
    ['{}', true],
  ])('%s', async (text, fits) => {
    expect(await fitsFilters(web, text)).toBe(fits);
  });

  test("by the host's network, the one that is known", async () => {
    const host = cardOf({ name: 'agent', onHostNetwork: true });
    const fits = (card: ContainerCard, network: string): Promise<boolean> =>
      fitsFilters(card, JSON.stringify({ network: [network] }));
    expect(await Promise.all([fits(host, 'host'), fits(host, 'bridge'), fits(web, 'host')])).toEqual([
      true,
      false,
      false,
    ]);
    const modeOf = (card: ContainerCard): unknown =>
      (summaryObject(card, 0) as { HostConfig: { NetworkMode: string } }).HostConfig.NetworkMode;
    expect([modeOf(host), modeOf(web)]).toEqual(['host', 'default']);
    expect(inspectObject(host, sampleOf({}), 2 ** 34)).toMatchObject({ HostConfig: { NetworkMode: 'host' } });
  });

  test('by exit code', async () => {
    expect(await fitsFilters(ended, '{"exited":["3"]}')).toBe(true);
    expect(await fitsFilters(ended, '{"exited":["0"]}')).toBe(false);
    expect(await fitsFilters(web, '{"exited":["0"]}')).toBe(false);
  });

  test.each([
    ['[]', 'invalid filters "[]": expected a JSON object of lists'],
    ['{"name":1}', 'invalid filters "{\\"name\\":1}": expected a JSON object of lists'],
    ['{', 'invalid filters "{": expected a JSON object of lists'],
    ['{"bogus":["x"]}', "invalid filter 'bogus'"],
    ['{"__proto__":["x"]}', "invalid filter '__proto__'"],
  ])('%s is refused', (text, message) => {
    expect(() => parseFilters(text, LIST_FILTERS)).toThrow(message);
  });
});

describe('a container is found', () => {
  const a = cardOf({ key: 'a', name: 'web', dockerId: `ab${'0'.repeat(62)}`, id: 'run-a' });
  const b = cardOf({ key: 'b', name: 'db', dockerId: `ac${'0'.repeat(62)}`, id: 'run-b' });
  const twin = cardOf({ key: 'c', name: 'web', dockerId: `ad${'0'.repeat(62)}`, id: 'run-c' });
  const gone = { ...b, key: 'd', name: 'old', state: 'exited' as const, exit: undefined as never };

  test.each([
    ['web', [a, b], 'a'],
    ['/web', [a, b], 'a'],
    ['ab', [a, b], 'a'],
    ['run-b', [a, b], 'b'],
    [a.dockerId, [a, b, twin], 'a'],
  ])('by %s', (word, cards, key) => {
    expect(lookUp(cards, word)).toMatchObject({ kind: 'found', card: { key } });
  });

  test('or not, or not alone', () => {
    expect(lookUp([a, b], 'nope')).toEqual({ kind: 'none' });
    expect(lookUp([a, b], '')).toEqual({ kind: 'none' });
    expect(lookUp([a, b], 'a')).toEqual({ kind: 'several', count: 2 });
    expect(lookUp([a, b, twin], 'web')).toEqual({ kind: 'several', count: 2 });
  });

  test('the living before the ended', () => {
    const ended = { ...a, key: 'e', exit: { atUnixMs: 1 } as never, state: 'exited' as const };
    expect(lookUp([ended, a], 'web')).toMatchObject({ card: { key: 'a' } });
    expect(lookUp([ended, b], 'web')).toMatchObject({ card: { key: 'e' } });
    expect(gone.state).toBe('exited');
  });
});

describe('objects', () => {
  const card = cardOf({ startedAtUnixMs: 1_000_000, health: 'healthy', image: 'bb:1' });

  test('of a list tell state and age in words', () => {
    expect(summaryObject(card, 1_013_000)).toMatchObject({ Status: 'Up 13 seconds (healthy)', State: 'running' });
    const exit = { atUnixMs: 1_010_000, oomKilled: true, startedAtUnixMs: 0, finishedAtUnixMs: undefined };
    const ended = { ...card, state: 'exited' as const, exit: { ...exit, exitCode: 137 } };
    expect(summaryObject(ended, 1_013_000)).toMatchObject({ Status: 'Exited (137) 3 seconds ago', State: 'exited' });
    const untold = { ...ended, exit: { ...exit, exitCode: undefined } };
    expect(summaryObject(untold, 1_013_000)).toMatchObject({ Status: 'Exited (unknown) 3 seconds ago' });
  });

  test('of an inspection hold limits, and nothing that may be secret', () => {
    const sample = sampleOf({ memoryLimitBytes: 64 << 20, cpuLimitCores: 0.5, pidsLimit: Infinity });
    const object = inspectObject(card, sample, 2 ** 34);
    expect(object).toMatchObject({
      HostConfig: { Memory: 64 << 20, NanoCpus: 5e8, PidsLimit: 0 },
      Config: { Env: [], Cmd: [] },
      State: { Running: true, Health: { Status: 'healthy' } },
    });
  });

  test.each([
    { exitCode: 3, want: 3 },
    { exitCode: 0, want: 0 },
    { exitCode: undefined, want: undefined },
  ])('of one that ended: exit code $exitCode', ({ exitCode, want }) => {
    const exit = { atUnixMs: 5, exitCode, oomKilled: false, startedAtUnixMs: 0, finishedAtUnixMs: 5 };
    const object = inspectObject({ ...card, state: 'exited', exit }, sampleOf({}), 2 ** 34) as {
      State: { ExitCode?: number };
    };
    expect(object.State.ExitCode).toBe(want);
  });

  test('of events', () => {
    const exit = { atUnixMs: 5, exitCode: 3, oomKilled: false, startedAtUnixMs: 0, finishedAtUnixMs: 5 };
    const event = { action: 'die' as const, card: { ...card, exit }, atUnixMs: 1_795_168_906_630 };
    expect(eventObject(event)).toMatchObject({
      status: 'die',
      Action: 'die',
      Type: 'container',
      Actor: { ID: card.dockerId, Attributes: { name: 'web', image: 'bb:1', exitCode: '3' } },
      time: 1_795_168_906,
      timeNano: 1_795_168_906_630_000_000,
    });
    const fits = (filters: string): boolean => eventFits(event, parseFilters(filters));
    expect(fits('{"type":{"container":true}}')).toBe(true);
    expect(fits('{"type":["image"]}')).toBe(false);
    expect(fits('{"event":["start"],"type":["container"]}')).toBe(false);
    expect(fits('{"container":["web"],"image":["bb"]}')).toBe(true);
    // As dockerd 20.10.24: by the beginning of a name, and by an image with or without its tag.
    expect(fits('{"container":["we"]}')).toBe(true);
    expect(fits('{"image":["bb:1"]}')).toBe(true);
    expect(fits('{"image":["b"]}')).toBe(false);
    expect(fits('{"volume":["web"]}')).toBe(false);
    expect(fits('{"bogus":["x"]}')).toBe(true);
    const healthy = { ...event, action: 'health_status: healthy' as const };
    const asked = (words: string): boolean => eventFits(healthy, parseFilters(JSON.stringify({ event: [words] })));
    expect(['health_status', 'health_status: healthy', 'health_status: unhealthy'].map(asked)).toEqual([
      true,
      true,
      false,
    ]);
  });
});

test.each([
  { name: 'plain', facts: {}, want: ['start'] },
  { name: 'with a check that has not run', facts: { health: 'starting' as const }, want: ['start'] },
  {
    name: 'healthy before it was known',
    facts: { health: 'healthy' as const },
    want: ['start', 'health_status: healthy'],
  },
  { name: 'paused before it was known', facts: { state: 'paused' as const }, want: ['start', 'pause'] },
])('the beginning of a container, $name, tells what it has become', ({ facts, want }) => {
  expect(beginningOf(cardOf(facts))).toEqual(want);
});
