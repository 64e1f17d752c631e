import { describe, expect, test } from 'vitest';
import { lifeMetrics } from '../../../../statsd/model/life-families.ts';
import { LIFE_RETENTION_MS, LifeLedger, type Bearer, type LifeCounts } from '../../../../statsd/model/life-ledger.ts';
import { renderOwn } from '../../../../statsd/model/rendering.ts';
import { checkExposition } from '../../../support/exposition.ts';
import { textOf } from '../pages.ts';

const NAMES = { runtime: 'docker', image: undefined, composeProject: undefined, composeService: undefined };
const bearer = (key: string, over: Partial<Bearer> & { name?: string } = {}): Bearer => {
  const { name = 'web', ...rest } = over;
  return { key, names: { ...NAMES, name }, health: undefined, restartCount: undefined, oomKills: () => 0, ...rest };
};
const countsOf = (ledger: LifeLedger, atMs = 0): Pick<LifeCounts, 'restarts' | 'oomKills' | 'unexpectedExits'>[] =>
  ledger.counts(atMs).map(({ restarts, oomKills, unexpectedExits }) => ({ restarts, oomKills, unexpectedExits }));
const NOTHING = { restarts: 0, oomKills: 0, unexpectedExits: 0 };

describe('restarts of a name', () => {
  test.each([
    { name: 'the first container is none', play: [['seen', 'a']], want: 0 },
    {
      name: 'the same container again',
      play: [
        ['seen', 'a'],
        ['ended', 'a'],
        ['seen', 'a'],
      ],
      want: 1,
    },
    {
      name: 'another container under the name',
      play: [
        ['seen', 'a'],
        ['ended', 'a'],
        ['seen', 'b'],
      ],
      want: 1,
    },
    {
      name: 'a second one beside the first is none',
      play: [
        ['seen', 'a'],
        ['seen', 'b'],
      ],
      want: 0,
    },
    {
      name: 'what only the runtime saw',
      play: [
        ['seen', 'a', 1],
        ['seen', 'a', 3],
      ],
      want: 2,
    },
    { name: 'what it had counted before is history', play: [['seen', 'a', 7]], want: 0 },
    {
      name: 'a return that the runtime counts with it',
      play: [
        ['seen', 'a', 0],
        ['ended', 'a'],
        ['seen', 'a', 1],
      ],
      want: 1,
    },
    {
      name: 'a return that the runtime counts later',
      play: [
        ['seen', 'a', 0],
        ['ended', 'a'],
        ['seen', 'a', 0],
        ['seen', 'a', 1],
      ],
      want: 1,
    },
    {
      name: 'another container, which its runtime starts again',
      play: [
        ['seen', 'a', 4],
        ['ended', 'a'],
        ['seen', 'b', 0],
        ['ended', 'b'],
        ['seen', 'b', 1],
      ],
      want: 2,
    },
  ] as const)('$name', ({ play, want }) => {
    const ledger = new LifeLedger();
    for (const [act, key, restartCount] of play as readonly (readonly [string, string, number?])[])
      if (act === 'seen') ledger.seen(bearer(key, { restartCount }));
      else ledger.ended(key, { exitCode: 0 }, 0);
    expect(countsOf(ledger)).toEqual([{ ...NOTHING, restarts: want }]);
  });
});

describe('ends', () => {
  test.each([
    { name: 'a stop', exit: { exitCode: 0 }, want: undefined },
    { name: 'a kill after a stop', exit: { exitCode: 137 }, want: undefined },
    { name: 'an error', exit: { exitCode: 3 }, want: { unexpectedExits: 1 } },
    {
      name: 'a kill for memory that nobody had read',
      exit: { oomKilled: true },
      want: { unexpectedExits: 1, oomKills: 1 },
    },
    { name: 'nobody can say yet', exit: {}, want: undefined },
    { name: 'it is said later', exit: {}, later: { exitCode: 3 }, want: { unexpectedExits: 1 } },
    { name: 'it is said later, and was a stop', exit: {}, later: { exitCode: 143 }, want: undefined },
    {
      name: 'what is said later of an end that was counted counts once',
      exit: { oomKilled: true },
      later: { exitCode: 137, oomKilled: true },
      want: { unexpectedExits: 1, oomKills: 1 },
    },
  ])('$name', ({ exit, later, want }) => {
    const ledger = new LifeLedger();
    ledger.seen(bearer('a'));
    ledger.ended('a', exit, 0);
    if (later !== undefined) ledger.exitKnown('a', later);
    expect(countsOf(ledger)).toEqual(want === undefined ? [] : [{ ...NOTHING, ...want }]);
  });

  test("the kernel's count stays when its cgroup goes, and the next one adds to it", () => {
    const ledger = new LifeLedger();
    ledger.seen(bearer('a', { oomKills: () => 2 }));
    expect(countsOf(ledger)).toEqual([{ ...NOTHING, oomKills: 2 }]);
    ledger.ended('a', { oomKilled: true, exitCode: 137 }, 0);
    ledger.seen(bearer('b', { oomKills: () => 1 }));
    expect(countsOf(ledger)).toEqual([{ restarts: 1, oomKills: 3, unexpectedExits: 1 }]);
  });

  test('a name is remembered for an hour after its last container', () => {
    const ledger = new LifeLedger();
    ledger.seen(bearer('a'));
    ledger.ended('a', { exitCode: 1 }, 1000);
    expect(countsOf(ledger, 1000 + LIFE_RETENTION_MS)).toHaveLength(1);
    expect(countsOf(ledger, 1001 + LIFE_RETENTION_MS)).toEqual([]);
  });
});

test('names are forgotten also when nobody asks for the counts', () => {
  const ledger = new LifeLedger();
  for (let at = 0; at < 10_000; at += 1) {
    ledger.seen(bearer(`k${at}`, { name: `job-${at}` }));
    ledger.ended(`k${at}`, { exitCode: 0 }, at);
  }
  expect(ledger.names).toBeLessThanOrEqual(2000);
});

test('a name that was only taken for a moment leaves nothing', () => {
  const ledger = new LifeLedger();
  ledger.seen(bearer('a', { name: '4f0c' }));
  ledger.seen(bearer('a', { name: 'web' }));
  expect(ledger.counts(0).map(({ names }) => names.name)).toEqual(['web']);
  ledger.withdrawn('a');
  expect(ledger.counts(0)).toEqual([]);
});

test('on /metrics: labels escaped, health only where it is checked', () => {
  const ledger = new LifeLedger();
  const shop = { ...NAMES, image: 'nginx:1', composeProject: 'shop', composeService: 'web' };
  ledger.seen({ ...bearer('a', { health: 'unhealthy' }), names: { ...shop, name: 'sh"op\n' } });
  ledger.seen(bearer('b', { name: 'db' }));
  const text = textOf((pages) => renderOwn(pages, lifeMetrics(ledger.counts(0))));
  expect(checkExposition(text)).toEqual([]);
  expect(text.match(/^weft_statsd_container_unhealthy.*$/gm)).toEqual([
    'weft_statsd_container_unhealthy{name="sh\\"op\\n",runtime="docker",image="nginx:1",compose_project="shop",compose_service="web"} 1',
  ]);
});
