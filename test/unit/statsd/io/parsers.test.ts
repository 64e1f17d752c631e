import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseJson } from '../../../../statsd/io/bounded-file.ts';
import { parseStorageList } from '../../../../statsd/io/containers-storage.ts';
import { dockerConfigSchema, dockerExit, dockerMetadata, unixMsOf } from '../../../../statsd/io/docker-files.ts';
import { parseExitCode } from '../../../../statsd/io/exit-folders.ts';
import { isMember, parseProcStat } from '../../../../statsd/io/init-process.ts';
import { parseAssignments } from '../../../../statsd/io/machine-files.ts';
import { parseRuncState } from '../../../../statsd/io/runtime-state.ts';
import { parsePasswd } from '../../../../statsd/io/user-homes.ts';
import { identityOf } from '../../../../statsd/model/identity.ts';
import { isBorn, lifeOf, parseFrozen, parseOomKills, parsePopulated } from '../../../../statsd/model/lifecycle.ts';

/** Any JSON, and JSON that has the right names with anything in them. */
const dockerLike = fc.oneof(
  fc.jsonValue(),
  fc.record(
    {
      Name: fc.jsonValue(),
      RestartCount: fc.jsonValue(),
      Created: fc.oneof(fc.string(), fc.jsonValue()),
      Config: fc.oneof(fc.jsonValue(), fc.record({ Labels: fc.jsonValue(), Env: fc.jsonValue() })),
      State: fc.oneof(
        fc.jsonValue(),
        fc.record({ Running: fc.boolean(), ExitCode: fc.jsonValue(), FinishedAt: fc.string(), Health: fc.jsonValue() }),
      ),
      MountPoints: fc.jsonValue(),
      Mounts: fc.jsonValue(),
      NetworkSettings: fc.oneof(
        fc.jsonValue(),
        fc.record({
          Ports: fc.oneof(
            fc.jsonValue(),
            fc.dictionary(fc.constantFrom('80/tcp', 'x', '1/', '99999/udp'), fc.jsonValue()),
          ),
          Networks: fc.oneof(fc.jsonValue(), fc.dictionary(fc.string(), fc.jsonValue())),
        }),
      ),
    },
    { requiredKeys: [] },
  ),
);

describe('whatever a file holds, it is read as something or nothing, and what is made of it is bounded', () => {
  test('docker', () => {
    fc.assert(
      fc.property(dockerLike, (value) => {
        const config = parseJson(JSON.stringify(value), dockerConfigSchema);
        if (config === undefined) return;
        const identity = identityOf([dockerMetadata(config, 'docker')], { id: 'c', kind: 'container', labels: ['*'] });
        dockerExit(config, 0);
        expect(identity.name.length).toBeLessThanOrEqual(256);
        expect(Object.keys(identity.labels).length).toBeLessThanOrEqual(64);
        expect(identity.restartCount ?? 0).toBeGreaterThanOrEqual(0);
        const { ports = [], volumes = [], networks = [] } = identity.attachments ?? {};
        for (const { privatePort, publicPort = 1 } of ports)
          for (const port of [privatePort, publicPort]) expect(port > 0 && port <= 65_535).toBe(true);
        for (const word of [...volumes, ...networks.map(({ name }) => name)])
          expect(word.length).toBeLessThanOrEqual(256);
        expect(volumes.length + networks.length).toBeLessThanOrEqual(160);
      }),
    );
  });

  test.each<{ name: string; parse: (text: string) => unknown }>([
    { name: 'JSON', parse: (text) => parseJson(text, dockerConfigSchema) },
    { name: 'the list of a storage', parse: parseStorageList },
    { name: '/proc/PID/stat', parse: parseProcStat },
    { name: '/proc/PID/cgroup', parse: (text) => isMember(text, '/a') },
    { name: 'KEY=VALUE', parse: parseAssignments },
    { name: 'passwd', parse: parsePasswd },
    { name: 'an exit code', parse: parseExitCode },
    { name: 'cgroup.events', parse: (text) => [parsePopulated(text), parseFrozen(text)] },
    { name: 'memory.events', parse: parseOomKills },
    { name: 'a time', parse: unixMsOf },
  ])('$name', ({ parse }) => {
    const pieces = fc.constantFrom(
      '{',
      '[',
      '"',
      '\n',
      ':',
      '=',
      ' ',
      '0',
      '9',
      ')',
      '(',
      'populated',
      'oom_kill',
      '/a',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(pieces, { maxLength: 40 }).map((words) => words.join('')),
        ),
        (text) => {
          parse(text);
        },
      ),
    );
  });

  test('runc: a state that is none is refused, never half taken', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        try {
          const state = parseRuncState(value, ['memory']);
          if (state !== undefined) expect(typeof state.cgroup.value).toBe('string');
        } catch (error) {
          expect(error).toHaveProperty('name', 'ZodError');
        }
      }),
    );
  });
});

