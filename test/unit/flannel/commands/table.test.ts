import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countText, durationText, fieldLines, tableLines, wrapText } from '../../../../flannel/commands/table.ts';

const anyWidth = fc.integer({ min: 40, max: 200 });
const words = fc.string({ unit: fc.constantFrom(...'abcdefghij.:/-  '.split('')), maxLength: 120 });

describe('a table', () => {
  test('is as wide as it must be, and aligned', () => {
    const rows = [
      { name: 'eth0', mtu: '1500' },
      { name: 'a', mtu: '9' },
    ];
    const table = tableLines(
      rows,
      [
        { title: 'NAME', value: ({ name }) => name },
        { title: 'MTU', align: 'right', value: ({ mtu }) => mtu },
      ],
      80,
    );
    expect([table.header, ...table.rows.flat()]).toEqual(['NAME   MTU', 'eth0  1500', 'a        9']);
  });

  test('goes on in the next line where a cell is too wide', () => {
    const table = tableLines(
      [{ a: 'fc00:5:0:1234::/64', b: 'it is there' }],
      [
        { title: 'A', value: ({ a }) => a },
        { title: 'B', value: ({ b }) => b },
      ],
      20,
    );
    expect(table.rows).toEqual([['fc00:5:0:  it is', '1234::/64  there']]);
  });

  test('never exceeds its width, and loses nothing', () => {
    const columns = Array.from({ length: 5 }, (_, index) => ({
      title: `C${index}`,
      value: (row: readonly string[]) => row[index] ?? '',
    }));
    const rows = fc.array(fc.array(words, { minLength: 5, maxLength: 5 }), { maxLength: 8 });
    fc.assert(
      fc.property(rows, anyWidth, (cells, width) => {
        const table = tableLines(cells, columns, width);
        const lines = [table.header, ...table.rows.flat()];
        expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
        const letters = (text: string): string => Array.from(text.replaceAll(/\s/g, '')).toSorted().join('');
        table.rows.forEach((row, index) => {
          expect(letters(row.join(''))).toBe(letters((cells[index] ?? []).join('')));
        });
      }),
    );
  });
});

// Names and values come from other hosts' keys in etcd: a terminal obeys what it is sent.
test('nothing that others wrote can steer the terminal, or break a line', () => {
  const hostile = 'a\u001b[2Jb\u0007\u009bc\nd\u202ee';
  const shown = 'a\\u001b[2Jb\\u0007\\u009bc d\\u202ee';
  const columns = [{ title: 'A', value: (row: string) => row }];
  expect(tableLines([hostile], columns, 80).rows).toEqual([[shown]]);
  expect(fieldLines('host', hostile, 80)).toEqual([`host       ${shown}`]);
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), anyWidth, (text, width) => {
      const lines = [...tableLines([text], columns, width).rows.flat(), ...wrapText(text, width)];
      for (const line of lines) expect(line).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
    }),
  );
});

test('wrapped text keeps its words and its width', () => {
  fc.assert(
    fc.property(words, fc.integer({ min: 1, max: 100 }), (text, width) => {
      const lines = wrapText(text, width);
      expect(lines.every((line) => line.length <= width)).toBe(true);
      expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
    }),
  );
});

test('a field goes on below itself', () => {
  expect(fieldLines('host', 'one two three four', 20)).toEqual([
    'host       one two',
    '           three',
    '           four',
  ]);
});

test.each([
  [0, '0 s'],
  [-5, '0 s'],
  [0.9, '0 s'],
  [59, '59 s'],
  [60, '1 min'],
  [3_599, '59 min 59 s'],
  [86_399, '23 h 59 min'],
  [86_400, '1 d'],
  [90_061, '1 d 1 h'],
])('%d s is %s', (seconds, want) => {
  expect(durationText(seconds)).toBe(want);
});

test('numbers have their words', () => {
  expect([countText(1, 'peer'), countText(0, 'peer'), countText(12, 'lease')]).toEqual([
    '1 peer',
    '0 peers',
    '12 leases',
  ]);
});
