import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { StatsdBook } from '../../../../statsd/model/statsd-book.ts';
import { renderStatsd } from '../../../../statsd/model/statsd-families.ts';
import { parseStatsd } from '../../../../statsd/model/statsd-text.ts';
import { statsdView } from '../../../../statsd/model/statsd-view.ts';
import { checkExposition } from '../../../support/exposition.ts';

const MINUTE_MS = 60_000;
const take = (book: StatsdBook, text: string, facts: { key?: string; atMs?: number } = {}): void => {
  const { key = 'docker:a', atMs = 0 } = facts;
  book.take(key, parseStatsd(text).lines, { monotonicMs: atMs, timeUnixMs: 1_800_000_000_000 + atMs });
};
const bookOf = (...texts: string[]): StatsdBook => {
  const book = new StatsdBook({ maxSeries: 1000, maxSeriesOfOne: 500 });
  for (const text of texts) take(book, text);
  return book;
};
const text = (book: StatsdBook, nowMs = 0): string =>
  [...renderStatsd(book, (key) => `id="/${key}"`, nowMs)].join('').replaceAll(/^#.*\n/gm, '');

describe('what adds up', () => {
  test.each([
    { name: 'counters add', said: ['hits:1|c', 'hits:2|c|@0.5'], want: 'statsd_hits_total{id="/docker:a"} 5\n' },
    { name: 'a gauge is the last', said: ['depth:7|g', 'depth:5|g'], want: 'statsd_depth_value{id="/docker:a"} 5\n' },
    {
      name: 'a gauge is changed',
      said: ['depth:7|g', 'depth:+2|g', 'depth:-4|g'],
      want: 'statsd_depth_value{id="/docker:a"} 5\n',
    },
    {
      name: 'a set counts the different',
      said: ['users:a|s\nusers:b|s\nusers:a|s'],
      want: 'statsd_users_distinct{id="/docker:a"} 2\n',
    },
    {
      name: 'tags tell series apart',
      said: ['hits:1|c|#a:b', 'hits:1|c|#a:c'],
      want: 'statsd_hits_total{id="/docker:a",tag_a="b"} 1\nstatsd_hits_total{id="/docker:a",tag_a="c"} 1\n',
    },
    {
      name: 'a check is the last state',
      said: ['_sc|disk|2', '_sc|disk|1'],
      want: 'statsd_service_check_status{id="/docker:a",check="disk"} 1\n',
    },
  ])('$name', ({ said, want }) => {
    expect(text(bookOf(...said))).toBe(want);
  });

  test('a timer is in seconds, sampled ones count for all', () => {
    expect(text(bookOf('took:100|ms|@0.5'))).toMatch(
      /^statsd_took_seconds\{id="\/docker:a",quantile="0.5"\} 0\.(?:09|10)\d*\n(?:.*\n){2}statsd_took_seconds_sum\{id="\/docker:a"\} 0\.2\nstatsd_took_seconds_count\{id="\/docker:a"\} 2\n$/,
    );
  });

  test('quantiles are of the last minutes, sums of all time', () => {
    const book = bookOf('took:100|ms');
    take(book, 'took:900|ms', { atMs: 1.5 * MINUTE_MS });
    expect(text(book, 1.5 * MINUTE_MS)).toMatch(/quantile="0.5"\} 0\.(?:09|10)/);
    take(book, 'took:900|ms', { atMs: 3 * MINUTE_MS });
    expect(text(book, 3 * MINUTE_MS)).toMatch(/quantile="0.5"\} 0\.[89]/);
    expect(text(book, 9 * MINUTE_MS)).not.toContain('quantile');
    expect(text(book, 9 * MINUTE_MS)).toContain('_count{id="/docker:a"} 3');
  });

  test('for the API', () => {
    const view = statsdView(bookOf('hits:3|c|#a:b', 'took:5|ms', '_sc|disk|0|m:fine').account('docker:a'), 0);
    expect(view).toEqual({
      metrics: [
        { name: 'hits', kind: 'counter', tags: { a: 'b' }, value: 3 },
        { name: 'took', kind: 'timer', tags: {}, sum: 0.005, count: 1, quantiles: expect.anything() as object },
      ],
      events: [],
      checks: [{ name: 'disk', state: 'ok', message: 'fine', tags: {}, atUnixMs: 1_800_000_000_000 }],
    });
    expect(statsdView(undefined, 0)).toBeUndefined();
  });
});

