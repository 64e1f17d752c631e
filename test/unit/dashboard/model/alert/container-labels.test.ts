import { expect, test } from 'vitest';
import { LabelMemo, type LabelSource } from '../../../../../dashboard/model/alert/container-labels.ts';

const SOURCE: LabelSource = {
  name: 'api',
  runtime: 'docker',
  image: 'shop/api:1',
  labels: { tier: 'web', 'a.b': '1' },
};

test('labels that stay as they are stay the same object', () => {
  const memo = new LabelMemo();
  const first = memo.of('n1/c1', 'h1', SOURCE);
  memo.turn();
  expect(memo.of('n1/c1', 'h1', { ...SOURCE, labels: { ...SOURCE.labels } })).toBe(first);
  expect(first).toEqual({
    host: 'h1',
    container: 'api',
    runtime: 'docker',
    image: 'shop/api:1',
    label_tier: 'web',
    label_a_b: '1',
  });
});

test.each<{ name: string; hostName?: string; over: Partial<LabelSource> }>([
  { name: 'another host name', hostName: 'h2', over: {} },
  { name: 'another image', over: { image: 'shop/api:2' } },
  { name: 'no image', over: { image: undefined } },
  { name: 'another label', over: { labels: { tier: 'db', 'a.b': '1' } } },
  { name: 'a label less', over: { labels: { tier: 'web' } } },
  { name: 'the same labels in another order', over: { labels: { 'a.b': '1', tier: 'web' } } },
])('$name makes them anew', ({ hostName = 'h1', over }) => {
  const memo = new LabelMemo();
  const first = memo.of('n1/c1', 'h1', SOURCE);
  memo.turn();
  expect(memo.of('n1/c1', hostName, { ...SOURCE, ...over })).not.toBe(first);
});

test('a source that is changed in place is seen to be another', () => {
  const memo = new LabelMemo();
  const life = { ...SOURCE };
  const first = memo.of('n1/api', 'h1', life);
  memo.turn();
  Object.assign(life, { image: 'shop/api:2' });
  expect(memo.of('n1/api', 'h1', life)).toEqual({ ...first, image: 'shop/api:2' });
});

test('what was not asked for between two turns is forgotten', () => {
  const memo = new LabelMemo();
  const first = memo.of('n1/c1', 'h1', SOURCE);
  memo.turn();
  memo.turn();
  expect(memo.of('n1/c1', 'h1', SOURCE)).not.toBe(first);
});
