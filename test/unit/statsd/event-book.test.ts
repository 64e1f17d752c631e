import { describe, expect, test } from 'vitest';
import { EventBook } from '../../../statsd/event-book.ts';
import type { ContainerCard } from '../../../statsd/model/container-card.ts';
import { changesOf, eventObject } from '../../../statsd/model/docker-event.ts';
import type { ExitFacts } from '../../../statsd/model/exited.ts';
import { cardOf } from './builders.ts';

const exitOf = (exitCode: number | undefined): ExitFacts => ({
  atUnixMs: 5000,
  exitCode,
  oomKilled: false,
  startedAtUnixMs: 1000,
  finishedAtUnixMs: undefined,
});
const ended = (facts: Partial<ContainerCard> = {}): ContainerCard =>
  cardOf({ state: 'exited', exit: exitOf(undefined), ...facts });

/** A book, and what it tells: an action, and the exit code with it. */
function open(): { readonly book: EventBook; readonly told: string[] } {
  const book = new EventBook();
  const told: string[] = [];
  book.onEvent((event) => {
    const { Action, Actor } = eventObject(event) as { Action: string; Actor: { Attributes: { exitCode?: string } } };
    told.push(`${Action} ${Actor.Attributes.exitCode ?? '-'}`);
  });
  return { book, told };
}

describe('an end', () => {
  test('waits for the exit code that its runtime is about to write', () => {
    const { book, told } = open();
    book.died(ended());
    expect(told).toEqual([]);
    book.exitKnown('docker:c1', exitOf(137));
    book.exitKnown('docker:c1', exitOf(137));
    expect(told).toEqual(['die 137']);
    expect(book.recent().map(({ action, atUnixMs }) => [action, atUnixMs])).toEqual([['die', 5000]]);
  });

  test('that nobody tells the code of waits for two beats and no longer', () => {
    const { book, told } = open();
    book.died(ended());
    book.beat();
    expect(told).toEqual([]);
    book.beat();
    expect(told).toEqual(['die -']);
    book.exitKnown('docker:c1', exitOf(0));
    expect(told).toEqual(['die -']);
  });

  test.each([
    { name: 'its runtime writes none', card: ended({ runtime: 'runc' }), want: 'die -' },
    { name: 'the code is known', card: ended({ exit: exitOf(3) }), want: 'die 3' },
  ])('is told at once: $name', ({ card, want }) => {
    const { book, told } = open();
    book.died(card);
    expect(told).toEqual([want]);
  });

  test('comes before what follows it', () => {
    const { book, told } = open();
    book.died(ended());
    book.tell({ action: 'start', card: cardOf({ key: 'docker:other' }), atUnixMs: 5000 });
    book.tell({ action: 'start', card: cardOf(), atUnixMs: 5001 });
    expect(told).toEqual(['start -', 'die -', 'start -']);
  });
});

test.each([
  { name: 'nothing', before: {}, now: { name: 'other' }, want: [] },
  { name: 'paused', before: {}, now: { state: 'paused' }, want: ['pause'] },
  { name: 'running again', before: { state: 'paused' }, now: {}, want: ['unpause'] },
  { name: 'health is looked at', before: {}, now: { health: 'starting' }, want: [] },
  { name: 'healthy', before: { health: 'starting' }, now: { health: 'healthy' }, want: ['health_status: healthy'] },
  { name: 'healthy as before', before: { health: 'healthy' }, now: { health: 'healthy' }, want: [] },
  {
    name: 'paused and unhealthy',
    before: { health: 'healthy' },
    now: { state: 'paused', health: 'unhealthy' },
    want: ['pause', 'health_status: unhealthy'],
  },
] as const)('what became of a container: $name', ({ before, now, want }) => {
  expect(changesOf(cardOf(before), cardOf(now))).toEqual(want);
});
