import { expect, test } from 'vitest';
import { decodeContainerBlock } from '../../../../dashboard/web/columns.ts';
import { containerGroup, gather, parseGroupBy, sumOf, tableItems } from '../../../../dashboard/web/grouping.ts';
import { type ContainerView } from '../../../../dashboard/wire.ts';
import { VIEW_COLUMNS } from '../../../../dashboard/view-wire.ts';
import { aContainerView } from './builders.ts';

const compose = (project: string, service: string): Record<string, string> => ({
  'com.docker.compose.project': project,
  'com.docker.compose.service': service,
});

const containers = new Map<string, ContainerView>(
  [
    aContainerView('a', { hostName: 'h2', labels: compose('shop', 'web'), image: 'nginx' }),
    aContainerView('b', { labels: compose('blog', 'web'), image: 'nginx' }),
    aContainerView('c', { labels: { team: 'red' }, runtime: 'crun' }),
    aContainerView('d', { labels: compose('shop', 'web') }),
  ].map((container) => [container.key, container]),
);

const groups = (groupBy: string): [string | undefined, string][] =>
  gather(['a', 'b', 'c', 'd'], (id) => containerGroup(containers.get(id)!, parseGroupBy(groupBy)!)).map(
    ({ label, ids }) => [label, ids.join('')],
  );

test.each([
  {
    by: 'project',
    want: [
      ['shop', 'ad'],
      ['blog', 'b'],
      [undefined, 'c'],
    ],
  },
  {
    by: 'service',
    want: [
      ['shop/web', 'ad'],
      ['blog/web', 'b'],
      [undefined, 'c'],
    ],
  },
  {
    by: 'host',
    want: [
      ['h2', 'a'],
      ['h1', 'bcd'],
    ],
  },
  {
    by: 'image',
    want: [
      ['nginx', 'ab'],
      [undefined, 'cd'],
    ],
  },
  {
    by: 'runtime',
    want: [
      ['runc', 'abd'],
      ['crun', 'c'],
    ],
  },
  {
    by: 'label:team',
    want: [
      ['red', 'c'],
      [undefined, 'abd'],
    ],
  },
])('by $by, the first row decides the order of groups and those without one are last', ({ by, want }) => {
  expect(groups(by)).toEqual(want);
});

test.each([null, '', 'nonsense', 'label:'])('%s is no grouping', (text) => {
  expect(parseGroupBy(text)).toBeUndefined();
});

test('only open groups show their rows', () => {
  const all = gather(['a', 'b', 'd'], (id) => containerGroup(containers.get(id)!, 'project'));
  const lines = tableItems(all, new Set(['shop'])).map((item) =>
    item.kind === 'row' ? item.id : `${item.group.label ?? ''} ${item.isOpen ? 'open' : 'closed'}`,
  );
  expect(lines).toEqual(['shop open', 'a', 'd', 'blog closed']);
});

test('a sum leaves out what is not known, and is not known itself when nothing is', () => {
  const values = VIEW_COLUMNS.flatMap(() => [1, Number.NaN, 2]);
  const block = decodeContainerBlock(new Uint8Array(Float32Array.from(values).buffer), 3);
  expect(sumOf(block, 'cpuCores', [0, 1, 2])).toBe(3);
  expect(sumOf(block, 'cpuCores', [1])).toBeNaN();
  expect(sumOf(undefined, 'cpuCores', [0])).toBeNaN();
});
