import { describe, expect, test } from 'vitest';
import { backtest, type SampleSource } from '../../../../../dashboard/model/alert/backtest.ts';
import { pastRequest, seriesSource } from '../../../../../dashboard/model/alert/backtest-source.ts';
import { restoreAlerts } from '../../../../../dashboard/model/alert/restore.ts';
import { aRule, T0 } from '../../builders.ts';
import { anAlert, FIRING, PENDING, RESOLVED } from '../notify/alerts.ts';
import { stage } from './stage.ts';

const source = (values: readonly number[], stepMs = 10_000): SampleSource => ({
  stepMs,
  timeOf: (step) => T0 + step * stepMs,
  steps: values.length,
  series: () => (step) => values[step] ?? Number.NaN,
});
const target = { key: 'n1/a', index: 0, hostName: 'h1', labels: { host: 'h1', container: 'api' }, host: undefined };

describe('a back-test', () => {
  test.each([
    { name: 'nothing happened', values: [1, 1, 1], fired: 0, summary: 'would not have fired in the last 1 min' },
    {
      name: 'too short for `for`',
      values: [200, 1, 200, 1],
      fired: 0,
      summary: 'would not have fired in the last 1 min',
    },
    {
      name: 'twice',
      values: [200, 200, 1, 200, 200, 200, 1],
      fired: 2,
      summary: 'would have fired 2 times in the last 1 min, for 1 of what it looks at',
    },
    {
      name: 'still',
      values: [1, 200, 200],
      fired: 1,
      summary: 'would have fired 1 time in the last 1 min, for 1 of what it looks at',
    },
  ])('$name', ({ values, fired, summary }) => {
    const result = backtest(aRule({ forMs: 10_000 }), [{ target, source: source(values) }]);
    expect(result).toMatchObject({ fired, summary: summary.replace('1 min', `${Math.round(values.length / 6)} min`) });
  });

  test('says what it found: when, how long, how often', () => {
    const values = Array.from({ length: 40 }, (_, step) => (step % 8 < 4 ? 200 : 1));
    const result = backtest(aRule({ forMs: 10_000 }), [{ target, source: source(values) }]);
    expect(result).toMatchObject({ fired: 5, targets: 1, flapping: 1, longestMs: 30_000, coveredMs: 400_000 });
    expect(result.episodes.at(-1)).toEqual({
      labels: { alertname: 'MemoryMuch', severity: 'warning', host: 'h1', container: 'api' },
      severity: 'warning',
      fromUnixMs: T0 + 10_000,
      toUnixMs: T0 + 40_000,
    });
  });

  test('of a metric without a past covers nothing', () => {
    const result = backtest(aRule(), [{ target, source: undefined }]);
    expect(result).toMatchObject({ coveredMs: 0, summary: 'nothing is known of the past of this metric' });
  });

  test('goes from stored minutes to what memory holds without counting either twice', () => {
    const { second, book, cluster } = stage([aRule({ forMs: 0 })]);
    for (let now = 1; now <= 60; now += 1) second(now, [now > 20 && now <= 40 ? 200 : 1]);
    cluster.history.fold(T0 + 70_000);
    const [rule] = book.rules;
    const [found] = book.preview(rule!, { cluster, self: [] });
    const request = pastRequest(rule!, found!);
    expect(request).toMatchObject({ columns: ['memoryWorkingSetBytes'], heldFromUnixMs: T0 });
    const axis = { fromUnixMs: T0 - 600_000, stepMs: 60_000, count: 11 };
    // Nothing is known of the first two minutes; the last bin is the one that memory has by ten seconds.
    const avg = Float64Array.of(NaN, NaN, 200, 1, 200, 1, 1, 1, 1, 1, 200);
    const stored = { axis, columns: new Map([['memoryWorkingSetBytes', { min: avg, avg, max: avg }]]) };
    const source = seriesSource(found!, T0 + 60_000, stored);
    const result = backtest(rule!, [{ target: found!, source }]);
    expect(result).toMatchObject({ fired: 3, stepMs: 60_000, coveredMs: 8 * 60_000 + 60_000 });
    expect(result.episodes.at(-1)).toMatchObject({ fromUnixMs: T0 - 480_000, toUnixMs: T0 - 420_000 });
  });

  test('agrees with the live engine over what is really held', () => {
    const { second, book, cluster } = stage([aRule({ forMs: 0 })]);
    for (let now = 1; now <= 60; now += 1) second(now, [now > 20 && now <= 40 ? 200 : 1]);
    cluster.history.fold(T0 + 70_000);
    const rule = book.rules[0]!;
    const found = book.preview(rule, { cluster, self: [] });
    const result = backtest(
      rule,
      found.map((each) => ({ target: each, source: seriesSource(each, T0 + 60_000) })),
    );
    expect(result.fired).toBe(1);
  });
});

describe('after an outage', () => {
  const held = (heldMs: number, forMs = 60_000) =>
    anAlert(
      {},
      {
        forMs,
        state: { ...PENDING, heldMs } as typeof PENDING,
        levels: [{ severity: 'warning', state: { ...PENDING, heldMs } }],
      },
    );
  const after = (outageMs: number) => ({ downAtUnixMs: T0, nowUnixMs: T0 + outageMs });
  const heldOf = (alerts: ReturnType<typeof restoreAlerts>) => alerts.map(({ state }) => state.heldMs);

  test.each([
    { name: 'what has long to go goes on where it was', alert: held(10_000), want: [10_000] },
    { name: 'what was nearly there has a quarter to go', alert: held(58_000), want: [45_000] },
    { name: 'what was due is due', alert: held(60_000), want: [60_000] },
  ])('$name', ({ alert, want }) => {
    const restored = restoreAlerts([alert], after(30_000));
    expect(heldOf(restored)).toEqual(want);
    expect(restored[0]?.levels[0]?.state).toEqual(restored[0]?.state);
  });

  test('of more than an hour pending alerts are not believed, firing ones are', () => {
    const all = [held(10_000), anAlert({ a: '1' }, { state: FIRING }), anAlert({ a: '2' }, { state: RESOLVED })];
    expect(restoreAlerts(all, after(3_600_001)).map(({ state }) => state.kind)).toEqual(['firing', 'resolved']);
  });

  test('and the end that a pending one hides is not forgotten', () => {
    const alert = { ...held(10_000), before: RESOLVED };
    expect(restoreAlerts([alert], after(7_200_000))[0]?.state).toEqual(RESOLVED);
  });
});
