import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../../native/host/config.ts';
import { loadStatsdConfig } from '../../../statsd/config.ts';

const load = (flags: Record<string, unknown>, env: Record<string, string> = {}): ReturnType<typeof loadStatsdConfig> =>
  loadStatsdConfig({ flags, env, configFile: undefined });
const faults = (flags: Record<string, unknown>): readonly string[] => {
  try {
    load(flags);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
};

describe('loadStatsdConfig', () => {
  test('defaults', () => {
    expect(load({})).toMatchObject({
      listen: { host: '127.0.0.1', port: 9101 },
      dashboard: [],
      interval: 1000,
      cgroupRoot: '/',
      stateDir: '/var/lib/weft',
    });
  });

  test.each([
    { name: 'off is no status server', flags: { listen: 'off' }, want: { listen: null } },
    { name: 'a path loses its last slash', flags: { cgroupRoot: '/kubepods/' }, want: { cgroupRoot: '/kubepods' } },
    {
      name: 'dashboards with a token',
      flags: { dashboard: ['http://a:1', 'https://b/weft'], agentToken: 't' },
      want: { dashboard: ['http://a:1', 'https://b/weft'] },
    },
    { name: 'a duration', flags: { interval: '500ms' }, want: { interval: 500 } },
    { name: 'tags of the host', flags: { tag: ['zone=a', 'note=x=y'] }, want: { tag: { zone: 'a', note: 'x=y' } } },
    {
      name: 'tags as a mapping, from a file',
      flags: { tag: { zone: 'a', rack: 7 } },
      want: { tag: { zone: 'a', rack: '7' } },
    },
    {
      name: 'filters',
      flags: { include: ['name=web-*'], exclude: ['label=skip'] },
      want: {
        include: [{ field: 'name', key: '', pattern: 'web-*' }],
        exclude: [{ field: 'label', key: 'skip', pattern: undefined }],
      },
    },
    { name: 'no socket', flags: { runtimeSocket: ['off'] }, want: { runtimeSocket: [] } },
    { name: 'an own socket', flags: { runtimeSocket: ['/s'] }, want: { runtimeSocket: ['/s'] } },
    {
      name: 'older spellings',
      flags: { procfs: '/host/proc', agentTokenFile: '/t', containerLabel: ['a', 'b.*'] },
      want: { procRoot: '/host/proc', tokenFile: '/t', label: ['a', 'b.*'] },
    },
  ])('$name', ({ flags, want }) => {
    expect(load(flags)).toMatchObject(want);
  });

  test('the environment is a comma list where a flag repeats', () => {
    expect(load({}, { WEFT_STATSD_DASHBOARD: 'http://a, http://b', WEFT_STATSD_AGENT_TOKEN: 't' }).dashboard).toEqual([
      'http://a',
      'http://b',
    ]);
  });

  test.each([
    {
      name: 'a dashboard that is no URL',
      flags: { dashboard: ['foo'], agentToken: 't' },
      want: 'dashboard.0: expected a URL such as http://dashboard:8080, got "foo"',
    },
    {
      name: 'another scheme',
      flags: { dashboard: ['ftp://a'], agentToken: 't' },
      want: 'dashboard.0: expected a URL such as http://dashboard:8080, got "ftp://a"',
    },
    {
      name: 'a port that does not exist',
      flags: { listen: '127.0.0.1:99999' },
      want: 'listen: expected ADDRESS:PORT, such as 127.0.0.1:9101, or off, got "127.0.0.1:99999"',
    },
    {
      name: 'no token',
      flags: { dashboard: ['http://a'] },
      want: 'token-file: needed with dashboard (or agent-token), since no dashboard listens to strangers',
    },
    { name: 'too fast', flags: { interval: '10ms' }, want: 'interval: expected 100ms to 60s, got "10ms"' },
    {
      name: 'a relative path',
      flags: { stateDir: 'x' },
      want: 'state-dir: expected a path that starts with /, got "x"',
    },
    {
      name: 'a path that climbs',
      flags: { cgroupRoot: '/a/../b' },
      want: 'cgroup-root: expected a path without .., got "/a/../b"',
    },
    { name: 'an unknown setting', flags: { colour: 'x' }, want: 'colour: unknown setting' },
    {
      name: 'a tag without a value',
      flags: { tag: ['zone'] },
      want: 'tag: expected up to 32 of KEY=VALUE, not "zone", got ["zone"]',
    },
    {
      name: 'a filter of an unknown field',
      flags: { include: ['colour=red'] },
      want: 'include: expected FIELD=PATTERN with a field of name, image, id, runtime, kind, cgroup, label, tag, such as name=web-* or label=tier=front, not "colour=red", got ["colour=red"]',
    },
    {
      name: 'a number in the place of a budget',
      flags: { cpuBudget: 200 },
      want: 'cpu-budget: expected a part of one core such as 1%, or off, got 200',
    },
    {
      name: 'a number in the place of filters',
      flags: { include: 5 },
      want: 'include: expected a text or a list of texts, got 5',
    },
    {
      name: 'tags of tags',
      flags: { tag: { a: ['b'] } },
      want: 'tag: expected KEY=VALUE, a list of them, or a mapping of names to texts, got {"a":["b"]}',
    },
    {
      name: 'a number in the place of a path',
      flags: { stateDir: 7 },
      want: 'state-dir: expected a path that starts with /, got 7',
    },
    { name: 'a number in the place of a name', flags: { hostname: 7 }, want: 'hostname: expected a text, got 7' },
    {
      name: 'a label without a name',
      flags: { label: [''] },
      want: 'label.0: expected the name of a label, of at most 128 characters, got ""',
    },
    {
      name: 'services by another word',
      flags: { services: 'yes' },
      want: 'services: expected off, system, all, got "yes"',
    },
  ])('$name', ({ flags, want }) => {
    expect(faults(flags)).toEqual([want]);
  });
});

describe('settings whose names are a contract', () => {
  const settings = [
    { flag: 'listen', value: '127.0.0.1:1', key: 'listen', want: { host: '127.0.0.1', port: 1 } },
    { flag: 'docker-socket', value: '/run/x.sock', key: 'dockerSocket', want: '/run/x.sock' },
    { flag: 'interval', value: '2s', key: 'interval', want: 2000 },
    { flag: 'cgroup-root', value: '/kubepods', key: 'cgroupRoot', want: '/kubepods' },
    { flag: 'proc-root', value: '/host/proc', key: 'procRoot', want: '/host/proc' },
    { flag: 'token-file', value: '/run/token', key: 'tokenFile', want: '/run/token' },
    { flag: 'tag', value: 'zone=a', key: 'tag', want: { zone: 'a' } },
    { flag: 'state-dir', value: '/srv/weft', key: 'stateDir', want: '/srv/weft' },
  ];
  const camel = (name: string): string => name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

  test.each(settings)('$flag, as a flag, in the environment and in the file', ({ flag, value, key, want }) => {
    expect(load({ [camel(flag)]: value })).toMatchObject({ [key]: want });
    expect(load({}, { [`WEFT_STATSD_${flag.replaceAll('-', '_').toUpperCase()}`]: value })).toMatchObject({
      [key]: want,
    });
    const folder = mkdtempSync(join(tmpdir(), 'weft-test-config-'));
    try {
      const configFile = join(folder, 'statsd.yaml');
      writeFileSync(configFile, `${flag}: "${value}"\n`);
      expect(loadStatsdConfig({ flags: {}, env: {}, configFile })).toMatchObject({ [key]: want });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('dashboard, which needs a token; without one none is needed', () => {
    expect(load({ dashboard: ['http://a:1'], tokenFile: '/t' }).dashboard).toEqual(['http://a:1']);
    expect(load({}).dashboard).toEqual([]);
  });
});
