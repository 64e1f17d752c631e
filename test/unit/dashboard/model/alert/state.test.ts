import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  INACTIVE,
  nextAlertState,
  trustedElapsedMs,
  type AlertState,
  type Observation,
} from '../../../../../dashboard/model/alert/state.ts';

const sample = (holds: boolean, stays = holds): Observation => ({ kind: 'sample', holds, stays, value: holds ? 1 : 0 });
const alarm: Observation = { kind: 'alarm' };
const silent: Observation = { kind: 'unknown', noData: true };
const unread: Observation = { kind: 'unknown', noData: false };
const gone: Observation = { kind: 'ended', reason: 'target_gone' };

/** One evaluation a second: + holds, ~ is between recovery and threshold, - does neither, s host silent, u value unread, x target gone, ! no data is trouble. */
function play(script: string, timing: { forMs: number; keepFiringForMs?: number }): string {
  const observations: Readonly<Record<string, Observation>> = {
    '+': sample(true),
    '-': sample(false),
    '~': sample(false, true),
    '!': alarm,
    s: silent,
    u: unread,
    x: gone,
  };
  const letters = { inactive: '.', pending: 'p', firing: 'F', resolved: 'r' } as const;
  let state: AlertState = INACTIVE;
  return Array.from(script)
    .map((letter, index) => {
      const time = { elapsedMs: index === 0 ? 0 : 1000, nowUnixMs: index * 1000 };
      state = nextAlertState(state, observations[letter]!, { timing: { keepFiringForMs: 0, ...timing }, time });
      return letters[state.kind];
    })
    .join('');
}

describe('a second each', () => {
  test.each([
    { name: 'for 0 fires at the first evaluation', forMs: 0, script: '+', want: 'F' },
    { name: 'fires when it has held for exactly `for`', forMs: 3000, script: '-++++', want: '.pppF' },
    { name: 'pending is dropped at once, and starts over', forMs: 3000, script: '+++-++++', want: 'ppp.pppF' },
    { name: 'resolves at the first evaluation that does not hold', forMs: 0, script: '++-', want: 'FFr' },
    { name: 'a new episode passes through pending again', forMs: 1000, script: '++-++', want: 'pFrpF' },
    { name: 'keepFiringFor outlasts a short dip', forMs: 0, keepFiringForMs: 2000, script: '+-+--+', want: 'FFFFFF' },
    { name: 'keepFiringFor ends a long one', forMs: 0, keepFiringForMs: 2000, script: '+---', want: 'FFFr' },
    { name: 'between recovery and threshold nothing begins', forMs: 0, script: '~~~', want: '...' },
    { name: 'what fires clears only below its recovery', forMs: 0, script: '+~~~-', want: 'FFFFr' },
    { name: 'pending needs the threshold, not the recovery', forMs: 3000, script: '++~+', want: 'pp.p' },
    {
      name: 'the recovery band sets keepFiringFor back',
      forMs: 0,
      keepFiringForMs: 2000,
      script: '+--~--',
      want: 'FFFFFF',
    },
    { name: 'no data that is trouble fires without waiting', forMs: 60_000, script: '+!', want: 'pF' },
    { name: 'and clears with the first good value', forMs: 60_000, script: '!!-', want: 'FFr' },
    { name: 'a silent host neither fires nor resolves', forMs: 0, script: '+sssss', want: 'FFFFFF' },
    { name: 'silence is not time that the condition held', forMs: 3000, script: '++ssssss++', want: 'pppppppppF' },
    { name: 'an unread value decides nothing', forMs: 2000, script: '+uuu++', want: 'pppppF' },
    { name: 'a target that is gone is resolved', forMs: 0, script: '+x', want: 'Fr' },
    { name: 'a pending one vanishes with its target', forMs: 2000, script: '+x', want: 'p.' },
    { name: 'nothing comes of nothing', forMs: 0, script: 'sux-', want: '....' },
    { name: 'resolved stays so until it holds again', forMs: 0, script: '+-su-x', want: 'FrrrrrrX'.slice(0, 6) },
  ])('$name: $script', ({ script, want, ...timing }) => {
    expect(play(script, timing)).toBe(want);
  });
});

