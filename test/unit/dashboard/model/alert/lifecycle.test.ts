import { describe, expect, test } from 'vitest';
import { LIFE_RETENTION_MS, Lives } from '../../../../../dashboard/model/alert/lifecycle.ts';
import { isUnexpectedExit } from '../../../../../statsd/life/wire.ts';
import { aContainer } from '../../builders.ts';

const api = { nodeId: 'n1', key: 'runc:api' };
const only = (lives: Lives) =>
  [...lives.all()].map(({ restarts, oomKills, unexpectedExits }) => [restarts, oomKills, unexpectedExits]);

test.each([
  [{ exitCode: 0 }, false],
  [{ exitCode: 130 }, false],
  [{ exitCode: 143 }, false],
  [{ exitCode: 137 }, false],
  [{ exitCode: 137, oomKilled: true }, true],
  [{ exitCode: 1 }, true],
  [{ exitCode: 139 }, true],
  [{}, false],
])('%o is unexpected: %s', (exit, want) => {
  expect(isUnexpectedExit(exit)).toBe(want);
});

describe('a life', () => {
  test('counts a name that comes back, with whatever container', () => {
    const lives = new Lives();
    lives.seen('n1', aContainer('api'));
    lives.seen('n1', aContainer('api'));
    lives.gone(api, 0, { exitCode: 0 });
    lives.seen('n1', aContainer('api', { key: 'runc:api2' }));
    expect(only(lives)).toEqual([[1, 0, 0]]);
  });

  test('counts what the runtime restarted between two inventories', () => {
    const lives = new Lives();
    lives.seen('n1', aContainer('api', { restartCount: 7 }));
    lives.seen('n1', aContainer('api', { restartCount: 9 }));
    expect(only(lives)).toEqual([[2, 0, 0]]);
  });

  test('comes back once when its runtime counts that later', () => {
    const lives = new Lives();
    lives.seen('n1', aContainer('api', { restartCount: 0 }));
    lives.gone(api, 0, { exitCode: 1 });
    for (const restartCount of [0, 1]) lives.seen('n1', aContainer('api', { restartCount }));
    expect(only(lives)).toEqual([[1, 0, 1]]);
  });

  test('learns of an exit code later, once', () => {
    const lives = new Lives();
    lives.seen('n1', aContainer('api'));
    lives.gone(api, 0, {});
    lives.exitTold(api, { exitCode: 1 });
    lives.exitTold(api, { exitCode: 1 });
    expect(only(lives)).toEqual([[0, 0, 1]]);
  });

  test('an exit of before is not news', () => {
    const lives = new Lives();
    lives.exitTold(api, { exitCode: 1 });
    lives.seen('n1', aContainer('api'));
    expect(only(lives)).toEqual([[0, 0, 0]]);
  });

  test('one kill that is told twice counts once', () => {
    const lives = new Lives();
    lives.seen('n1', aContainer('api'));
    lives.oomKillsRead({ ...api, count: 3 }, 0);
    lives.oomKillsRead({ ...api, count: 4 }, 1000);
    lives.gone(api, 2000, { exitCode: 137, oomKilled: true });
    expect(only(lives)).toEqual([[0, 1, 1]]);
  });

  test('is remembered for an hour after its end', () => {
    const lives = new Lives();
    lives.seen('n1', aContainer('api'));
    lives.gone(api, 0);
    expect(lives.prune(LIFE_RETENTION_MS, () => true)).toBe(false);
    expect(lives.prune(LIFE_RETENTION_MS + 1, () => true)).toBe(true);
    expect(lives.has('n1/api')).toBe(false);
  });

  test('is forgotten with its host', () => {
    const lives = new Lives();
    lives.seen('n1', aContainer('api'));
    expect(lives.prune(0, () => false)).toBe(true);
  });
});
