import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseStatsd, type StatsdMetric } from '../../../../statsd/model/statsd-text.ts';

const metric = (facts: Partial<StatsdMetric>): StatsdMetric => ({
  ...{ what: 'metric', kind: 'counter', name: 'hits', values: [1], member: '', weight: 1, isChange: false, tags: [] },
  ...facts,
});

describe('a line', () => {
  test.each([
    { name: 'a counter', text: 'hits:1|c', want: metric({}) },
    { name: 'a sampled counter', text: 'hits:2|c|@0.5', want: metric({ values: [2], weight: 2 }) },
    {
      name: 'a gauge',
      text: 'depth:-0.5|g|#a:b',
      want: metric({ kind: 'gauge', name: 'depth', values: [-0.5], tags: [['a', 'b']] }),
    },
    {
      name: 'a gauge of StatsD that changes',
      text: 'depth:-3|g',
      want: metric({ kind: 'gauge', name: 'depth', values: [-3], isChange: true }),
    },
    { name: 'a timer', text: 'took:12.5|ms', want: metric({ kind: 'timer', name: 'took', values: [12.5] }) },
    { name: 'a histogram', text: 'size:1e3|h', want: metric({ kind: 'histogram', name: 'size', values: [1000] }) },
    { name: 'a distribution', text: 'size:7|d', want: metric({ kind: 'histogram', name: 'size', values: [7] }) },
    {
      name: 'a set',
      text: 'users:al:ice|s',
      want: metric({ kind: 'set', name: 'users', values: [], member: 'al:ice' }),
    },
    {
      name: 'several values',
      text: 'took:1:2:3|h',
      want: metric({ kind: 'histogram', name: 'took', values: [1, 2, 3] }),
    },
    {
      name: 'tags, sorted, the first of two, one without a value',
      text: 'hits:1|c|#zone:eu,env:prod,env:dev,canary',
      want: metric({
        tags: [
          ['canary', 'true'],
          ['env', 'prod'],
          ['zone', 'eu'],
        ],
      }),
    },
    { name: 'a name of other letters', text: 'shop.páge-views/s:1|c', want: metric({ name: 'shop_p_ge_views_s' }) },
    { name: 'a line end of Windows', text: 'hits:1|c\r', want: metric({}) },
    { name: 'fields of later versions', text: 'hits:1|c|T1656581400|e:it-false|card:low', want: metric({}) },
  ])('$name', ({ text, want }) => {
    expect(parseStatsd(text)).toEqual({ lines: [want], origin: undefined, malformed: 0 });
  });

  test.each([
    ['no value', 'hits'],
    ['no type', 'hits:1'],
    ['an unknown type', 'hits:1|x'],
    ['a type of every object', 'hits:1|constructor'],
    ['no name', ':1|c'],
    ['a long name', `${'a'.repeat(129)}:1|c`],
    ['no number', 'hits:one|c'],
    ['an empty number', 'hits:|c'],
    ['one bad value of several', 'took:1:x:3|h'],
    ['infinity', 'depth:Infinity|g'],
    ['a number that is too large', 'depth:1e300|g'],
    ['a hexadecimal number', 'depth:0x10|g'],
    ['a counter that goes back', 'hits:-1|c'],
    ['a sample rate of nothing', 'hits:1|c|@0'],
    ['a sample rate above one', 'hits:1|c|@2'],
    ['a sample rate that is tiny', 'hits:1|c|@1e-300'],
    ['too many tags', `hits:1|c|#${Array.from({ length: 17 }, (_, at) => `t${at}:1`).join(',')}`],
    ['a state that is none', '_sc|disk|4'],
    ['a check without a name', '_sc||0'],
  ])('%s is malformed', (_, text) => {
    expect(parseStatsd(text)).toEqual({ lines: [], origin: undefined, malformed: 1 });
  });
});

test('a service check with a message, and the container that it is of', () => {
  expect(parseStatsd('_sc|disk full|2|d:1656581400|h:h1|#dev:sda|c:ci-abc|m:9\u202e9 %')).toEqual({
    lines: [{ what: 'check', name: 'disk full', state: 'critical', message: '99 %', tags: [['dev', 'sda']] }],
    origin: { kind: 'id', id: 'abc' },
    malformed: 0,
  });
});

