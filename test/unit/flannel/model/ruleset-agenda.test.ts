import { expect, test } from 'vitest';
import { RulesetAgenda } from '../../../../flannel/model/ruleset-agenda.ts';

const OWN = 'ip flannel-ipv4';

function settledAt(generation: number, forwardTables: readonly string[] = []): RulesetAgenda {
  const agenda = new RulesetAgenda();
  agenda.follow(new Set([OWN]));
  agenda.own.begin();
  agenda.ownSettled(generation);
  agenda.forward.begin();
  agenda.forwardSettled(generation, new Set(forwardTables));
  return agenda;
}

const change = (generation: number, table: string, restructured: readonly string[] = []) => ({
  generation,
  tables: new Set([table, ...restructured]),
  restructured: new Set(restructured),
});

test('at the start everything is due', () => {
  const agenda = new RulesetAgenda();
  expect([agenda.own.isDue, agenda.forward.isDue]).toEqual([true, true]);
});

test.each([
  { name: 'a later change of our table', at: 5, change: change(6, OWN), own: true, forward: false },
  { name: 'the echo of our own write', at: 6, change: change(6, OWN), own: false, forward: false },
  { name: 'another table', at: 5, change: change(6, 'ip nat'), own: false, forward: false },
  { name: 'a table that forwards', at: 5, change: change(6, 'inet guard'), own: false, forward: true },
  { name: 'a new chain', at: 5, change: change(6, 'ip x', ['ip x']), own: false, forward: true },
  {
    name: 'a new chain that forwards no packets of ours',
    at: 5,
    change: change(6, 'bridge x', ['bridge x']),
    own: false,
    forward: false,
  },
  { name: 'past the end of the numbers', at: 0xffff_ffff, change: change(1, OWN), own: true, forward: false },
  { name: 'from before the end of the numbers', at: 1, change: change(0xffff_ffff, OWN), own: false, forward: false },
])('$name: own $own, forward $forward', ({ at, change: given, own, forward }) => {
  const agenda = settledAt(at, ['inet guard']);
  expect(agenda.take(given)).toBe(own || forward);
  expect([agenda.own.isDue, agenda.forward.isDue]).toEqual([own, forward]);
});

test('a change during a look is due again, one before it is settled by it', () => {
  const agenda = settledAt(5);
  agenda.own.begin();
  agenda.take(change(6, OWN));
  agenda.ownSettled(6);
  expect(agenda.own.isDue).toBe(false);
  agenda.own.begin();
  agenda.take(change(8, OWN));
  agenda.ownSettled(7);
  expect(agenda.own.isDue).toBe(true);
});

test('a number nobody told of means that everything has to be looked at', () => {
  const agenda = settledAt(5);
  expect(agenda.missed(5)).toBe(false);
  agenda.take(change(6, 'bridge x'));
  expect(agenda.missed(6)).toBe(false);
  expect(agenda.missed(7)).toBe(true);
  expect([agenda.own.isDue, agenda.forward.isDue]).toEqual([true, true]);
});
