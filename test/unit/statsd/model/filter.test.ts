import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { admits, globMatches, parseFilterTerm, type Filter, type FilterTerm } from '../../../../statsd/model/filter.ts';
import { identityOf } from '../../../../statsd/model/identity.ts';

const labels: Readonly<Record<string, string>> = { tier: 'front', 'a=b': 'c' };
const identity = identityOf(
  [
    {
      runtimeName: '/web-1',
      image: 'docker.io/library/nginx:1.27',
      annotations: {},
      labels: { 'com.docker.compose.project': 'shop' },
    },
  ],
  { id: 'c1', kind: 'container', labels: [] },
);
const subject = {
  id: 'c1',
  runtime: 'docker',
  cgroupPath: '/docker/c1',
  identity,
  label: (key: string): string | undefined => labels[key],
};
const terms = (texts: readonly string[]): FilterTerm[] => texts.map((text) => parseFilterTerm(text) as FilterTerm);
const filter = (include: readonly string[], exclude: readonly string[] = []): Filter => ({
  include: terms(include),
  exclude: terms(exclude),
});

describe('admits', () => {
  test.each([
    { name: 'no filter', filter: filter([]), want: true },
    { name: 'a name', filter: filter(['name=web-1']), want: true },
    { name: 'another name', filter: filter(['name=web']), want: false },
    { name: 'a pattern', filter: filter(['name=web-?']), want: true },
    { name: 'any of several', filter: filter(['name=db', 'image=*/nginx:*']), want: true },
    { name: 'an image', filter: filter([], ['image=*nginx*']), want: false },
    { name: 'a label that is there', filter: filter(['label=tier']), want: true },
    { name: 'a label with a value', filter: filter(['label=tier=fr*']), want: true },
    { name: 'a label with another value', filter: filter(['label=tier=back']), want: false },
    { name: 'a label that is not there matches nothing', filter: filter(['label=none=*']), want: false },
    { name: 'a tag', filter: filter(['tag=compose_project=shop']), want: true },
    {
      name: 'an excluded one stays out, though included',
      filter: filter(['name=web-*'], ['tag=compose_project']),
      want: false,
    },
    { name: 'runtime', filter: filter(['runtime=docker']), want: true },
    { name: 'kind', filter: filter([], ['kind=sandbox']), want: true },
    { name: 'cgroup', filter: filter(['cgroup=/docker/*']), want: true },
    { name: 'id', filter: filter([], ['id=c1']), want: false },
  ])('$name', ({ filter: each, want }) => {
    expect(admits(each, subject)).toBe(want);
  });

  test('what is not known matches nothing', () => {
    const unnamed = { ...subject, identity: identityOf([], { id: 'c1', kind: 'container', labels: [] }) };
    expect(admits(filter(['image=*']), unnamed)).toBe(false);
    expect(admits(filter([], ['image=*']), unnamed)).toBe(true);
  });
});

describe('parseFilterTerm', () => {
  test.each(['', '=', 'name', 'name=', 'colour=red', 'label=', 'label==x', 'Name=x'])('%j is none', (text) => {
    expect(parseFilterTerm(text)).toMatch(/^expected FIELD=PATTERN/);
  });

  test('only the first equals sign after a label divides', () => {
    expect(parseFilterTerm('label=a=b=c')).toEqual({ field: 'label', key: 'a', pattern: 'b=c' });
  });

  test('any text is a term or told with a sentence', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const term = parseFilterTerm(text);
        if (typeof term === 'string') expect(term).toMatch(/^expected/);
        else expect([true, false]).toContain(admits({ include: [], exclude: [term] }, subject));
      }),
    );
  });
});

describe('globMatches', () => {
  const toRegExp = (pattern: string): RegExp =>
    new RegExp(`^${pattern.replaceAll('*', '[^]*').replaceAll('?', '[^]')}$`);

  test('agrees with an expression', () => {
    const letters = (alphabet: string, maxLength: number): fc.Arbitrary<string> =>
      fc.string({ unit: fc.constantFrom(...alphabet.split(',')), maxLength });
    fc.assert(
      fc.property(letters('a,b,*,?', 6), letters('a,b', 8), (pattern, text) => {
        expect(globMatches(pattern, text)).toBe(toRegExp(pattern).test(text));
      }),
      { numRuns: 500 },
    );
  });

  test('many stars and a long text end soon', () => {
    expect(globMatches(`${'a*'.repeat(60)}b`, 'a'.repeat(4096))).toBe(false);
  });
});
