import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matchesFilter, mostExcludingTerm } from '../../../../dashboard/model/filter-match.ts';
import { fieldTerm, parseFilter, withoutTerm, type FilterSubject } from '../../../../dashboard/model/filter.ts';
import type { ViewColumn } from '../../../../dashboard/view-wire.ts';

const MIB = 2 ** 20;

function subject(
  overrides: Partial<FilterSubject> = {},
  values: Partial<Record<ViewColumn, number>> = {},
): FilterSubject {
  return {
    name: 'web-1',
    host: 'h1',
    image: 'docker.io/library/nginx:1.27',
    runtime: 'runc',
    project: 'shop',
    service: 'web',
    state: 'running',
    health: undefined,
    labels: { team: 'a', 'com.docker.compose.project': 'shop' },
    value: (column) => values[column] ?? Number.NaN,
    ...overrides,
  };
}

const busy = {
  cpuCores: 0.6,
  cpuOfLimitRatio: 0.6,
  memoryWorkingSetBytes: 100 * MIB,
  memoryOfLimitRatio: 0.5,
  pidsCurrent: 7,
  cpuThrottledRatio: 0.3,
  networkReceiveBytesPerSecond: 2 * MIB,
};

describe('a filter', () => {
  test.each([
    { name: 'nothing lets everything through', text: '  ', want: true },
    { name: 'a word in the name', text: 'web', want: true },
    { name: 'a word in another case', text: 'WEB', want: true },
    { name: 'a word in the image', text: 'nginx:1', want: true },
    { name: 'a word in a label', text: 'project=shop', want: true },
    { name: 'a word nowhere', text: 'redis', want: false },
    { name: 'all words must hold', text: 'web redis', want: false },
    { name: 'a word that must be absent', text: '-redis', want: true },
    { name: 'a word that is present and must not be', text: '-web', want: false },
    { name: 'quotes hold white space together', text: 'name:"web 1"', want: false },
    { name: 'a quote that is never closed', text: 'name:"web-1', want: true },
    { name: 'the whole host', text: 'host:h1', want: true },
    { name: 'not the beginning of a host', text: 'host:h', want: false },
    { name: 'a star in a host', text: 'host:h*', want: true },
    { name: 'a star asks for the rest', text: 'name:w*2', want: false },
    { name: 'two stars do not overlap', text: 'name:*web*web*', want: false },
    { name: 'part of a name', text: 'name:eb', want: true },
    { name: 'a runtime', text: 'runtime:crun', want: false },
    { name: 'a state', text: 'state:running -state:stale', want: true },
    { name: 'a health that it has not', text: 'state:unhealthy', want: false },
    { name: 'a label that is there', text: 'label:team', want: true },
    { name: 'a label with its value', text: 'label:team=a', want: true },
    { name: 'a label with another value', text: 'label:team=b', want: false },
    { name: 'the whole project', text: 'project:shop', want: true },
    { name: 'not the beginning of a project', text: 'project:sho', want: false },
    { name: 'a service', text: 'service:web -service:db', want: true },
    { name: 'a regular expression found in the name', text: 'name:~eb-[0-9]$', want: true },
    { name: 'a regular expression that must not be found', text: '-name:~tmp', want: true },
    { name: 'a regular expression on labels', text: 'label:~^team=(a|b)$', want: true },
    { name: 'a quoted tilde is no expression', text: 'name:"~eb"', want: false },
    { name: 'a half-typed expression', text: 'name:~', want: true },
    { name: 'throttling', text: 'throttled>25%', want: true },
    { name: 'what is received', text: 'rx>=2MiB -tx>0', want: false },
    { name: 'a half-typed field', text: 'host:', want: true },
    { name: 'a half-typed comparison', text: 'cpu>', want: true },
    { name: 'CPU of the limit', text: 'cpu>50%', want: true },
    { name: 'CPU in cores', text: 'cpu>0.7', want: false },
    { name: 'memory in bytes', text: 'mem>64MiB', want: true },
    { name: 'memory in decimal bytes', text: 'mem<105MB', want: true },
    { name: 'memory of the limit', text: 'mem>=50%', want: true },
    { name: 'processes', text: 'pids=7', want: true },
    { name: 'what is unavailable is not above', text: 'read>0', want: false },
    { name: 'nor is it not above', text: '-read>0', want: false },
  ])('$name: $text', ({ text, want }) => {
    const filter = parseFilter(text);
    expect(filter.faults).toEqual([]);
    expect(matchesFilter(filter, subject({}, busy))).toBe(want);
  });

  test.each([
    { text: 'cpu>many', fault: /^expected a number/ },
    { text: 'mem>5parsec', fault: /^unknown unit parsec/ },
    { text: 'pids>10%', fault: /^pids has no limit/ },
    { text: 'cpu>5MiB', fault: /^unknown unit MiB/ },
    { text: 'throttled>2', fault: /^throttled is a share/ },
    { text: 'name:~[a', fault: /a \[ is not closed/ },
  ])('tells what is wrong with $text and leaves it out', ({ text, fault }) => {
    const filter = parseFilter(text);
    expect(filter.faults).toEqual([{ source: text, reason: expect.stringMatching(fault) as string }]);
    expect(filter.terms).toEqual([]);
  });

  test('never throws and always ends, whatever is typed', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        matchesFilter(parseFilter(text), subject({ name: text.repeat(3) }, busy));
      }),
    );
  });

  test('a value that was made a term finds itself', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 40 }), (name) => {
        fc.pre(name.replaceAll('"', '').trim() === name && !name.includes('*'));
        expect(matchesFilter(parseFilter(fieldTerm('name', name)), subject({ name }))).toBe(true);
      }),
    );
  });
});

describe('the term that excludes most', () => {
  const subjects = [subject(), subject({ host: 'h2' }), subject({ host: 'h2', name: 'db' })];

  test('is the one whose removal helps most', () => {
    const filter = parseFilter('host:h2 web redis');
    const blamed = mostExcludingTerm(filter, subjects);
    expect(blamed?.term.source).toBe('redis');
    expect(blamed?.matchesWithout).toBe(1);
    expect(withoutTerm('host:h2 web redis', blamed!.term)).toBe('host:h2 web');
  });

  test('is nobody when two terms exclude everything', () => {
    expect(mostExcludingTerm(parseFilter('redis postgres'), subjects)).toBeUndefined();
  });
});
