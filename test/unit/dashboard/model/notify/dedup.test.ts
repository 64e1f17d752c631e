import { expect, test } from 'vitest';
import { notificationReason, type DedupInput, type NotifyEntry } from '../../../../../dashboard/model/notify/dedup.ts';

const HOUR = 3_600_000;
const entry = (firing: string[], resolved: string[] = [], atUnixMs = 0): NotifyEntry => ({
  groupKey: 'g',
  receiver: 'r',
  firing,
  resolved,
  atUnixMs,
});
const base = { sendResolved: true, repeatIntervalMs: 4 * HOUR, acknowledged: false, nowUnixMs: HOUR };
const [a, b] = [['a'], ['b']];
const ab = ['a', 'b'];
const old = -4 * HOUR;

interface Row extends Partial<DedupInput> {
  readonly name: string;
  readonly want: string | undefined;
}

test.each<Row>([
  { name: 'no entry, some firing', firing: a, want: 'first notification' },
  { name: 'no entry, only resolved', resolved: a, want: undefined },
  { name: 'new firing, nothing was firing', entry: entry([], a), firing: a, want: 'first notification' },
  { name: 'new firing beside others', entry: entry(a), firing: ab, want: 'new alerts added' },
  { name: 'nothing firing, something was', entry: entry(a), resolved: a, want: 'all alerts resolved' },
  { name: 'also unwanted', entry: entry(a), resolved: a, sendResolved: false, want: 'all alerts resolved' },
  { name: 'nothing firing, nothing was', entry: entry([], a), resolved: ab, want: undefined },
  { name: 'one more resolved', entry: entry(ab), firing: a, resolved: b, want: 'some alerts resolved' },
  { name: 'unwanted', entry: entry(ab), firing: a, resolved: b, sendResolved: false, want: undefined },
  { name: 'the repeat interval is over', entry: entry(a, [], old), firing: a, want: 'repeat interval elapsed' },
  { name: 'over, but acknowledged', entry: entry(a, [], old), firing: a, acknowledged: true, want: undefined },
  { name: 'acknowledged, but a new one', entry: entry(a), firing: ab, acknowledged: true, want: 'new alerts added' },
  { name: 'nothing new', entry: entry(a, b), firing: a, resolved: b, want: undefined },
  { name: 'fewer firing alone', entry: entry(ab, b), firing: a, resolved: b, want: undefined },
])('$name: $want', ({ want, name: _name, ...input }) => {
  expect(notificationReason({ firing: [], resolved: [], entry: undefined, ...base, ...input })).toBe(want);
});
