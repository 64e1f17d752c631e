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
      want: 'agent-token-file: needed with dashboard (or agent-token), since no dashboard listens to strangers',
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
  ])('$name', ({ flags, want }) => {
    expect(faults(flags)).toEqual([want]);
  });
});
