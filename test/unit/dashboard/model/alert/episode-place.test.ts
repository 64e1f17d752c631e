import { expect, test } from 'vitest';
import { episodePlaces } from '../../../../../dashboard/model/alert/episode-place.ts';

const facts = {
  nodeId: 'n1',
  host: 'h1',
  image: undefined,
  runtime: undefined,
  project: undefined,
  service: undefined,
};
const LINES = [
  { key: 'n1', facts: { ...facts, kind: 'host', name: 'h1' } },
  { key: 'n1/runc/shop/web/1', facts: { ...facts, kind: 'container', name: 'web-1' } },
] as const;

test.each([
  { of: 'a container', labels: { host: 'h1', container: 'web-1' }, want: { nodeId: 'n1', series: LINES[1].key } },
  { of: 'a container that nobody knows', labels: { host: 'h1', container: 'web' }, want: { nodeId: 'n1' } },
  { of: 'a container of another host', labels: { host: 'h2', container: 'web-1' }, want: {} },
  { of: 'a host', labels: { host: 'h1' }, want: { nodeId: 'n1' } },
  { of: 'neither', labels: { channel: 'ops' }, want: {} },
])('an episode of $of', ({ labels, want }) => {
  expect(episodePlaces(LINES)({ labels })).toEqual(want);
});