describe('bounds', () => {
  test('endless names of one container leave room for the others, and are counted', () => {
    const book = bookOf();
    for (let at = 0; at < 5000; at += 1) take(book, `name${at}:1|c`);
    take(book, 'hits:1|c', { key: 'docker:b' });
    expect(book.seriesCount).toBe(501);
    expect(book.droppedLines).toBe(4500);
    expect(text(book)).toContain('statsd_hits_total{id="/docker:b"} 1');
    take(book, 'name0:1|c');
    expect(text(book)).toContain('statsd_name0_total{id="/docker:a"} 2');
  });

  test('500 senders with endless names, tags and checks stay within the limit', () => {
    const book = new StatsdBook({ maxSeries: 1000, maxSeriesOfOne: 500 });
    for (let at = 0; at < 10_000; at += 1)
      take(book, `n${at % 97}:${at}|h|#t:${at}\n_sc|c${at}|1`, { key: `docker:${at % 500}` });
    expect(book.seriesCount).toBeLessThanOrEqual(1000);
    expect([...book.accounts()].every(([, { checks }]) => checks.size <= 50)).toBe(true);
    expect(checkExposition([...renderStatsd(book, (key) => `id="/${key}"`, 0)].join(''))).toEqual([]);
  });

  test('what ended, and what is silent for ten minutes, gives its room back', () => {
    const book = bookOf('hits:1|c\ntook:1|ms\n_sc|disk|0');
    take(book, 'hits:1|c', { key: 'docker:b', atMs: MINUTE_MS });
    expect(book.seriesCount).toBe(7);
    book.forget('docker:b');
    expect(book.seriesCount).toBe(6);
    book.prune(10 * MINUTE_MS - 1);
    expect(book.seriesCount).toBe(6);
    book.prune(10 * MINUTE_MS);
    expect([book.seriesCount, [...book.accounts()].length]).toEqual([0, 0]);
  });

  test('a container that is not shown has no series', () => {
    expect([...renderStatsd(bookOf('hits:1|c'), () => undefined, 0)]).toEqual([]);
  });
});

test('whatever containers say, the text keeps every rule of the format', () => {
  const word = fc.string({ unit: 'binary', maxLength: 12 });
  const name = fc.oneof(
    word,
    fc.constantFrom('x', 'x_total', 'x_sum', 'x_count', 'x_seconds', 'x_value', 'service_check'),
  );
  const line = fc
    .tuple(name, fc.constantFrom('c', 'g', 'ms', 'h', 's'), word, word)
    .map(([metric, type, tag, value]) => `${metric.replace(/[:|\n]/g, '')}:1|${type}|#${tag}:${value}`);
  const check = fc.tuple(word, word).map(([metric, tag]) => `_sc|${metric.replaceAll('|', '')}|1|#${tag}`);
  fc.assert(
    fc.property(fc.array(fc.oneof(line, check), { maxLength: 30 }), (lines) => {
      const book = bookOf(...lines);
      expect(checkExposition([...renderStatsd(book, (key) => `id="/${key}"`, 0)].join(''))).toEqual([]);
    }),
    { numRuns: 200, examples: [[['_sc| |1|#A']], [['x:1|c|#aB:1,ab:2']]] },
  );
});

describe('events', () => {
  const lines = (count: number): string =>
    Array.from({ length: count }, (_, at) => `_e{2,1}:${10 + at}|x|t:error`).join('\n');

  test('are counted by type, and the newest are shown until they are old', () => {
    const book = bookOf('_e{6,2}:deploy|v2|#env:prod', lines(12));
    expect(text(book)).toBe(
      'weft_statsd_intake_events_total{id="/docker:a",alert_type="info"} 1\nweft_statsd_intake_events_total{id="/docker:a",alert_type="error"} 12\n',
    );
    const shown = statsdView(book.account('docker:a'), 0)?.events ?? [];
    expect(shown.map(({ title }) => title)).toEqual(Array.from({ length: 10 }, (_, at) => String(12 + at)));
    expect(shown[0]).toEqual({ title: '12', text: 'x', alert: 'error', tags: {}, atUnixMs: 1_800_000_000_000 });
    book.prune(10 * MINUTE_MS);
    expect(book.account('docker:a')).toBeUndefined();
  });

  test('of all containers together are bounded, and there is room again when one ended', () => {
    const book = bookOf();
    for (let container = 0; container < 101; container += 1) take(book, lines(10), { key: `docker:${container}` });
    expect(book.droppedLines).toBe(10);
    book.forget('docker:0');
    take(book, lines(10), { key: 'docker:late' });
    expect(book.account('docker:late')?.events).toHaveLength(10);
    expect(book.droppedLines).toBe(10);
  });
});
