import { describe, expect, test } from 'vitest';
import { AlertBook } from '../../../../../dashboard/model/alert/book.ts';
import { RESOLVED_RETENTION_MS, type Evaluation } from '../../../../../dashboard/model/alert/evaluation.ts';
import type { AlertRule } from '../../../../../dashboard/model/alert/rule.ts';
import { STARTER_RULES } from '../../../../../dashboard/model/alert/starter-rules.ts';
import { Cluster, FORGET_AFTER_MS } from '../../../../../dashboard/model/cluster.ts';
import { aContainer, aFrame, anInventory, aRule, at, T0 } from '../../builders.ts';

const rule: AlertRule = aRule({
  labels: { team: 'a' },
  annotations: { summary: '{{ $labels.container }}: {{ $value }}' },
});

/** A cluster of one host with the given containers, and a book that is evaluated second by second. */
function stage(rules: readonly AlertRule[], names: readonly string[], restored?: AlertBook) {
  const cluster = new Cluster();
  const book = new AlertBook(rules, restored?.alerts ?? []);
  cluster.connect('n1', 'h1', at(0));
  cluster.inventory(anInventory(names.map((name) => aContainer(name))), at(0));
  return {
    cluster,
    book,
    /** One second with these working sets, in the order of the names; without them the host is silent. */
    second: (seconds: number, bytes?: readonly number[], owed = false): Evaluation => {
      if (bytes !== undefined)
        cluster.frame(
          'n1',
          aFrame(
            seconds,
            bytes.map((memoryWorkingSetBytes) => ({ memoryWorkingSetBytes })),
          ),
          at(seconds),
        );
      cluster.tick(seconds * 1000 + 200);
      return book.evaluate(
        { cluster, self: [] },
        { nowUnixMs: T0 + seconds * 1000, monotonicMs: seconds * 1000, owed: () => owed },
      );
    },
    states: () => book.alerts.map(({ labels, state }) => `${labels['container'] ?? ''} ${state.kind}`),
  };
}

