import { describe, expect, test } from 'vitest';
import { FORGET_AFTER_MS } from '../../../../../dashboard/model/cluster.ts';
import { flapWords } from '../../../../../dashboard/model/alert/flap.ts';
import { OWN_RULES, STARTER_RULES } from '../../../../../dashboard/model/alert/starter-rules.ts';
import { aContainer, aRule } from '../../builders.ts';
import { stage } from './stage.ts';

const at100 = { forMs: 0 };
const LEVELS = [
  { severity: 'warning', threshold: 100, recovery: 80 },
  { severity: 'critical', threshold: 200, recovery: 180 },
] as const;

describe('recovery threshold', () => {
  test.each([
    { name: 'fires above, clears only at or below recovery', bytes: [101, 90, 81, 80], want: 'FFFr' },
    { name: 'a value in the band does not begin anything', bytes: [90, 90, 101], want: '..F' },
    { name: 'back above sets nothing in motion', bytes: [101, 90, 101, 90], want: 'FFFF' },
  ])('$name', ({ bytes, want }) => {
    const levels = [{ severity: 'warning', threshold: 100, recovery: 80 }] as const;
    expect(stage([aRule({ ...at100, levels })]).play(bytes)).toBe(want);
  });
});

describe('levels', () => {
  test('one alert for one target, with the most severe level that fires', () => {
    const { second, states, book } = stage([aRule({ ...at100, levels: LEVELS })]);
    second(1, [150]);
    expect(states()).toEqual(['api warning firing']);
    const { changed } = second(2, [250]);
    expect(states()).toEqual(['api critical firing', 'api warning resolved']);
    expect(changed.map(({ severity, state }) => `${severity} ${state.kind}`)).toEqual([
      'warning resolved',
      'critical firing',
    ]);
    expect(book.alerts.find(({ severity }) => severity === 'warning')?.state).toMatchObject({
      reason: 'severity_changed',
    });
    second(3, [190]);
    expect(states()).toEqual(['api critical firing', 'api warning resolved']);
    second(4, [180]);
    expect(states()).toEqual(['api critical resolved', 'api warning firing']);
    second(5, [80]);
    expect(states()).toEqual(['api critical resolved', 'api warning resolved']);
  });

  test('a level rises only after its own `for`', () => {
    const { second, states } = stage([aRule({ forMs: 2000, levels: LEVELS })]);
    for (const seconds of [1, 2, 3]) second(seconds, [150]);
    expect(states()).toEqual(['api warning firing']);
    second(4, [250]);
    second(5, [250]);
    expect(states()).toEqual(['api warning firing']);
    second(6, [250]);
    expect(states()).toEqual(['api critical firing', 'api warning resolved']);
  });

  test('a change of severity is no change of the alert', () => {
    const { second, book } = stage([aRule({ ...at100, levels: LEVELS })]);
    [150, 250, 150, 250, 150].forEach((bytes, index) => second(index + 1, [bytes]));
    expect(book.alerts.every(({ flapping }) => !flapping)).toBe(true);
  });
});

