import { expect, test } from 'vitest';
import {
  countWords,
  eventLink,
  eventWords,
  exitCodeWords,
  inSpan,
} from '../../../../dashboard/web/events/event-words.ts';

const NOW = Date.parse('2026-11-27T10:00:00Z');
const AT = '2026-11-27T09:30:00.000Z';

test.each([
  [{ kind: 'started' }, 'started'],
  [{ kind: 'oom' }, 'killed for its memory'],
  [{ kind: 'ended' }, 'ended'],
  [{ kind: 'ended', exitCode: 0, oomKilled: false }, 'ended with 0'],
  [
    { kind: 'ended', exitCode: 137, oomKilled: true, ranForMs: 90_000 },
    'ended with 137 (SIGKILL), for its memory, after 1\u00a0min\u00a030\u00a0s',
  ],
  [{ kind: 'ended', ranForMs: 5000 }, 'ended after 5\u00a0s'],
  [{ kind: 'fired', rule: 'CpuHigh' }, 'CpuHigh fired'],
  [{ kind: 'resolved', rule: 'CpuHigh', because: 'target_gone' }, 'CpuHigh resolved: target gone'],
] as const)('%j is told as %s', (event, want) => {
  expect(eventWords({ at: AT, ...event })).toBe(want);
});

test.each([
  [undefined, undefined],
  [0, '0'],
  [3, '3'],
  [143, '143 (SIGTERM)'],
  [255, '255'],
])('exit code %s is %s', (code, want) => {
  expect(exitCodeWords(code)).toBe(want);
});

test('an event leads to the minutes around it, to the live page while it is on it, or to the alerts', () => {
  const started = { kind: 'started', series: 'n1/runc/a b' } as const;
  expect(eventLink({ at: AT, ...started }, NOW)).toBe(
    '/containers/n1%2Frunc%2Fa%20b?from=2026-11-27T09%3A20%3A00.000Z&to=2026-11-27T09%3A35%3A00.000Z',
  );
  expect(eventLink({ at: '2026-11-27T09:50:00Z', ...started }, NOW)).toBe('/containers/n1%2Frunc%2Fa%20b');
  const alert = { kind: 'fired', rule: 'r', host: 'h 1', name: 'web' } as const;
  const history = '/alerts/history?q=rule%3Ar%20host%3A%22h%201%22%20name%3Aweb';
  expect(eventLink({ at: AT, ...alert }, NOW)).toBe(history);
  expect(eventLink({ at: '2026-11-10T10:00:00Z', ...alert, kind: 'resolved' }, NOW)).toBe(`${history}&last=30d`);
  expect(eventLink({ at: '2026-01-10T10:00:00Z', ...alert }, NOW)).toBe(`${history}&last=365d`);
});

test('while a stretch of time is shown an event leads to that stretch', () => {
  const span = { fromUnixMs: NOW - 60_000, toUnixMs: NOW };
  const parameters = 'from=2026-11-27T09%3A59%3A00.000Z&to=2026-11-27T10%3A00%3A00.000Z';
  expect(eventLink({ at: AT, kind: 'ended', series: 'n1/runc/a' }, NOW, span)).toBe(
    `/containers/n1%2Frunc%2Fa?${parameters}`,
  );
  expect(eventLink({ at: AT, kind: 'fired', rule: 'r' }, NOW, span)).toBe('/alerts/history?q=rule%3Ar');
  expect(inSpan('/hosts/n1', span)).toBe(`/hosts/n1?${parameters}`);
  expect(inSpan('/hosts/n1', undefined)).toBe('/hosts/n1');
});

test('what happened is counted by kind', () => {
  const kinds = ['ended', 'started', 'ended', 'oom'] as const;
  expect(countWords(kinds.map((kind) => ({ at: AT, kind })))).toBe('1 started, 2 ended, 1 killed for its memory');
});
