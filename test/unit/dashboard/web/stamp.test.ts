import { expect, test } from 'vitest';
import { formatStamp } from '../../../../dashboard/web/stamp.ts';

test.fails('the hour that there is twice when summer time ends is two hours', () => {
  const before = process.env['TZ'];
  process.env['TZ'] = 'Europe/Berlin';
  try {
    const [first, second] = [Date.UTC(2026, 9, 25, 0, 30), Date.UTC(2026, 9, 25, 1, 30)];
    expect(formatStamp(first, 'local')).not.toBe(formatStamp(second, 'local'));
  } finally {
    if (before === undefined) delete process.env['TZ'];
    else process.env['TZ'] = before;
  }
});
