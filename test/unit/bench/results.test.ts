import { describe, expect, it } from 'vitest';
import { mergedResults, tableOf } from '../../bench/results.ts';

const TITLES = ['One', 'Two', 'Three'];

describe('merged results', () => {
  it('keeps what was not run, in the order of the titles, and drops what is no benchmark any more', () => {
    const before = mergedResults(
      '',
      new Map([
        ['Three', 'old three'],
        ['One', 'old one'],
      ]),
      TITLES,
    );
    const gone = `${before}\n## Zero\n\nold zero\n`;

    const after = mergedResults(gone, new Map([['Two', 'new two']]), TITLES);

    expect(after.slice(after.indexOf('## '))).toBe('## One\n\nold one\n\n## Two\n\nnew two\n\n## Three\n\nold three\n');
    expect(mergedResults(after, new Map(), TITLES)).toBe(after);
  });
});

describe('a row', () => {
  const held = { name: 'n', unit: 's', peer: 'p' };
  it.each([
    { row: { name: 'n', unit: 's', value: 1234.4 }, line: '| n | 1,234 s |  |  |' },
    {
      row: { ...held, value: 0.26, peerValue: 0.2, bar: { atMost: 1.3 } },
      line: '| n | 0.26 s | 0.2 s (p) | 1.3 (≤ 1.3: met) |',
    },
    {
      row: { ...held, value: 3, peerValue: 2, bar: { atMost: 1.3 } },
      line: '| n | 3 s | 2 s (p) | 1.5 (≤ 1.3: **missed**) |',
    },
    {
      row: { ...held, value: 9, peerValue: 10, bar: { atLeast: 0.97 } },
      line: '| n | 9 s | 10 s (p) | 0.9 (≥ 0.97: **missed**) |',
    },
    {
      row: { ...held, value: 2, peerValue: 0, bar: { atMost: 0 } },
      line: '| n | 2 s | 0 s (p) | 2 (≤ 0: **missed**) |',
    },
  ])('is written as $line', ({ row, line }) => {
    expect(tableOf([row]).split('\n').at(-1)).toBe(line);
  });
});