test('a firing alert on a silent host is marked, and unmarked by the next value', () => {
  const rule = { timing: { forMs: 0, keepFiringForMs: 0 }, time: { elapsedMs: 1000, nowUnixMs: 1 } };
  const firing = nextAlertState(INACTIVE, sample(true), rule);
  const frozen = nextAlertState(firing, silent, rule);
  expect(frozen).toMatchObject({ kind: 'firing', noData: true });
  expect(nextAlertState(frozen, silent, rule)).toBe(frozen);
  expect(nextAlertState(frozen, sample(true), rule)).toMatchObject({ kind: 'firing', noData: false });
});

test('a raised `for` sends a firing alert back to pending, as if it had been so from the start', () => {
  const time = { elapsedMs: 1000, nowUnixMs: 9000 };
  const firing = nextAlertState(INACTIVE, sample(true), { timing: { forMs: 0, keepFiringForMs: 0 }, time });
  const raised = { timing: { forMs: 3000, keepFiringForMs: 0 }, time };
  const pending = nextAlertState(firing, sample(true), raised);
  expect(pending).toEqual({
    kind: 'pending',
    activeAtUnixMs: 9000,
    heldMs: 1000,
    clearMs: undefined,
    noData: false,
    value: 1,
  });
  const again = nextAlertState(nextAlertState(pending, sample(true), raised), sample(true), raised);
  expect(again.kind).toBe('firing');
});

test('the reason of an end is kept', () => {
  const rule = { timing: { forMs: 0, keepFiringForMs: 0 }, time: { elapsedMs: 1000, nowUnixMs: 5 } };
  const firing = nextAlertState(INACTIVE, sample(true), rule);
  expect(nextAlertState(firing, gone, rule)).toMatchObject({
    kind: 'resolved',
    reason: 'target_gone',
    resolvedAtUnixMs: 5,
  });
  expect(nextAlertState(firing, sample(false), rule)).toMatchObject({ reason: 'recovered' });
});

test.each([
  [1000, 1000],
  [60_000, 60_000],
  [60_001, 0],
  [3_600_000, 0],
  [-1, 0],
])('%s ms since the last evaluation count as %s', (since, want) => {
  expect(trustedElapsedMs(since)).toBe(want);
});

const STAYS = ['inactive inactive', 'pending pending', 'firing firing', 'resolved resolved'];

/** From where to where one observation may lead. */
function allowedSteps(seen: Observation): readonly string[] {
  if (seen.kind === 'unknown') return STAYS;
  if (seen.kind === 'alarm') return ['inactive firing', 'pending firing', 'firing firing', 'resolved firing'];
  if (seen.kind === 'ended') return ['inactive inactive', 'pending inactive', 'firing resolved', 'resolved resolved'];
  if (!seen.holds)
    return ['inactive inactive', 'pending inactive', 'firing firing', 'firing resolved', 'resolved resolved'];
  return [
    'inactive pending',
    'inactive firing',
    'pending pending',
    'pending firing',
    'firing firing',
    'resolved pending',
    'resolved firing',
  ];
}

describe('whatever happens', () => {
  const observation = fc.constantFrom<Observation>(sample(true), sample(false), silent, unread, gone);
  const steps = fc.array(fc.record({ observation, elapsedMs: fc.nat(5000) }), { maxLength: 60 });

  test('no alert fires that has not held for `for`, and what was decided is never undone by silence', () => {
    fc.assert(
      fc.property(steps, fc.nat(10_000), fc.nat(5000), (script, forMs, keepFiringForMs) => {
        let state: AlertState = INACTIVE;
        let heldMs = 0;
        let nowUnixMs = 0;
        for (const { observation: seen, elapsedMs } of script) {
          nowUnixMs += elapsedMs;
          const before: AlertState = state;
          state = nextAlertState(before, seen, { timing: { forMs, keepFiringForMs }, time: { elapsedMs, nowUnixMs } });
          if (seen.kind !== 'unknown')
            heldMs = seen.kind === 'sample' && seen.holds && before.kind === 'pending' ? heldMs + elapsedMs : 0;
          const step = `${before.kind} ${state.kind}`;
          expect(allowedSteps(seen)).toContain(step);
          if (step === 'pending firing') expect(heldMs).toBeGreaterThanOrEqual(forMs);
          if (step === 'pending pending') expect(heldMs).toBeLessThan(Math.max(forMs, 1));
          if (step === 'inactive firing' || step === 'resolved firing') expect(forMs).toBe(0);
        }
      }),
    );
  });
});
