import { describe, expect, test } from 'vitest';
import type { Alert } from '../../../../../dashboard/model/alert/alert.ts';
import { parseMatcher, parseMatchers } from '../../../../../dashboard/model/alert/matcher.ts';
import { Inhibitor, OWN_INHIBIT_RULES } from '../../../../../dashboard/model/notify/inhibit.ts';
import {
  SilenceBook,
  silenceFault,
  silenceState,
  type SilenceRequest,
} from '../../../../../dashboard/model/notify/silence.ts';
import { isWithin, nextChange, type TimeSpec } from '../../../../../dashboard/model/notify/time-interval.ts';
import { T0 } from '../../builders.ts';
import { anAlert, PENDING, RESOLVED } from './alerts.ts';

describe('inhibition', () => {
  const unreachable = anAlert({ alertname: 'HostUnreachable', severity: 'critical' });
  const critical = (labels = {}): Alert => anAlert({ severity: 'critical', ...labels });

  test.each([
    { name: 'a host that is unreachable explains its containers', source: unreachable, target: anAlert(), want: true },
    { name: 'but not those of another', source: unreachable, target: anAlert({ host: 'h2' }), want: false },
    {
      name: 'what is over explains nothing',
      source: { ...unreachable, state: RESOLVED },
      target: anAlert(),
      want: false,
    },
    { name: 'critical before warning of the same', source: critical(), target: anAlert(), want: true },
    { name: 'an absent label equals an empty one', source: critical({ container: '' }), target: anAlert(), want: true },
    { name: 'not of another container', source: critical({ container: 'x' }), target: anAlert(), want: false },
    {
      name: 'what only may fire explains nothing',
      source: {
        ...unreachable,
        state: PENDING,
      },
      target: anAlert(),
      want: false,
    },
    {
      name: 'a partition explains what is unreachable in its cluster',
      source: anAlert({ alertname: 'OverlayPartition', cluster: 'c1' }),
      target: anAlert({ alertname: 'OverlayPeerUnreachable', cluster: 'c1', host: 'h9' }),
      want: true,
    },
    {
      name: 'and not in another',
      source: anAlert({ alertname: 'OverlayPartition', cluster: 'c1' }),
      target: anAlert({ alertname: 'OverlayPeerUnreachable', cluster: 'c2' }),
      want: false,
    },
    {
      name: 'a host that is unreachable explains a pair that it is the other end of',
      source: unreachable,
      target: anAlert({ alertname: 'OverlayPeerUnreachable', host: 'h9', peer_host: 'h1' }),
      want: true,
    },
    {
      name: 'and one that it is the near end of',
      source: unreachable,
      target: anAlert({ alertname: 'OverlayPeerUnreachable', host: 'h1', peer_host: 'h9' }),
      want: true,
    },
    {
      name: 'but no pair of others',
      source: unreachable,
      target: anAlert({ alertname: 'OverlayPeerUnreachable', host: 'h8', peer_host: 'h9' }),
      want: false,
    },
    {
      name: 'a peer_host of an unreachable host itself explains nothing away',
      source: unreachable,
      target: anAlert({ alertname: 'HostUnreachable', host: 'h9', peer_host: 'h1', severity: 'critical' }),
      want: false,
    },
    {
      name: 'warning before critical of the same: no',
      source: anAlert(),
      target: critical(),
      want: false,
    },
    { name: 'nothing explains itself', source: unreachable, target: unreachable, want: false },
  ])('$name', ({ source, target, want }) => {
    const inhibitor = new Inhibitor(OWN_INHIBIT_RULES);
    inhibitor.update([source, target]);
    expect(inhibitor.inhibiting(target) !== undefined).toBe(want);
  });

  test('an alert on both sides is not kept quiet by another one on both sides', () => {
    const [one, two] = [anAlert({ a: '1' }), anAlert({ a: '2' })];
    const any = [parseMatcher('a=~".+"')];
    const inhibitor = new Inhibitor([{ name: 'x', sourceMatchers: any, targetMatchers: any, equal: [] }]);
    inhibitor.update([one, two]);
    expect(inhibitor.inhibiting(two)).toBeUndefined();
  });
});