test.each([
  { field: 'c:0a1b', origin: { kind: 'id', id: '0a1b' } },
  { field: 'c:ci-0a1b', origin: { kind: 'id', id: '0a1b' } },
  { field: 'c:in-4026532', origin: { kind: 'inode', inode: 4026532 } },
])('the origin $field', ({ field, origin }) => {
  expect(parseStatsd(`hits:1|c|${field}`).origin).toEqual(origin);
});

test('a datagram of several lines keeps the good ones', () => {
  const found = parseStatsd('hits:1|c\nrubbish\n\n_e{5,4}:title|text\ndepth:2|g\n');
  expect(found.lines.map((line) => line.what)).toEqual(['metric', 'event', 'metric']);
  expect(found.malformed).toBe(1);
});

describe('an event', () => {
  const plain = { what: 'event', title: 'deploy', text: 'v2', alert: 'info', isLowPriority: false, tags: [] };
  test.each([
    { name: 'plain', text: '_e{6,2}:deploy|v2', want: plain },
    { name: 'without a text', text: '_e{6,0}:deploy|', want: { ...plain, text: '' } },
    {
      name: 'with every field',
      text: '_e{6,2}:deploy|v2|d:1656581400|h:h1|k:same|p:low|s:ci|t:error|#env:prod',
      want: { ...plain, alert: 'error', isLowPriority: true, tags: [['env', 'prod']] },
    },
    {
      name: 'with bars, line ends and letters of two bytes',
      text: '_e{5,10}:a|bé|one\\ntwo|3|t:warning',
      want: { ...plain, title: 'a|bé', text: 'one two|3', alert: 'warning' },
    },
    { name: 'with what reorders text', text: '_e{9,2}:de\u202eploy|v2', want: plain },
    {
      name: 'that is long',
      text: `_e{900,5000}:${'t'.repeat(900)}|${'x'.repeat(5000)}`,
      want: { ...plain, title: 't'.repeat(128), text: 'x'.repeat(512) },
    },
  ])('$name', ({ text, want }) => {
    expect(parseStatsd(text)).toEqual({ lines: [want], origin: undefined, malformed: 0 });
  });

  test.each([
    ['lengths that are too long', '_e{7,2}:deploy|v2'],
    ['lengths that are too short', '_e{5,2}:deploy|v2'],
    ['a text that goes on', '_e{6,2}:deploy|v234'],
    ['no lengths', '_e{}:deploy|v2'],
    ['no title', '_e{0,2}:|v2'],
    ['an unknown type', '_e{6,2}:deploy|v2|t:fatal'],
    ['a title of nothing visible', '_e{1,2}:\u0007|v2'],
  ])('with %s is malformed', (_, text) => {
    expect(parseStatsd(text)).toEqual({ lines: [], origin: undefined, malformed: 1 });
  });
});

test('whatever comes, names are what Prometheus allows and numbers are finite', () => {
  const part = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc.constantFrom(
      'hits',
      ':',
      '1',
      '|',
      'c',
      'g',
      'ms',
      's',
      '@',
      '0.1',
      '#',
      ',',
      '_sc',
      '_e{1,1}:',
      '_e{3,2}:',
      '\n',
      '-',
      'm:',
      'c:',
      '1e29',
      '"',
      '\\',
    ),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 40 }), (parts) => {
      const { lines, malformed } = parseStatsd(parts.join(''));
      expect(malformed).toBeGreaterThanOrEqual(0);
      for (const line of lines) {
        for (const [name, value] of line.tags) {
          expect(name).toMatch(/^\w{1,128}$/);
          expect(value.length).toBeLessThanOrEqual(128);
        }
        if (line.what === 'event') {
          expect(line.title).toMatch(/^\P{Cc}{1,128}$/u);
          expect(line.text).toMatch(/^\P{Cc}{0,512}$/u);
        }
        if (line.what !== 'metric') continue;
        expect(line.name).toMatch(/^\w{1,128}$/);
        expect(line.values.every((value) => Number.isFinite(value * line.weight))).toBe(true);
      }
    }),
    { numRuns: 2000 },
  );
});