describe('one rule over a host', () => {
  test('pending, firing, resolved; labels and annotations', () => {
    const { book, second, states } = stage([rule], ['api', 'db']);
    second(1, [200, 5]);
    expect(states()).toEqual(['api pending']);
    second(2, [210, 5]);
    second(3, [220, 5]);
    expect(states()).toEqual(['api firing']);
    expect(book.alerts[0]).toMatchObject({
      labels: {
        alertname: 'MemoryMuch',
        severity: 'warning',
        host: 'h1',
        container: 'api',
        runtime: 'runc',
        team: 'a',
      },
      annotations: { summary: 'api: 220' },
    });
    second(4, [1, 5]);
    expect(states()).toEqual(['api resolved']);
    expect(book.alerts[0]?.annotations['summary']).toBe('api: 220');
  });

  test('a container that ends is resolved as gone, not as recovered', () => {
    const { book, cluster, second } = stage([{ ...rule, forMs: 0 }], ['api']);
    second(1, [200]);
    cluster.exit('n1', { v: 1, key: 'runc:api', atUnixMs: T0 }, 0);
    second(2, [200]);
    expect(book.alerts[0]?.state).toMatchObject({ kind: 'resolved', reason: 'target_gone' });
  });

  test('a host that is silent freezes its alerts, and a day later they end', () => {
    const { book, second } = stage([{ ...rule, forMs: 0 }], ['api']);
    second(1, [200]);
    second(30);
    expect(book.alerts[0]?.state).toMatchObject({ kind: 'firing', noData: true });
    second(31 + FORGET_AFTER_MS / 1000);
    expect(book.alerts[0]?.state).toMatchObject({ kind: 'resolved', reason: 'stale' });
  });

  test('pending does not grow while the host is late', () => {
    const { second, states } = stage([{ ...rule, forMs: 4000 }], ['api']);
    second(1, [200]);
    for (const silent of [2, 3, 4, 5, 6, 7, 8]) second(silent);
    expect(states()).toEqual(['api pending']);
    second(9, [200]);
    expect(states()).toEqual(['api pending']);
  });

  test('a process that stood still does not count the time as held', () => {
    const { second, states } = stage([{ ...rule, forMs: 3000 }], ['api']);
    second(1, [200]);
    second(100, [200]);
    expect(states()).toEqual(['api pending']);
  });

  test('a new name is a new alert, and the old one ends', () => {
    const { cluster, book, second } = stage([{ ...rule, forMs: 0 }], ['api']);
    second(1, [200]);
    cluster.inventory(anInventory([aContainer('api', { name: 'shop-api' })]), at(1));
    second(2, [200]);
    expect(book.alerts.map(({ labels, state }) => [labels['container'], state.kind])).toEqual([
      ['api', 'resolved'],
      ['shop-api', 'firing'],
    ]);
  });

  test('two containers of one label set make one alert', () => {
    const { book, cluster, second } = stage([{ ...rule, forMs: 0 }], []);
    cluster.inventory(
      anInventory([aContainer('one', { name: 'twin' }), aContainer('two', { name: 'twin' })], { tableVersion: 2 }),
      at(0),
    );
    cluster.frame(
      'n1',
      aFrame(1, [{ memoryWorkingSetBytes: 200 }, { memoryWorkingSetBytes: 200 }], { tableVersion: 2 }),
      at(1),
    );
    expect(second(1).duplicates).toBe(1);
    expect(book.alerts).toHaveLength(1);
  });

  test('only what the match takes', () => {
    const { second, states } = stage([{ ...rule, forMs: 0, match: { container: 'd*', host: 'h?' } }], ['api', 'db']);
    second(1, [200, 200]);
    expect(states()).toEqual(['db firing']);
  });

  test('a resolved alert is kept for a quarter of an hour, and longer while somebody must be told', () => {
    const { second, states } = stage([{ ...rule, forMs: 0 }], ['api']);
    second(1, [200]);
    second(2, [1]);
    const later = 3 + RESOLVED_RETENTION_MS / 1000;
    second(later, [1], true);
    expect(states()).toEqual(['api resolved']);
    expect(second(later + 1, [1]).removed).toHaveLength(1);
    expect(states()).toEqual([]);
  });

  test('a pending that comes to nothing does not forget how the last episode ended', () => {
    const { book, second } = stage([rule], ['api']);
    for (const seconds of [1, 2, 3]) second(seconds, [200]);
    second(4, [1]);
    second(5, [200]);
    expect(book.alerts[0]).toMatchObject({ state: { kind: 'pending' }, before: { kind: 'resolved' } });
    const { changed, removed } = second(6, [1]);
    expect(changed.map(({ state }) => state.kind)).toEqual(['resolved']);
    expect(removed).toEqual([]);
  });
});

describe('after a restart', () => {
  function fired(): AlertBook {
    const { book, second } = stage([{ ...rule, forMs: 0 }], ['api']);
    second(1, [200]);
    return book;
  }

  test('a firing alert stays as it is until its host was heard', () => {
    const book = new AlertBook([{ ...rule, forMs: 0 }], fired().alerts);
    const { changed } = book.evaluate(
      { cluster: new Cluster(), self: [] },
      { nowUnixMs: T0 + 60_000, monotonicMs: 1, owed: () => false },
    );
    expect(book.alerts[0]?.state).toMatchObject({ kind: 'firing', noData: true, firedAtUnixMs: T0 + 1000 });
    expect(changed).toHaveLength(1);
  });

  test('it goes on firing with the same start when the condition still holds', () => {
    const { book, second } = stage([{ ...rule, forMs: 0 }], ['api'], fired());
    second(2, [200]);
    expect(book.alerts).toHaveLength(1);
    expect(book.alerts[0]?.state).toMatchObject({ kind: 'firing', noData: false, firedAtUnixMs: T0 + 1000 });
  });

  test('it is resolved when its container is not there any more', () => {
    const { book, second } = stage([{ ...rule, forMs: 0 }], ['db'], fired());
    second(2, [1]);
    expect(book.alerts[0]?.state).toMatchObject({ kind: 'resolved', reason: 'target_gone' });
  });

  test('it is resolved when its rule is not there any more', () => {
    const { book, second } = stage(STARTER_RULES, ['api'], fired());
    second(2, [200]);
    expect(book.alerts[0]?.state).toMatchObject({ kind: 'resolved', reason: 'rule_deleted' });
  });
});
