import { expect, test } from 'vitest';
import { shownUrl, stateOfTrack } from '../../../../dashboard/model/integration.ts';

test.each([
  { name: 'nothing went that way', ok: undefined, failed: undefined, want: 'untried' },
  { name: 'it was taken', ok: 5, failed: undefined, want: 'ok' },
  { name: 'it failed', ok: undefined, failed: 5, want: 'failing' },
  { name: 'it failed after it was taken', ok: 4, failed: 5, want: 'failing' },
  { name: 'it failed in the same moment', ok: 5, failed: 5, want: 'failing' },
  { name: 'it was taken after it failed', ok: 6, failed: 5, want: 'ok' },
])('$name: $want', ({ ok, failed, want }) => {
  const lastFailure = failed === undefined ? undefined : { atUnixMs: failed, reason: 'x' };
  expect(stateOfTrack({ lastSuccessUnixMs: ok, lastFailure })).toBe(want);
});

test.each([
  ['http://prom:9090/api/v1/write', 'http://prom:9090/api/v1/write'],
  ['https://store.example/write?token=abc', 'https://store.example/write?…'],
])('%s is shown as %s', (url, want) => {
  expect(shownUrl(url)).toBe(want);
});