describe('three ways of having no data', () => {
  const seconds = (count: number): undefined[] => Array.from({ length: count }, () => undefined);

  test.each([
    { name: 'keep: a silent host freezes what fires', noData: 'keep', script: [200, ...seconds(20)], want: /^F+$/ },
    {
      name: 'ok: resolves two evaluations after the silence is certain',
      noData: 'ok',
      script: [200, ...seconds(20)],
      want: /^F{16,18}r+$/,
    },
    {
      name: 'ok: pending is dropped',
      noData: 'ok',
      forMs: 60_000,
      script: [200, ...seconds(20)],
      want: /^p{16,18}\.+$/,
    },
    { name: 'alert: fires two evaluations after', noData: 'alert', script: [1, ...seconds(20)], want: /^\.{16,18}F+$/ },
    {
      name: 'alert: without waiting for `for`',
      noData: 'alert',
      forMs: 60_000,
      script: [200, ...seconds(20)],
      want: /^p{16,18}F+$/,
    },
    {
      name: 'alert: what never had data cannot lose it',
      noData: 'alert',
      script: [NaN, NaN, NaN, NaN, NaN],
      want: /^\.+$/,
    },
    {
      name: 'alert: an unread value counts as well',
      noData: 'alert',
      script: [1, NaN, NaN, NaN, NaN],
      want: /^\.{3}F+$/,
    },
    { name: 'ok: an unread value counts as well', noData: 'ok', script: [200, NaN, NaN, NaN, NaN], want: /^FFFr+$/ },
    { name: 'keep: an unread value freezes', noData: 'keep', script: [200, NaN, NaN, NaN], want: /^F+$/ },
  ] as const)('$name', ({ noData, script, want, ...over }) => {
    expect(stage([aRule({ ...at100, noData, ...over })]).play(script)).toMatch(want);
  });

  test('no data as an alert says so, and ends when data comes', () => {
    const { play, book, second } = stage([aRule({ ...at100, noData: 'alert' })]);
    play([1, Number.NaN, Number.NaN, Number.NaN]);
    expect(book.alerts[0]).toMatchObject({
      annotations: { reason: 'NoData' },
      state: { kind: 'firing', noData: true },
    });
    second(5, [1]);
    expect(book.alerts[0]?.state).toMatchObject({ kind: 'resolved', reason: 'recovered' });
  });

  test.each([
    { name: 'the target is gone', act: 'exit', want: 'target_gone' },
    { name: 'the container is not in the next inventory', act: 'inventory', want: 'target_gone' },
    { name: 'the source is gone for a day', act: 'day', want: 'stale' },
    { name: 'the scope is another', act: 'scope', want: 'rule_changed' },
    { name: 'the rule is switched off', act: 'off', want: 'rule_changed' },
    { name: 'the rule is deleted', act: 'delete', want: 'rule_deleted' },
    { name: 'the container has another name', act: 'rename', want: 'labels_changed' },
    { name: 'it has another name, and somebody looked at a rule since', act: 'preview', want: 'labels_changed' },
    { name: 'the value is good', act: 'good', want: 'recovered' },
  ])('resolved because $name: $want', ({ act, want }) => {
    const rule = aRule(at100);
    const { second, book, cluster, containers } = stage([rule], ['api']);
    second(1, [200]);
    const acts: Record<string, () => void> = {
      exit: () => {
        cluster.exit('n1', { v: 1, key: 'runc:api', atUnixMs: 0 }, 1500);
      },
      inventory: () => {
        containers([]);
      },
      day: () => second(30),
      scope: () => {
        book.setRules([{ ...rule, scope: [{ name: 'container', value: 'db', isRegex: false, isEqual: true }] }]);
      },
      off: () => {
        book.setRules([{ ...rule, enabled: false }]);
      },
      delete: () => {
        book.setRules([]);
      },
      rename: () => {
        containers([aContainer('api', { name: 'other' })]);
      },
      preview: () => {
        containers([aContainer('api', { name: 'other' })]);
        book.preview(rule, { cluster, self: [] });
      },
      good: () => undefined,
    };
    acts[act]?.();
    if (act === 'day') second(31 + FORGET_AFTER_MS / 1000);
    else second(2, act === 'exit' || act === 'inventory' ? [] : [act === 'good' ? 1 : 200]);
    expect(book.alerts.find(({ labels }) => labels['container'] === 'api')?.state).toMatchObject({
      kind: 'resolved',
      reason: want,
    });
  });

  test('one rule that fails says so and leaves the others alone', () => {
    const twins = [aContainer('one', { name: 'twin' }), aContainer('two', { name: 'twin' })];
    const { second, book } = stage([aRule(at100), aRule({ ...at100, id: 'r2', name: 'Other' })], twins);
    second(1, [200, 200]);
    expect(book.healthOf('r1')).toMatchObject({
      state: 'error',
      message: expect.stringContaining('same labels') as string,
    });
    expect(book.alerts.map(({ rule }) => rule)).toEqual(['MemoryMuch', 'Other']);
  });
});

describe('a rule that is edited', () => {
  test('keeps the state of the same label set', () => {
    const rule = aRule(at100);
    const { second, book } = stage([rule]);
    second(1, [200]);
    const before = book.alerts[0]?.state;
    book.setRules([{ ...rule, levels: [{ severity: 'warning', threshold: 150, recovery: 150 }] }]);
    second(2, [200]);
    expect(book.alerts).toHaveLength(1);
    expect(book.alerts[0]).toMatchObject({
      threshold: 150,
      state: { kind: 'firing', activeAtUnixMs: before?.activeAtUnixMs },
    });
  });

  test('with other labels makes other alerts', () => {
    const rule = aRule(at100);
    const { second, book } = stage([rule]);
    second(1, [200]);
    book.setRules([{ ...rule, labels: { team: 'b' } }]);
    second(2, [200]);
    expect(book.alerts.map(({ labels, state }) => `${labels['team'] ?? '-'} ${state.kind}`)).toEqual([
      '- resolved',
      'b firing',
    ]);
  });

  test('to a longer `for` goes back to pending', () => {
    const rule = aRule(at100);
    const { second, states, book } = stage([rule]);
    second(1, [200]);
    book.setRules([{ ...rule, forMs: 5000 }]);
    second(2, [200]);
    expect(states()).toEqual(['api warning pending']);
  });
});

