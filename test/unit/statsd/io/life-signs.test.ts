import { expect, test } from 'vitest';
import { LifeSigns } from '../../../../statsd/io/life-signs.ts';
import type { LiveContainer } from '../../../../statsd/io/live-container.ts';
import { FIELD, type Field } from '../../../../statsd/model/reading.ts';
import { sampleOf } from '../builders.ts';

/** What the signs look at of a container. */
interface Signs {
  readonly container: LiveContainer;
  readonly set: (field: Field, value: number) => void;
  readonly vanish: () => void;
}

function containerWith(values: Partial<Record<Field, number>>): Signs {
  const facts = { sample: sampleOf(values), gone: false };
  return {
    container: facts as unknown as LiveContainer,
    set: (field, value) => {
      facts.sample[FIELD[field]] = value;
    },
    vanish: () => {
      facts.gone = true;
    },
  };
}

test('who has no tasks, or no cgroup, may be over until it has some again or is left', () => {
  const signs = new LifeSigns();
  const [some, none, unknown] = [{ pidsCurrent: 3 }, { pidsCurrent: 0 }, {}].map(containerWith);
  for (const each of [some, none, unknown]) signs.note(each!.container);
  expect([...signs.ending]).toEqual([none?.container]);
  unknown?.vanish();
  none?.set('pidsCurrent', 1);
  for (const each of [some, none, unknown]) signs.note(each!.container);
  expect([...signs.ending]).toEqual([unknown?.container]);
  signs.leave(unknown!.container);
  expect([...signs.ending]).toEqual([]);
});

test('kills of the living add up as their numbers move, become unknown or are left', () => {
  const signs = new LifeSigns();
  const [first, second, never] = [{ oomKills: 2 }, { oomKills: 0 }, {}].map(containerWith);
  const noteAll = (): number => {
    for (const each of [first, second, never]) signs.note(each!.container);
    return signs.oomKills;
  };
  expect(noteAll()).toBe(2);
  second?.set('oomKills', 5);
  expect(noteAll()).toBe(7);
  expect(noteAll()).toBe(7);
  first?.set('oomKills', Number.NaN);
  expect(noteAll()).toBe(5);
  first?.set('oomKills', 3);
  expect(noteAll()).toBe(8);
  signs.leave(second!.container);
  expect(signs.oomKills).toBe(3);
  signs.leave(never!.container);
  signs.leave(first!.container);
  expect(signs.oomKills).toBe(0);
});