describe('small files', () => {
  test.each([
    { text: '7 (sh) S 5 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 1234 99', want: { parent: 5, startTicks: 1234 } },
    {
      text: '7 (a b) (c) S 5 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 1234 99',
      want: { parent: 5, startTicks: 1234 },
    },
    { text: '7 (sh) S 5', want: undefined },
    { text: '', want: undefined },
  ])('stat: $text', ({ text, want }) => {
    expect(parseProcStat(text)).toEqual(want);
  });

  test.each([
    { text: '4:memory:/docker/a\n0::/other', want: true },
    { text: '0::/docker/a/init', want: true },
    { text: '0::/../docker/a', want: true },
    { text: '0::/docker/ab', want: false },
    { text: '', want: false },
  ])('cgroup: $text', ({ text, want }) => {
    expect(isMember(text, '/docker/a')).toBe(want);
  });

  test.each([
    ['137', 137],
    ['0\n', 0],
    ['-1', -1],
    ['', undefined],
    ['1 2', undefined],
    ['x', undefined],
  ])('exit code %j', (text, want) => {
    expect(parseExitCode(text)).toBe(want);
  });

  test('passwd: homes that are paths, users that are numbers', () => {
    const text =
      'root:x:0:0:root:/root:/bin/sh\nbad\nana:x:1000:1000::/home/ana:/bin/sh\nx:x:-1:0::/x:\ny:x:5:0::/a/../b:\n';
    expect([...parsePasswd(text)]).toEqual([
      [0, '/root'],
      [1000, '/home/ana'],
    ]);
  });

  test.each([
    ['populated 1\nfrozen 1\n', true],
    ['populated 1\nfrozen 0\n', false],
    ['populated 1\n', undefined],
  ])('frozen: %j', (text, want) => {
    expect(parseFrozen(text)).toBe(want);
  });
});

const told = { startedAtUnixMs: 1000, State: { Running: false, ExitCode: 3, OOMKilled: false } };
test.each([
  {
    name: 'over',
    State: { ...told.State, StartedAt: '1970-01-01T00:00:01Z', FinishedAt: '1970-01-01T00:00:02Z' },
    want: 3,
  },
  {
    name: 'over before docker noted that it had begun',
    State: { ...told.State, StartedAt: '1970-01-01T00:00:01.203Z', FinishedAt: '1970-01-01T00:00:01.2Z' },
    want: 3,
  },
  {
    name: 'over before the time of its start that was told',
    State: { ...told.State, StartedAt: '1970-01-01T00:00:01Z', FinishedAt: '1970-01-01T00:00:00.7Z' },
    want: 3,
  },
  {
    name: 'over a moment before its birth was seen',
    State: { ...told.State, StartedAt: '1970-01-01T00:00:00.9Z', FinishedAt: '1970-01-01T00:00:00.95Z' },
    want: 3,
  },
  { name: 'of the run before', State: { ...told.State, FinishedAt: '1970-01-01T00:00:00.5Z' }, want: undefined },
  {
    name: 'still running',
    State: { ...told.State, Running: true, FinishedAt: '1970-01-01T00:00:02Z' },
    want: undefined,
  },
  {
    name: 'to be started again',
    State: { ...told.State, Running: true, Restarting: true, FinishedAt: '1970-01-01T00:00:02Z' },
    want: 3,
  },
  { name: 'never started', State: { ...told.State, FinishedAt: '0001-01-01T00:00:00Z' }, want: undefined },
])('how docker tells an end: $name', ({ State, want }) => {
  const config = parseJson(JSON.stringify({ State }), dockerConfigSchema)!;
  expect(dockerExit(config, told.startedAtUnixMs)?.exitCode).toBe(want);
});

describe('life', () => {
  const signs = fc.record({
    gone: fc.boolean(),
    populated: fc.option(fc.boolean(), { nil: undefined }),
    pids: fc.option(fc.nat(5), { nil: undefined }),
    wasPopulated: fc.boolean(),
  });

  test('a container that is alive by the v2 tree is alive, and one that is gone is gone', () => {
    fc.assert(
      fc.property(signs, (each) => {
        const life = lifeOf(each);
        expect(life === 'gone').toBe(each.gone);
        if (!each.gone && each.populated === true) expect(life).toBe('alive');
        // What just ended is not born again by the same signs.
        if (life === 'empty') expect(isBorn(each, () => false)).toBe(false);
      }),
    );
  });
});
