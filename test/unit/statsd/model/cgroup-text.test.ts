import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CgroupTextError, FlatKeys, singleUint, uintAt, uintOrMax } from '../../../../statsd/model/cgroup-text.ts';
import { contentOf, fixtureText } from '../../../support/fixture-file.ts';

const bytesOf = (text: string): Uint8Array => Buffer.from(text);

describe('numbers', () => {
  test.each([
    { name: 'a number and a newline', text: '4096\n', want: 4096 },
    { name: 'zero', text: '0\n', want: 0 },
    { name: 'largest page-aligned limit of v1', text: '9223372036854771712\n', want: 9223372036854771712 },
    { name: 'no digit', text: 'max\n', want: Number.NaN },
    { name: 'nothing', text: '', want: Number.NaN },
    { name: 'a minus sign', text: '-1\n', want: Number.NaN },
  ])('$name', ({ text, want }) => {
    expect(uintAt(bytesOf(text), 0, text.length)).toBe(want);
  });

  test('every safe integer reads back as itself', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        const text = `${value}\n`;
        return singleUint(contentOf(text)) === value;
      }),
    );
  });

  test('bytes before and behind its own are not read', () => {
    expect(singleUint({ bytes: bytesOf('12345'), start: 1, end: 3, path: 'x' })).toBe(23);
  });

  test('max is no limit, and rubbish names the file', () => {
    expect(uintOrMax(contentOf('max\n'))).toBe(Infinity);
    expect(() => uintOrMax(contentOf('many\n'))).toThrow(CgroupTextError);
    expect(() => singleUint(contentOf('\n', 'memory.current'))).toThrow('cannot parse memory.current: found "\\n"');
  });
});

describe('FlatKeys', () => {
  const scan = (text: string, keys: readonly string[]): number[] => {
    const flat = new FlatKeys(keys);
    flat.scan(contentOf(text));
    return [...flat.values];
  };

  test('agrees with a plain parser on recorded files, for each key', () => {
    for (const path of [
      'v1-6.18-runc/container/memory.stat',
      'v2-6.1-docker/container/memory.stat',
      'v2-6.1-bare/container/cpu.stat',
    ]) {
      const text = fixtureText(path);
      const pairs = text
        .trim()
        .split('\n')
        .map((line) => line.split(' '));
      expect(
        scan(
          text,
          pairs.map(([key]) => key!),
        ),
      ).toEqual(pairs.map(([, value]) => Number(value)));
    }
  });

  test.each([
    { name: 'a missing key is unknown', text: 'a 1\n', keys: ['b'], want: [Number.NaN] },
    { name: 'a key that begins like another', text: 'file_dirty 7\nfile 9\n', keys: ['file'], want: [9] },
    { name: 'no newline at the end', text: 'a 1\nb 22', keys: ['b'], want: [22] },
    { name: 'a key without a value', text: 'a\nb 2\n', keys: ['a', 'b'], want: [Number.NaN, 2] },
    { name: 'an empty file', text: '', keys: ['a'], want: [Number.NaN] },
    { name: 'columns as in meminfo', text: 'MemTotal:       24684040 kB\n', keys: ['MemTotal:'], want: [24684040] },
  ])('$name', ({ text, keys, want }) => {
    expect(scan(text, keys)).toEqual(want);
  });
});
