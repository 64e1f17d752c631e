import { describe, expect, test } from 'vitest';
import { isBorn, lifeOf, parseOomKills, parsePopulated } from '../../../../statsd/model/lifecycle.ts';
import { RARE_EVERY, nextTick, SLOW_EVERY, tiersOf, YOUNG_TICKS } from '../../../../statsd/model/schedule.ts';
import { fixtureText } from '../../../support/fixture-file.ts';

describe('nextTick', () => {
  const schedule = { startMs: 500, intervalMs: 1000 };
  test.each([
    { name: 'the next period', last: 0, now: 510, want: { index: 1, dueAtMs: 1500, missed: 0 } },
    { name: 'a slow tick does not shift the next', last: 4, now: 5400, want: { index: 5, dueAtMs: 5500, missed: 0 } },
    {
      name: 'late, but within the period: held at once',
      last: 4,
      now: 5900,
      want: { index: 5, dueAtMs: 5500, missed: 0 },
    },
    {
      name: 'the machine slept: the lost ones are counted, not repeated',
      last: 4,
      now: 65_600,
      want: { index: 65, dueAtMs: 65_500, missed: 60 },
    },
    {
      name: 'a clock that stands still never repeats a tick',
      last: 4,
      now: 500,
      want: { index: 5, dueAtMs: 5500, missed: 0 },
    },
  ])('$name', ({ last, now, want }) => {
    expect(nextTick(schedule, last, { ms: now, stretch: 1 })).toEqual(want);
  });

  test('a thousand ticks with late timers do not drift', () => {
    let next = { index: 0, dueAtMs: 500, missed: 0 };
    for (let turn = 0; turn < 1000; turn += 1)
      next = nextTick(schedule, next.index, { ms: next.dueAtMs + 3.7, stretch: 1 });
    expect(next).toEqual({ index: 1000, dueAtMs: 1_000_500, missed: 0 });
  });
});

test('tiers: everything while young, then spread over the ticks by phase', () => {
  expect(tiersOf(3, { phase: 0, age: YOUNG_TICKS - 1 })).toEqual({ slow: true, rare: true });
  const slow = [0, 1, 2, 3, 4].map((phase) => tiersOf(100, { phase, age: 99 }).slow);
  expect(slow.filter(Boolean)).toHaveLength(1);
  const turns = Array.from({ length: RARE_EVERY }, (_, index) => tiersOf(index, { phase: 3, age: 99 }));
  expect(turns.filter((turn) => turn.rare)).toHaveLength(1);
  expect(turns.filter((turn) => turn.slow)).toHaveLength(RARE_EVERY / SLOW_EVERY);
});

describe('lifeOf', () => {
  const signs = { gone: false, populated: undefined, pids: undefined, wasPopulated: false };
  test.each([
    { name: 'ENODEV', signs: { ...signs, gone: true, populated: true }, want: 'gone' },
    { name: 'processes', signs: { ...signs, populated: true }, want: 'alive' },
    { name: 'the last one went', signs: { ...signs, populated: false, wasPopulated: true, pids: 1 }, want: 'empty' },
    { name: 'not yet started', signs: { ...signs, populated: false, pids: 0 }, want: 'empty' },
    {
      name: 'crun on a hybrid host: the v2 tree does not know its processes',
      signs: { ...signs, populated: false, pids: 2 },
      want: 'alive',
    },
    { name: 'pure v1, started', signs: { ...signs, pids: 1 }, want: 'alive' },
    { name: 'pure v1, over', signs: { ...signs, pids: 0 }, want: 'empty' },
    { name: 'nothing can be read: alive until ENODEV', signs, want: 'alive' },
  ])('$name', ({ signs: given, want }) => {
    expect(lifeOf(given)).toBe(want);
  });

  test('recorded files', () => {
    expect(parsePopulated(fixtureText('v1-6.18-runc/container/cgroup.events'))).toBe(true);
    expect(parsePopulated(fixtureText('v2-6.1-bare/container/cgroup.events'))).toBeDefined();
    expect(parsePopulated('populated 0\nfrozen 0\n')).toBe(false);
    expect(parsePopulated('')).toBeUndefined();
    expect(parseOomKills(fixtureText('v1-6.18-runc/container/memory.oom_control'))).toBe(0);
    expect(parseOomKills(fixtureText('v2-6.1-docker/container/memory.events'))).toBeDefined();
    expect(parseOomKills('low 0\n')).toBeUndefined();
  });
});

describe('isBorn', () => {
  const signs = { populated: undefined, pids: undefined, wasPopulated: false };
  const nobody = (): boolean => false;
  test.each([
    { name: 'a process came', signs: { ...signs, populated: true }, members: nobody, want: true },
    { name: 'nobody yet', signs: { ...signs, populated: false, pids: 0 }, members: nobody, want: false },
    { name: 'crun on a hybrid host', signs: { ...signs, populated: false, pids: 1 }, members: nobody, want: true },
    {
      name: 'only the zombie of the last one',
      signs: { populated: false, pids: 1, wasPopulated: true },
      members: nobody,
      want: false,
    },
    {
      name: 'the cgroup is being removed: nothing can be read',
      signs: { ...signs, wasPopulated: true },
      members: nobody,
      want: false,
    },
    { name: 'v1 without pids', signs, members: () => true, want: true },
  ])('$name', ({ signs: given, members, want }) => {
    expect(isBorn(given, members)).toBe(want);
  });
});