describe('silences', () => {
  const request = (over: Partial<SilenceRequest> = {}): SilenceRequest => ({
    id: undefined,
    matchers: parseMatchers('host="h1"'),
    startsAtUnixMs: T0,
    endsAtUnixMs: T0 + 60_000,
    createdBy: 'ann',
    comment: 'works',
    annotations: {},
    ...over,
  });
  const stage = (over: Partial<SilenceRequest> = {}): SilenceBook => {
    const book = new SilenceBook();
    for (const each of book.plan(request(over), { nowUnixMs: T0, newId: 's1' })) book.put(each);
    return book;
  };

  test('pending, active, expired; the end is not in it', () => {
    const silence = stage({ startsAtUnixMs: T0 + 10 }).get('s1')!;
    const states = [T0, T0 + 10, T0 + 59_999, T0 + 60_000].map((at) => silenceState(silence, at));
    expect(states).toEqual(['pending', 'active', 'active', 'expired']);
  });

  test('keeps quiet what all its matchers take, while it is active', () => {
    const book = stage();
    expect(book.silencing(anAlert(), T0).map(({ id }) => id)).toEqual(['s1']);
    expect(book.silencing(anAlert({ host: 'h2' }), T0)).toEqual([]);
    expect(book.silencing(anAlert(), T0 + 60_000)).toEqual([]);
  });

  test.each([
    { name: 'no matcher', over: { matchers: [] }, want: 'at least one matcher' },
    { name: 'only empty ones', over: { matchers: parseMatchers('a=~".*"') }, want: 'silence everything' },
    { name: 'an end before its start', over: { endsAtUnixMs: T0 - 1 }, want: 'end after it starts' },
    { name: 'an end in the past', over: { startsAtUnixMs: T0 - 9, endsAtUnixMs: T0 - 1 }, want: 'end in the future' },
    {
      name: 'a broken expression',
      over: { matchers: [{ name: 'a', value: '(', isRegex: true, isEqual: true }] },
      want: 'not closed',
    },
  ])('$name is refused', ({ over, want }) => {
    expect(silenceFault(request(over), T0)).toContain(want);
  });

  test('a longer end changes it, other matchers end it and make another', () => {
    const book = stage();
    const now = { nowUnixMs: T0 + 1000, newId: 's2' };
    expect(book.plan(request({ id: 's1', endsAtUnixMs: T0 + 99_000 }), now).map(({ id }) => id)).toEqual(['s1']);
    const planned = book.plan(request({ id: 's1', matchers: parseMatchers('host="h2"') }), now);
    expect(planned.map(({ id, endsAtUnixMs }) => [id, endsAtUnixMs - T0])).toEqual([
      ['s1', 1000],
      ['s2', 60_000],
    ]);
  });

  test.each([
    { name: 'active, an earlier end', at: 1000, over: { endsAtUnixMs: T0 + 30_000 }, want: [['s1', 0, 30_000]] },
    {
      name: 'active, another start: what was silenced stays true',
      at: 1000,
      over: { startsAtUnixMs: T0 + 5000 },
      want: [
        ['s1', 0, 1000],
        ['s2', 5000, 60_000],
      ],
    },
    {
      name: 'active, a start before its own',
      at: 1000,
      over: { startsAtUnixMs: T0 - 5000 },
      want: [
        ['s1', 0, 1000],
        ['s2', 1000, 60_000],
      ],
    },
    { name: 'active, another comment', at: 1000, over: { comment: 'longer' }, want: [['s1', 0, 60_000]] },
    {
      name: 'pending, another start',
      begins: 10_000,
      at: 1000,
      over: { startsAtUnixMs: T0 + 20_000 },
      want: [['s1', 20_000, 60_000]],
    },
    {
      name: 'pending, other matchers: it never was',
      begins: 10_000,
      at: 1000,
      over: { startsAtUnixMs: T0 + 10_000, matchers: parseMatchers('host="h2"') },
      want: [
        ['s1', 1000, 1000],
        ['s2', 10_000, 60_000],
      ],
    },
    {
      name: 'expired: it stays, and another begins now',
      at: 60_000,
      over: { endsAtUnixMs: T0 + 90_000 },
      want: [['s2', 60_000, 90_000]],
    },
    { name: 'an id that nobody has', id: 's9', at: 1000, over: {}, want: [['s2', 1000, 60_000]] },
  ])('a change of one that is $name', ({ begins = 0, id = 's1', at, over, want }) => {
    const book = stage({ startsAtUnixMs: T0 + begins });
    const planned = book.plan(request({ id, ...over }), { nowUnixMs: T0 + at, newId: 's2' });
    expect(planned.map((each) => [each.id, each.startsAtUnixMs - T0, each.endsAtUnixMs - T0])).toEqual(want);
  });

  test('a resolved alert, and one that does not fire yet, are silenced as well', () => {
    const resolved = { ...anAlert(), state: RESOLVED };
    expect(stage().silencing(resolved, T0)).toHaveLength(1);
  });

  test('what is over cannot be ended again, and is forgotten after five days', () => {
    const book = stage();
    const days = 120 * 3_600_000;
    expect(book.expired('s1', T0 + 60_000)).toBeUndefined();
    expect([book.outdated(T0 + 60_000 + days), book.outdated(T0 + 60_001 + days)]).toEqual([[], ['s1']]);
  });
});

