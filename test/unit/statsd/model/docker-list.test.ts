import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../../../native/host/package-root.ts';
import { dockerConfigSchema, dockerMetadata } from '../../../../statsd/io/docker-files.ts';
import type { ContainerCard } from '../../../../statsd/model/container-card.ts';
import { parseFilters } from '../../../../statsd/model/docker-filter.ts';
import { LIST_FILTERS } from '../../../../statsd/model/docker-list.ts';
import { inspectObject, summaryObject } from '../../../../statsd/model/docker-objects.ts';
import { DockerError } from '../../../../statsd/model/docker-request.ts';
import { identityOf } from '../../../../statsd/model/identity.ts';
import { cardOf, listedBy, sampleOf } from '../builders.ts';

const folder = join(packageRoot(), 'test/fixtures/docker/filters');
const json = (file: string): unknown => JSON.parse(readFileSync(join(folder, file), 'utf8'));

/** A container as the agent knows it by the file that dockerd kept of it. */
function recorded(name: string): ContainerCard {
  const config = dockerConfigSchema.parse(json(`${name}.json`));
  const { ID: id } = json(`${name}.json`) as { ID: string };
  const facts = { id, kind: 'container' as const, labels: ['x'] };
  const identity = identityOf([dockerMetadata(config, 'docker')], facts);
  const exit = { atUnixMs: 1, exitCode: 3, oomKilled: false, startedAtUnixMs: 0, finishedAtUnixMs: 1 };
  const ended = name === 'dd' ? { exit, state: 'exited' as const } : {};
  return cardOf({ ...identity, key: `docker:${id}`, id, dockerId: id, ...ended });
}

const cards = ['aa', 'bb', 'cc', 'dd', 'hh'].map(recorded);
const card = (name: string): ContainerCard => cards.find((each) => each.name === name)!;

interface Answer {
  readonly filters: string;
  readonly all: boolean;
  readonly status: number;
  readonly names?: readonly string[];
}

describe('what dockerd answered, of the same containers', () => {
  test.each(json('answers.json') as Answer[])('$filters, all: $all', async ({ filters, all, status, names }) => {
    const ask = async (): Promise<ContainerCard[]> =>
      await listedBy(cards, { all, limit: 0, filters: parseFilters(filters, LIST_FILTERS) });
    if (status === 200) expect((await ask()).map(({ name }) => name)).toEqual(names);
    // dockerd says 500 for some mistakes of the client.
    else await expect(ask).rejects.toThrow(expect.objectContaining({ name: 'DockerError' }));
  });
});

describe('refusals name the value and what was expected', () => {
  test.each([
    ['{"status":["nonsense"]}', 400, "invalid filter 'status=nonsense'"],
    ['{"health":["ill"]}', 400, "invalid filter 'health=ill'"],
    ['{"exited":["x"]}', 400, "invalid filter 'exited=x': expected an exit code"],
    ['{"is-task":["true","false"]}', 400, "invalid filter 'is-task=true,false': expected true or false"],
    ['{"since":["nope"]}', 404, 'No such container: nope'],
    ['{"publish":["1:2"]}', 400, "filter for 'publish' should not contain ':': 1:2"],
    [
      '{"expose":["9-8"]}',
      400,
      'error while looking up for expose 9-8: expected a port such as 80 or 53/udp, or a range such as 8000-8010',
    ],
    ['{"label!":["x"]}', 400, "invalid filter 'label!'"],
  ])('%s', async (filters, status, message) => {
    const ask = async (): Promise<ContainerCard[]> =>
      await listedBy(cards, { all: false, limit: 0, filters: parseFilters(filters, LIST_FILTERS) });
    await expect(ask).rejects.toThrow(expect.objectContaining({ status, message }));
  });
});

test('what no file tells fits no filter on it', async () => {
  const plain = cardOf({ key: 'runc:job', name: 'job', runtime: 'runc' });
  const fits = async (text: string): Promise<boolean> => {
    const filters = parseFilters(text, LIST_FILTERS);
    return (await listedBy([plain, card('aa')], { all: true, limit: 0, filters })).includes(plain);
  };
  for (const filters of ['{"volume":["/data"]}', '{"publish":["8080"]}', '{"network":["bridge"]}', '{"since":["aa"]}'])
    expect([filters, await fits(filters)]).toEqual([filters, false]);
  expect(await fits('{"name":["job"]}')).toBe(true);
});

test('an image goes by its names, its id, and what others of the same id are called', async () => {
  const id = `sha256:${'ab'.repeat(32)}`;
  const images = [
    cardOf({ key: '1', name: 'one', image: 'docker.io/library/nginx:latest', imageId: id }),
    cardOf({ key: '2', name: 'two', image: 'own:7', imageId: id }),
    cardOf({ key: '3', name: 'three', image: 'nginx:1.27' }),
  ];
  const named = async (ancestor: string): Promise<string[]> => {
    const found = await listedBy(images, { all: true, limit: 0, filters: new Map([['ancestor', [ancestor]]]) });
    return found.map(({ name }) => name);
  };
  expect(await named('nginx')).toEqual(['one', 'two']);
  expect(await named('abab')).toEqual(['one', 'two']);
  expect(await named('nginx:1.27')).toEqual(['three']);
  expect(await named('own')).toEqual([]);
});

test.each([
  ['[ab]b', ['bb']],
  ['a.*', ['aa']],
  ['^/(aa|cc)$', ['cc', 'aa']],
  ['^a{2}$', ['aa']],
  ['(', []],
])('names by the expression %s, as dockerd has them', async (name, want) => {
  const found = await listedBy(cards, { all: false, limit: 0, filters: new Map([['name', [name]]]) });
  expect(found.map((each) => each.name)).toEqual(want);
});

test('a limit takes the youngest, and looks at those that ended', async () => {
  const names = async (limit: number): Promise<string[]> =>
    (await listedBy(cards, { all: false, limit, filters: new Map() })).map(({ name }) => name);
  expect(await names(2)).toEqual(['hh', 'dd']);
  expect(await names(-1)).toEqual(['hh', 'cc', 'bb', 'aa']);
});

describe('ports', () => {
  const portsOf = (name: string): unknown => (summaryObject(card(name), 0) as { Ports: unknown }).Ports;

  test('are listed as dockerd listed them', () => {
    expect(portsOf('aa')).toEqual([
      { IP: '0.0.0.0', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' },
      { PrivatePort: 90, Type: 'udp' },
    ]);
    expect(portsOf('dd')).toEqual([]);
  });

  test('are inspected as dockerd has them', () => {
    expect(inspectObject(card('aa'), sampleOf({}), 2 ** 34)).toMatchObject({
      NetworkSettings: { Ports: { '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '8080' }], '90/udp': null } },
    });
  });
});

test('whatever a filter holds, it is answered or refused', async () => {
  const name = fc.constantFrom(...LIST_FILTERS);
  const value = fc.oneof(
    fc.string({ maxLength: 12 }),
    fc.constantFrom('80', '1-9/udp', '99999999999', 'aa', '0x1', '-1', '__proto__', 'constructor'),
  );
  await fc.assert(
    fc.asyncProperty(name, fc.array(value, { maxLength: 4 }), fc.boolean(), async (filter, values, all) => {
      try {
        const filters = parseFilters(JSON.stringify({ [filter]: values }), LIST_FILTERS);
        return (await listedBy(cards, { all, limit: 0, filters })).every((found) => cards.includes(found));
      } catch (error) {
        return error instanceof DockerError && error.status >= 400 && error.status < 500;
      }
    }),
    { numRuns: 2000 },
  );
});
