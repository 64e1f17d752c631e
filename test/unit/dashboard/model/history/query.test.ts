import { describe, expect, test } from 'vitest';
import { csvCell } from '../../../../../dashboard/model/history/answer.ts';
import { parseHistoryQuery } from '../../../../../dashboard/model/history/query.ts';
import { T0 } from '../../builders.ts';

const parse = (text: string) => {
  const given = new URLSearchParams(text);
  return parseHistoryQuery({ names: given.keys(), values: (name) => given.getAll(name) }, T0);
};

describe('a question', () => {
  test.each([
    { name: 'an hour by default', query: 'series=a', want: { fromMs: -3_600_000, stepMs: 10_000, count: 360 } },
    {
      name: 'seconds within 15 minutes',
      query: 'series=a&from=-5m',
      want: { fromMs: -300_000, stepMs: 1000, count: 300 },
    },
    {
      name: 'a step is rounded up to what is known',
      query: 'series=a&from=-6h&step=15s',
      want: { fromMs: -6 * 3_600_000, stepMs: 20_000, count: 1080 },
    },
    {
      name: 'minutes beyond six hours',
      query: 'series=a&from=-1d&step=10s',
      want: { fromMs: -86_400_000, stepMs: 60_000, count: 1440 },
    },
    {
      name: 'quarters beyond 14 days',
      query: 'series=a&from=-30d&step=1m',
      want: { fromMs: -30 * 86_400_000, stepMs: 900_000, count: 2880 },
    },
    {
      name: 'ISO and Unix milliseconds',
      query: `series=a&from=2026-11-20T09:00:00Z&to=${T0 - 1_800_000}&step=1m`,
      want: { fromMs: -3_600_000, stepMs: 60_000, count: 30 },
    },
    {
      name: 'the end is never after now',
      query: `series=a&from=-1m&to=${T0 + 1e9}&step=1s`,
      want: { fromMs: -60_000, stepMs: 1000, count: 60 },
    },
    {
      name: 'bins start at multiples of the step',
      query: `series=a&from=${T0 - 90_001}&step=1m`,
      want: { fromMs: -120_000, stepMs: 60_000, count: 2 },
    },
  ])('$name', ({ query, want }) => {
    const parsed = parse(query);
    expect(parsed).toMatchObject({ axis: { fromUnixMs: T0 + want.fromMs, stepMs: want.stepMs, count: want.count } });
  });

  test('names each line once, and columns in one list or several', () => {
    expect(parse('series=a&series=b&series=a&columns=x,y&columns=z&format=csv')).toMatchObject({
      keys: ['a', 'b'],
      columns: ['x', 'y', 'z'],
      format: 'csv',
    });
  });

  test.each([
    ['', 'series: 0 are named: expected 1 to 50'],
    [Array.from({ length: 51 }, (_, at) => `series=${at}`).join('&'), 'series: 51 are named'],
    ['series=a&from=yesterday', 'from: yesterday: expected a time such as'],
    ['series=a&to=-6x', 'to: -6x: expected a time'],
    ['series=a&from=9999999999999999999', 'from: 9999999999999999999: expected a time'],
    ['series=a&from=-1m&to=-2m', 'from: -1m: expected a time before to'],
    ['series=a&step=0s', 'step: 0s: expected a duration'],
    ['series=a&step=-1s', 'step: -1s: expected a duration'],
    ['series=a&from=-14d&step=1m', 'step: 1m: makes 20160 points, at most 11000'],
    [`${Array.from({ length: 50 }, (_, at) => `series=${at}`).join('&')}&from=-6h&step=10s`, 'at most 50000 points'],
    ['series=a&format=xml', 'format: xml: expected json or csv'],
    ['series=a&limit=5', 'limit: is no parameter: expected series, columns, from, to, step, format'],
  ])('%s is refused', (query, sentence) => {
    const parsed = parse(query);
    expect('fault' in parsed ? parsed.fault : undefined).toContain(sentence);
  });
});

test.each([
  ['=1+1', "'=1+1"],
  ['+1', "'+1"],
  ['-1', "'-1"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['\t=1', "'\t=1"],
  ['\r=1', '"\'\r=1"'],
  ['a,b', '"a,b"'],
  ['say "x"', '"say ""x"""'],
  ['plain', 'plain'],
])('the cell %j is %j', (text, want) => {
  expect(csvCell(text)).toBe(want);
});
