import { describe, expect, test } from 'vitest';
import type { AlertEpisode } from '../../../../../dashboard/model/alert/episode.ts';
import {
  containerEvents,
  episodeEvents,
  eventView,
  isOfLine,
  linesOfService,
  newestFirst,
  type MarkedLine,
} from '../../../../../dashboard/model/events/event.ts';
import { parseEventQuery } from '../../../../../dashboard/model/events/query.ts';
import { T0 } from '../../builders.ts';

const HOUR_MS = 3_600_000;
const LAST_HOUR = { fromUnixMs: T0 - HOUR_MS, toUnixMs: T0 };
const EXIT = { exitCode: 137, oomKilled: true, ranForMs: 61_000 };

function line(key: string, service: string | undefined, marks: MarkedLine['marks'] = []): MarkedLine {
  const project = service === undefined ? undefined : 'shop';
  const what = { kind: 'container', nodeId: 'n1', host: 'h1', name: key, image: undefined, runtime: 'runc' } as const;
  return { key, facts: { ...what, project, service }, marks };
}

const episode: AlertEpisode = {
  fingerprint: 'f',
  rule: 'CpuHigh',
  severity: 'warning',
  labels: { host: 'h1', container: 'api' },
  annotations: {},
  metric: 'cpuCores',
  op: '>',
  value: 2,
  threshold: 1,
  firedAtUnixMs: T0 - 2 * HOUR_MS,
  resolvedAtUnixMs: T0 - 5000,
  resolvedBecause: 'recovered',
};

describe('events', () => {
  test('are marks and the begin and end of alerts within a span, the newest first', () => {
    const marks = [
      { timeUnixMs: T0 - 2 * HOUR_MS, kind: 'started', containerId: 'runc:1' },
      { timeUnixMs: T0 - 9000, kind: 'ended', containerId: 'runc:1', exit: EXIT },
      { timeUnixMs: T0 - 1000, kind: 'created', containerId: 'runc:2' },
    ] as const;
    const events = newestFirst([
      ...containerEvents([line('n1/runc/api', undefined, marks)], LAST_HOUR),
      ...episodeEvents([episode], LAST_HOUR),
    ]);
    const api = { series: 'n1/runc/api', nodeId: 'n1', host: 'h1', name: 'n1/runc/api' };
    const iso = (unixMs: number): string => new Date(unixMs).toISOString();
    expect(events.map(eventView)).toEqual([
      { at: iso(T0 - 1000), kind: 'created', ...api, containerId: 'runc:2' },
      {
        at: iso(T0 - 5000),
        kind: 'resolved',
        host: 'h1',
        name: 'api',
        rule: 'CpuHigh',
        severity: 'warning',
        because: 'recovered',
      },
      { at: iso(T0 - 9000), kind: 'ended', ...api, containerId: 'runc:1', ...EXIT },
    ]);
  });

  test.each([
    [
      { host: 'h1', container: 'api' },
      { api: true, h1: true },
    ],
    [{ host: 'h1' }, { api: false, h1: true }],
    [
      { host: 'h2', container: 'api' },
      { api: false, h1: false },
    ],
    [{}, { api: false, h1: false }],
  ])('of an alert with %j are of the container or the host that it names', (labels, want) => {
    const { facts } = line('api', undefined);
    const host = { ...facts, kind: 'host', name: 'h1' } as const;
    expect({ api: isOfLine({ labels }, facts), h1: isOfLine({ labels }, host) }).toEqual(want);
  });

  test('of a service are those of its replicas, of a container without one its own', () => {
    const lines = [line('a', 'web'), line('b', 'web'), line('c', 'db'), line('d', undefined), line('e', undefined)];
    const keysOf = (key: string): string[] => {
      const facts = lines.find((each) => each.key === key)?.facts;
      return linesOfService(lines, { key, facts }).map((each) => each.key);
    };
    expect(keysOf('a')).toEqual(['a', 'b']);
    expect(keysOf('d')).toEqual(['d']);
    expect(keysOf('unknown')).toEqual([]);
  });
});

describe('what is asked for', () => {
  test('is the last hour of everything unless it says otherwise', () => {
    expect(parseEventQuery({}, T0)).toMatchObject({ ...LAST_HOUR, service: undefined, limit: 100 });
    const query = parseEventQuery({ from: '-30d', kinds: 'ended,oom', service: 'n1/runc/api', limit: '5' }, T0);
    const kinds = new Set(['ended', 'oom']);
    expect(query).toEqual({
      fromUnixMs: T0 - 30 * 24 * HOUR_MS,
      toUnixMs: T0,
      service: 'n1/runc/api',
      series: [],
      kinds,
      limit: 5,
    });
  });

  test.each([
    [{ form: '-1h' }, 'form: is no parameter: expected from, to, service, series, kinds, limit'],
    [{ service: 'a/b' }, 'series: n1/runc/x: expected either series or service', ['n1/runc/x']],
    [{}, 'series: 9 lines: expected 8 at most', Array.from({ length: 9 }, String)],
    [{ from: 'yesterday' }, /^from: yesterday: expected a time such as/],
    [{ to: 'now' }, /^to: now: expected a time such as/],
    [{ from: '-1h', to: '-2h' }, 'from: -1h: expected a time before to, -2h'],
    [{ kinds: 'ended,died' }, 'kinds: died: expected some of started, restarted, created, ended, oom, fired, resolved'],
    [{ limit: '0' }, 'limit: 0: expected 1 to 1000'],
  ])('%j is refused with a sentence', (given, want, series: readonly string[] = []) => {
    const parsed = parseEventQuery(given, T0, series);
    expect('fault' in parsed ? parsed.fault : '').toMatch(want);
  });
});