describe('times', () => {
  const berlin = (over: Partial<TimeSpec>) => ({ name: 't', parts: [{ location: 'Europe/Berlin', ...over }] });
  const night = berlin({ times: [{ startMinute: 22 * 60, endMinute: 24 * 60 }] });
  const december = berlin({ months: [{ from: 12, to: 12 }] });

  test.each([
    { name: 'a winter night', interval: night, at: '2026-01-10T21:00:00Z', want: true },
    { name: 'a summer night, an hour earlier', interval: night, at: '2026-07-10T20:00:00Z', want: true },
    { name: 'a summer evening', interval: night, at: '2026-07-10T19:59:00Z', want: false },
    { name: 'the end is not in it', interval: night, at: '2026-01-10T23:00:00Z', want: false },
    {
      name: 'a Saturday',
      interval: berlin({ weekdays: [{ from: 1, to: 5 }] }),
      at: '2026-11-21T12:00:00Z',
      want: false,
    },
    {
      name: 'the last day',
      interval: berlin({ daysOfMonth: [{ from: -1, to: -1 }] }),
      at: '2026-02-28T12:00:00Z',
      want: true,
    },
    { name: 'not December yet', interval: december, at: '2026-11-30T22:59:00Z', want: false },
    { name: 'December there', interval: december, at: '2026-11-30T23:00:00Z', want: true },
    {
      name: 'another year',
      interval: berlin({ years: [{ from: 2027, to: 2030 }] }),
      at: '2026-12-31T12:00:00Z',
      want: false,
    },
  ])('$name: $want', ({ interval, at, want }) => {
    expect(isWithin(interval, Date.parse(at))).toBe(want);
  });

  test.each([
    ['2026-01-10T22:30:00Z', '2026-01-10T23:00:00.000Z'],
    ['2026-01-10T12:00:00Z', '2026-01-10T21:00:00.000Z'],
  ])('at %s it changes next at %s', (at, want) => {
    expect(new Date(nextChange(night, Date.parse(at))!).toISOString()).toBe(want);
  });

  test('what never ends does not change', () => {
    expect(nextChange(berlin({}), T0)).toBeUndefined();
  });
});
