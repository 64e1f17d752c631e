import { expect, test } from 'vitest';
import { episodeSpan, subjectLink } from '../../../../dashboard/web/alerts/links.ts';

const NOW = Date.parse('2026-11-27T12:00:00Z');
const OVER = { firedAt: '2026-11-27T10:00:00.000Z', resolvedAt: '2026-11-27T10:30:00.000Z' };
const AROUND = 'from=2026-11-27T09%3A50%3A00.000Z&to=2026-11-27T10%3A35%3A00.000Z';

test.each([
  { of: 'a container', about: { nodeId: 'n1', series: 'n1/runc/a' }, want: `/containers/n1%2Frunc%2Fa?${AROUND}` },
  { of: 'a host', about: { nodeId: 'n1' }, want: `/hosts/n1?${AROUND}` },
])('an episode of $of leads to the minutes around it', ({ about, want }) => {
  const labels = { host: 'h1', ...('series' in about ? { container: 'a' } : {}) };
  expect(subjectLink({ labels, ...about }, episodeSpan(OVER, NOW))).toBe(want);
});

test('one of a container that is forgotten leads to those of its name', () => {
  const labels = { host: 'h1', container: 'a' };
  expect(subjectLink({ labels, nodeId: 'n1' }, episodeSpan(OVER, NOW))).toBe('/containers?q=host%3Ah1%20name%3Aa');
});

test.each([
  { name: 'one that goes on reaches up to now', resolvedAt: null },
  { name: 'nothing reaches beyond now', resolvedAt: '2026-11-27T11:58:00.000Z' },
])('$name', ({ resolvedAt }) => {
  expect(episodeSpan({ ...OVER, resolvedAt }, NOW).toUnixMs).toBe(NOW);
});
