import fc from 'fast-check';
import { expect, test } from 'vitest';
import { aRule } from '../../builders.ts';
import { stage } from './stage.ts';

interface Settings {
  readonly forSeconds: number;
  readonly keepSeconds: number;
  readonly threshold: number;
  readonly recovery: number;
}

/** One second: a value, or one that could not be read. */
type Second = number | 'unread';

/**
 * The rules of the game once more, in absolute times as Prometheus keeps them, over a clock that only runs while there is data.
 * Written from the specification, not from the engine.
 */
class Reference {
  readonly #settings: Settings;
  #dataSeconds = 0;
  #activeAt: number | undefined;
  #firing = false;
  #clearSince: number | undefined;
  #resolved = false;
  readonly #firedAt: number[] = [];

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  step(second: number, seen: Second): string {
    if (typeof seen === 'number') this.#sample(second, seen);
    if (this.#firing) return 'firing';
    if (this.#activeAt !== undefined) return 'pending';
    return this.#resolved ? 'resolved' : 'none';
  }

  #sample(second: number, value: number): void {
    const { threshold, recovery, forSeconds } = this.#settings;
    this.#dataSeconds += 1;
    const active = value > (this.#firing ? recovery : threshold);
    if (this.#firing) {
      this.#clear(second, active);
      return;
    }
    if (!active) {
      this.#activeAt = undefined;
      return;
    }
    this.#activeAt ??= this.#dataSeconds;
    if (this.#dataSeconds - this.#activeAt < forSeconds) return;
    this.#firing = true;
    this.#firedAt.push(second);
  }

  #clear(second: number, active: boolean): void {
    this.#clearSince = active ? undefined : (this.#clearSince ?? this.#dataSeconds);
    if (this.#clearSince === undefined || this.#dataSeconds - this.#clearSince < this.#keepSeconds(second)) return;
    this.#firing = false;
    this.#resolved = true;
    this.#activeAt = undefined;
    this.#clearSince = undefined;
  }

  #keepSeconds(second: number): number {
    const { keepSeconds } = this.#settings;
    const again = Math.max(0, this.#firedAt.filter((at) => second - at < 900).length - 1);
    return again === 0 ? keepSeconds : Math.max(keepSeconds, Math.min(3600, (keepSeconds || 2) * 1.5 ** again));
  }
}

const value = fc.constantFrom<Second>(50, 90, 101, 150, 'unread');
test('the book agrees with the definition, second by second', () => {
  const settings = fc.record({ forSeconds: fc.nat(6), keepSeconds: fc.nat(4), recovery: fc.constantFrom(80, 100) });
  fc.assert(
    fc.property(settings, fc.array(value, { maxLength: 60 }), (chosen, script) => {
      const all = { ...chosen, threshold: 100 };
      const rule = aRule({
        forMs: all.forSeconds * 1000,
        keepFiringForMs: all.keepSeconds * 1000,
        levels: [{ severity: 'warning', threshold: 100, recovery: all.recovery }],
      });
      const { second, book } = stage([rule]);
      const reference = new Reference(all);
      script.forEach((seen, index) => {
        second(index + 1, [seen === 'unread' ? Number.NaN : seen]);
        const got = book.alerts[0]?.state.kind ?? 'none';
        expect(got, `second ${index + 1} of ${script.join(' ')}`).toBe(reference.step(index + 1, seen));
      });
    }),
    { numRuns: 300 },
  );
});

test('silence decides nothing, however it is mixed in', () => {
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 20 }), fc.nat(20), (values, where) => {
      const { second, book } = stage([aRule({ forMs: 3000 })]);
      values.forEach((seen, index) => second(index + 1, [seen === 'unread' ? Number.NaN : seen]));
      // Three seconds in which the last value still stands, then silence for good.
      for (let late = 1; late <= 3; late += 1) second(values.length + late);
      const before = book.alerts.map(({ state }) => state.kind);
      for (let silent = 4; silent <= 4 + where; silent += 1) second(values.length + silent);
      expect(book.alerts.map(({ state }) => state.kind)).toEqual(before);
    }),
  );
});

test('whatever happens, one target has one active alert of a rule', () => {
  const levels = [
    { severity: 'info', threshold: 50, recovery: 40 },
    { severity: 'warning', threshold: 100, recovery: 90 },
    { severity: 'critical', threshold: 140, recovery: 120 },
  ] as const;
  fc.assert(
    fc.property(
      fc.array(fc.nat(200), { maxLength: 40 }),
      fc.nat(3000),
      fc.nat(2000),
      (bytes, forMs, keepFiringForMs) => {
        const { second, book } = stage([aRule({ forMs, keepFiringForMs, levels })]);
        bytes.forEach((each, index) => {
          second(index + 1, [each]);
          const active = book.alerts.filter(({ state }) => state.kind !== 'resolved');
          expect(active.length).toBeLessThanOrEqual(1);
          expect(new Set(book.alerts.map(({ fingerprint }) => fingerprint)).size).toBe(book.alerts.length);
        });
      },
    ),
  );
});