test('a limit keeps what fires and refuses the rest', () => {
  const { second, states, book } = stage([aRule({ ...at100, limit: 1 })], ['api', 'db']);
  expect(second(1, [200, 200]).refused).toBe(1);
  expect(states()).toEqual(['api warning firing']);
  expect(book.healthOf('r1').state).toBe('limited');
  second(2, [1, 200]);
  second(3, [1, 200]);
  expect(states()).toEqual(['api warning resolved', 'db warning firing']);
  expect(book.healthOf('r1').state).toBe('ok');
});

test('further conditions must hold as well', () => {
  const and = [{ query: { metric: 'pidsCurrent', agg: 'last', windowMs: 0 }, op: '>', threshold: 5 }] as const;
  const { play } = stage([aRule({ ...at100, and })]);
  expect(play([200, 200])).toBe('..');
});

test('a scope chooses by any label of the container', () => {
  const scope = [{ name: 'label_team', value: 'a|b', isRegex: true, isEqual: true }];
  const { second, states } = stage(
    [aRule({ ...at100, scope })],
    [aContainer('x', { labels: { team: 'b' } }), aContainer('y', { labels: { team: 'c' } })],
  );
  second(1, [200, 200]);
  expect(states()).toEqual(['x warning firing']);
});

describe('soon after a start', () => {
  test('nothing resolves before the grace is over', () => {
    const first = stage([aRule(at100)]);
    first.second(1, [200]);
    const next = stage([aRule(at100)], ['api'], first.book.alerts);
    next.grace = true;
    next.second(2, [1]);
    expect(next.states()).toEqual(['api warning firing']);
    next.grace = false;
    next.second(3, [1]);
    expect(next.states()).toEqual(['api warning resolved']);
  });

  test('what a window saw before the restart is not taken as over', () => {
    const query = { metric: 'memoryWorkingSetBytes', agg: 'max', windowMs: 5000 } as const;
    const first = stage([aRule({ ...at100, query })]);
    first.second(1, [200]);
    const next = stage([aRule({ ...at100, query })], ['api'], first.book.alerts);
    next.second(2, [1]);
    expect(next.states()).toEqual(['api warning firing']);
    next.second(8, [1]);
    expect(next.states()).toEqual(['api warning resolved']);
  });
});

describe('what flaps', () => {
  test('is told with how often and since when', () => {
    const transitions = [0, 3, 6, 12].map((minute) => ({ atUnixMs: minute * 60_000, to: 'firing' as const }));
    expect(flapWords(transitions, 12 * 60_000)).toBe('4 changes in 12 min');
  });

  test('is marked at the fourth change within a quarter of an hour, and steady again later', () => {
    const { second, book } = stage([aRule({ ...at100, keepFiringForMs: 0 })]);
    let now = 0;
    const go = (bytes: number, times: number): void => {
      for (let count = 0; count < times; count += 1) second((now += 1), [bytes]);
    };
    go(200, 1);
    go(1, 1);
    go(200, 1);
    expect(book.alerts[0]?.flapping).toBe(false);
    go(1, 10);
    expect(book.alerts[0]).toMatchObject({ flapping: true, state: { kind: 'resolved' } });
    now += 20 * 60;
    go(200, 1);
    expect(book.alerts[0]?.flapping).toBe(false);
  });

  test('keeps firing for longer each time it comes back', () => {
    const { second, book } = stage([aRule({ ...at100, keepFiringForMs: 4000 })]);
    const firingSeconds = (from: number): number => {
      second(from, [200]);
      let seconds = 0;
      while (book.alerts[0]?.state.kind === 'firing') second(from + (seconds += 1), [1]);
      return seconds;
    };
    expect([firingSeconds(1), firingSeconds(20), firingSeconds(40)]).toEqual([5, 7, 10]);
  });
});

