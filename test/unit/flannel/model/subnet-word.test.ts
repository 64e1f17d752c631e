import { describe, expect, test } from 'vitest';
import { isNamedBy, pairOfWord, parseSubnetWord } from '../../../../flannel/model/subnet-word.ts';
import { pairOf } from '../builders.ts';

const v4 = pairOf('10.5.1.0/24');
const dual = pairOf('10.5.1.0/24&fc00:5:0:1::/64');

describe('a subnet in the words of a person', () => {
  test.each([
    { word: '10.5.1.0/24', subnets: v4, want: true },
    { word: '10.5.1.0-24', subnets: v4, want: true },
    { word: '10.5.1.0/24', subnets: dual, want: true },
    { word: 'fc00:5:0:1::/64', subnets: dual, want: true },
    { word: '10.5.1.0/24&fc00:5:0:1::/64', subnets: dual, want: true },
    { word: '/coreos.com/network/subnets/10.5.1.0-24&fc00:5:0:1::-64', subnets: dual, want: true },
    { word: '10.5.1.77', subnets: v4, want: true },
    { word: 'fc00:5:0:1::77', subnets: dual, want: true },
    { word: '10.5.2.77', subnets: v4, want: false },
    { word: '10.5.1.0/25', subnets: v4, want: false },
    { word: '10.5.1.0/24&fc00:5:0:2::/64', subnets: dual, want: false },
    { word: 'fc00:5:0:1::/64', subnets: v4, want: false },
  ])('$word', ({ word, subnets, want }) => {
    expect(isNamedBy(parseSubnetWord(word), subnets)).toBe(want);
  });

  test.each(['', 'web1', '10.5.1', '10.5.1.0/33', '10.5.1.0/24&', '10.5.1.0/24/7', 'subnets', '10.5.1.0-24-3'])(
    '"%s" is refused',
    (word) => {
      expect(() => parseSubnetWord(word)).toThrow(`"${word}" is not a subnet: expected one such as 10.5.1.0/24`);
    },
  );

  test('as a whole', () => {
    expect(pairOfWord('10.5.1.0/24&fc00:5:0:1::/64')).toEqual(dual);
    expect(pairOfWord('10.5.1.9/24')).toEqual(v4);
    expect(() => pairOfWord('10.5.1.7')).toThrow(
      '"10.5.1.7" is an address: expected a whole subnet, such as 10.5.1.0/24',
    );
  });
});
