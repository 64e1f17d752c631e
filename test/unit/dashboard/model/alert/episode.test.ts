import { describe, expect, test } from 'vitest';
import { episodesCsv, episodeView } from '../../../../../dashboard/model/alert/episode.ts';
import { parseEpisodeQuery } from '../../../../../dashboard/model/alert/episode-query.ts';
import { T0 } from '../../builders.ts';

const episode = {
  fingerprint: 'f',
  rule: 'CpuHigh',
  severity: 'critical',
  labels: { alertname: 'CpuHigh', host: 'h1', container: '=cmd|x' },
  annotations: {},
  metric: 'cpuCores',
  op: '>',
  value: -0.5,
  threshold: 1,
  firedAtUnixMs: T0,
  resolvedAtUnixMs: T0 + 1000,
  resolvedBecause: 'recovered',
  told: [{ channel: '-ops', atUnixMs: T0 }],
} as const;

test('a file holds numbers as numbers, and nothing that starts a formula', () => {
  const [header, row] = episodesCsv([episode]).split('\r\n');
  const at = new Date(T0).toISOString();
  expect(header?.split(',')).toHaveLength(row?.split(',').length ?? 0);
  expect(row).toBe(
    `CpuHigh,critical,h1,'=cmd|x,${at},${new Date(T0 + 1000).toISOString()},recovered,cpuCores,-0.5,">",1,'-ops ${at}`,
  );
});

test('what is not known is null', () => {
  const open = { ...episode, value: Number.NaN, resolvedAtUnixMs: undefined, resolvedBecause: undefined };
  expect(episodeView(open)).toMatchObject({ value: null, resolvedAt: null, resolvedBecause: null });
});

describe('what is asked for', () => {
  test('is the last week when nothing is said', () => {
    const query = parseEpisodeQuery({}, T0);
    expect(query).toMatchObject({ fromUnixMs: T0 - 7 * 86_400_000, toUnixMs: T0, limit: 500, format: 'json' });
  });

  test.each([
    [{ since: '1' }, 'since: is no parameter: expected from, to, q, limit, format'],
    [{ from: 'yesterday' }, /^from: yesterday: expected a time/],
    [{ to: 'now' }, /^to: now: expected a time/],
    [{ from: '-1h', to: '-2h' }, 'from: -1h: expected a time before to, -2h'],
    [{ limit: '0' }, 'limit: 0: expected 1 to 10000'],
    [{ format: 'xml' }, 'format: xml: expected json or csv'],
    [{ q: 'name:~(' }, /^q: name:~\(: the regular expression/],
    [{ q: 'x'.repeat(1025) }, 'q: is longer than 1024 characters'],
  ])('%o is refused', (given, fault) => {
    expect(parseEpisodeQuery(given, T0)).toEqual({
      fault: typeof fault === 'string' ? fault : (expect.stringMatching(fault) as string),
    });
  });
});
