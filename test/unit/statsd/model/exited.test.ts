import { describe, expect, test } from 'vitest';
import { ExitedList, ranForMs, type ExitFacts, type ExitedContainer } from '../../../../statsd/model/exited.ts';
import { identityOf } from '../../../../statsd/model/identity.ts';
import { exitedInventoryOf } from '../../../../statsd/model/inventory.ts';
import { exitedContainerSchema } from '../../../../statsd/wire.ts';

const exit = (atUnixMs: number, more: Partial<ExitFacts> = {}): ExitFacts => ({
  atUnixMs,
  exitCode: undefined,
  oomKilled: undefined,
  startedAtUnixMs: undefined,
  finishedAtUnixMs: undefined,
  ...more,
});
const ended = (id: string, atUnixMs: number): ExitedContainer => ({
  key: `docker:${id}`,
  id,
  runtime: 'docker',
  cgroupPath: `/docker/${id}`,
  parent: undefined,
  identity: identityOf([], { id, kind: 'container', labels: [] }),
  exit: exit(atUnixMs),
});
const keys = (list: ExitedList): string[] => list.list().map(({ key }) => key);

describe('ExitedList', () => {
  test('keeps the newest, one for each key', () => {
    const list = new ExitedList({ maxCount: 2, maxAgeMs: 1000 });
    for (const [at, id] of ['a', 'b', 'a', 'c'].entries()) list.add(ended(id, at), at);
    expect(keys(list)).toEqual(['docker:a', 'docker:c']);
  });

  test('forgets what is too old, and says whether it did', () => {
    const list = new ExitedList({ maxCount: 9, maxAgeMs: 1000 });
    // The wall clock was set back by a day in between.
    list.add(ended('a', 90_000_000), 0);
    list.add(ended('b', 500), 500);
    expect(list.prune(999)).toBe(false);
    expect(list.prune(1000)).toBe(true);
    expect(keys(list)).toEqual(['docker:b']);
  });

  test('what becomes known later is added in place, once', () => {
    const list = new ExitedList({ maxCount: 9, maxAgeMs: 1000 });
    list.add(ended('a', 5), 5);
    expect(list.amend('docker:a', exit(5, { exitCode: 137 }))).toBe(true);
    expect(list.amend('docker:a', exit(5, { exitCode: 137 }))).toBe(false);
    expect(list.amend('docker:x', exit(5, { exitCode: 0 }))).toBe(false);
    expect(list.list()[0]!.exit.exitCode).toBe(137);
    expect(list.remove('docker:a')).toBe(true);
    expect(list.remove('docker:a')).toBe(false);
  });

  test('none are kept when none are wanted', () => {
    const list = new ExitedList({ maxCount: 0, maxAgeMs: 1000 });
    list.add(ended('a', 0), 0);
    expect(list.list()).toEqual([]);
  });
});

test.each([
  { name: 'by our clock', facts: exit(5000, { startedAtUnixMs: 2000 }), want: 3000 },
  { name: "by the runtime's", facts: exit(5000, { startedAtUnixMs: 2000, finishedAtUnixMs: 4990 }), want: 2990 },
  { name: 'unknown without a start', facts: exit(5000, { finishedAtUnixMs: 4990 }), want: undefined },
  { name: 'never negative, though clocks differ', facts: exit(1000, { startedAtUnixMs: 2000 }), want: 0 },
])('how long it ran: $name', ({ facts, want }) => {
  expect(ranForMs(facts)).toBe(want);
});

test('what a dashboard is told of an ended container', () => {
  const container = { ...ended('a', 5000), exit: exit(5000, { exitCode: 0, oomKilled: false, startedAtUnixMs: 4000 }) };
  expect(exitedContainerSchema.parse(exitedInventoryOf(container))).toEqual({
    key: 'docker:a',
    id: 'a',
    name: 'a',
    runtime: 'docker',
    kind: 'container',
    state: 'exited',
    labels: {},
    tags: {},
    cgroupPath: '/docker/a',
    startedAtUnixMs: 4000,
    exit: { atUnixMs: 5000, exitCode: 0, oomKilled: false, ranForMs: 1000 },
  });
});