describe('lifecycle', () => {
  const rule = (name: string) => STARTER_RULES.filter((each) => each.name === name);

  test('an OOM kill fires though the container is gone, and is over after its window', () => {
    const { second, cluster, book, containers } = stage(rule('ContainerOOM'));
    second(1, [1]);
    cluster.exit('n1', { v: 1, key: 'runc:api', atUnixMs: 0, oomKilled: true }, 1500);
    containers([]);
    second(2, []);
    expect(book.alerts[0]).toMatchObject({ labels: { container: 'api' }, state: { kind: 'firing' } });
    for (let now = 3; now < 320; now += 1) second(now, []);
    expect(book.alerts[0]?.state).toMatchObject({ kind: 'resolved', reason: 'recovered' });
  });

  test('a restart loop', () => {
    const { second, cluster, states, containers } = stage(rule('ContainerRestartLoop'));
    for (let now = 1; now <= 4; now += 1) {
      second(2 * now, [1]);
      cluster.exit('n1', { v: 1, key: 'runc:api', atUnixMs: 0 }, now * 2000);
      containers(['api']);
      second(2 * now + 1, [1]);
      expect(states()).toEqual(now < 4 ? [] : ['api critical firing']);
    }
  });

  test('HostUnreachable fires 30 s after the host went stale, and its containers are frozen', () => {
    const { second, states } = stage([...rule('HostUnreachable'), aRule(at100)]);
    second(1, [200]);
    for (let now = 2; now <= 15; now += 1) second(now);
    expect(states()).toEqual(['api warning firing']);
    for (let now = 16; now <= 46; now += 1) second(now);
    expect(states()).toEqual(['api warning firing', 'h1 critical firing']);
    second(48, [200]);
    expect(states()).toEqual(['api warning firing', 'h1 critical resolved']);
  });

  test('a host that an earlier process knew and that never came back is unreachable', () => {
    const { second, cluster, states } = stage(rule('HostUnreachable'));
    cluster.expect({ nodeId: 'n2', name: 'h2' }, 0);
    for (let now = 1; now <= 31; now += 1) second(now, [1]);
    expect(states()).toEqual(['h2 critical firing']);
  });
});

test('weft tells of its own troubles', () => {
  const staged = stage(OWN_RULES);
  staged.self = [
    { metric: 'channelBroken', labels: { channel: 'ops' }, value: 1 },
    { metric: 'channelBroken', labels: { channel: 'dev' }, value: 0 },
  ];
  staged.second(1, [1]);
  expect(staged.book.alerts.map(({ labels }) => labels)).toEqual([
    { alertname: 'NotificationChannelBroken', severity: 'critical', channel: 'ops' },
  ]);
});

test('a rule that cannot be evaluated is told after five minutes', () => {
  const staged = stage(OWN_RULES);
  staged.self = [{ metric: 'ruleFailing', labels: { rule: 'Mine' }, value: 1 }];
  const states = [1, 300, 301].map((until, index) => {
    const from = [1, 2, 301][index] ?? until;
    for (let second = from; second <= until; second += 1) staged.second(second, [1]);
    return staged.book.alerts.map(({ rule, state }) => `${rule} ${state.kind}`).join();
  });
  expect(states).toEqual([
    'RuleEvaluationFailing pending',
    'RuleEvaluationFailing pending',
    'RuleEvaluationFailing firing',
  ]);
});

describe('when containers come and go', () => {
  const peak = { metric: 'memoryWorkingSetBytes', agg: 'max', windowMs: 60_000 } as const;

  test('a window stays with its container', () => {
    const { second, containers, states } = stage([aRule({ ...at100, query: peak })], ['first', 'api']);
    second(1, [1, 150]);
    containers(['api', 'last']);
    second(2, [1, 1]);
    expect(states()).toEqual(['api warning firing']);
  });

  test('a container that comes back begins a new window', () => {
    const { second, containers, states } = stage([aRule({ ...at100, query: peak })], ['api', 'other']);
    second(1, [150, 1]);
    containers(['other', 'another']);
    second(2, [1, 1]);
    containers(['other', 'api']);
    second(3, [1, 1]);
    expect(states()).toEqual(['api warning resolved']);
  });

  test('other labels bring a container into a scope and out of it', () => {
    const scope = [{ name: 'label_team', value: 'a', isRegex: false, isEqual: true }];
    const of = (team: string) => aContainer('api', { labels: { team } });
    const { second, containers, states } = stage([aRule({ ...at100, scope })], [of('b')]);
    second(1, [150]);
    expect(states()).toEqual([]);
    containers([of('a')]);
    second(2, [150]);
    expect(states()).toEqual(['api warning firing']);
    containers([of('b')]);
    second(3, [150]);
    expect(states()).toEqual(['api warning resolved']);
  });
});
