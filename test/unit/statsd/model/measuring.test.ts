import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nextStretch } from '../../../../statsd/model/cpu-budget.ts';
import { valueOf, type KeyedValues } from '../../../../statsd/model/details.ts';
import { KeyedText, KeyPlaces } from '../../../../statsd/model/keyed-text.ts';
import { NetworkNamespace, type SeenInterface } from '../../../../statsd/model/network.ts';
import { OomLedger } from '../../../../statsd/model/oom-ledger.ts';
import { nextTick, phasedStart, phaseOf } from '../../../../statsd/model/schedule.ts';
import { contentOf, fixtureText } from '../../../support/fixture-file.ts';

describe('KeyedText', () => {
  test('reads a recorded memory.stat whole, twice into the same values', () => {
    const parser = new KeyedText();
    const text = fixtureText('v1-6.18-runc/container/memory.stat');
    const pairs = text
      .trim()
      .split('\n')
      .map((line) => line.split(' '));
    const first = parser.read(contentOf(text));
    expect(first.keys).toEqual(pairs.map(([key]) => key));
    expect([...first.values]).toEqual(pairs.map(([, value]) => Number(value)));
    expect(parser.read(contentOf(text), first)).toBe(first);
  });

  test('another layout, a shorter one and a longer one are read as they are', () => {
    const parser = new KeyedText();
    const read = (text: string, previous?: KeyedValues): [string, number][] => {
      const { keys, values } = parser.read(contentOf(text), previous);
      return keys.map((key, index) => [key, values[index]!]);
    };
    expect(read('a 1\nb 2\n')).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
    expect(read('a 1\n')).toEqual([['a', 1]]);
    expect(read('a 1\nb 2\nc 3\n')).toEqual([
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ]);
    expect(read('b 4\na 5\n')).toEqual([
      ['b', 4],
      ['a', 5],
    ]);
    expect(read('ab 4\nb 2')).toEqual([
      ['ab', 4],
      ['b', 2],
    ]);
  });

  test('agrees with a plain reader, whatever files follow each other', () => {
    const key = fc.constantFrom('a', 'ab', 'file', 'file_dirty', 'anon', 'x');
    const file = fc.uniqueArray(fc.tuple(key, fc.nat()), { selector: ([name]) => name, minLength: 1 });
    fc.assert(
      fc.property(fc.array(file, { minLength: 1, maxLength: 8 }), (files) => {
        const parser = new KeyedText();
        const places = new KeyPlaces(['file', 'anon']);
        let previous: KeyedValues | undefined;
        for (const pairs of files) {
          previous = parser.read(contentOf(pairs.map((pair) => pair.join(' ')).join('\n') + '\n'), previous);
          for (const [name, value] of pairs) expect(valueOf(previous, name)).toBe(value);
          expect(places.value(previous, 0)).toBe(new Map(pairs).get('file') ?? Number.NaN);
        }
      }),
    );
  });
});

describe('the CPU budget', () => {
  const budget = { budget: 0.01, maxStretch: 60 };
  test.each([
    { name: 'within it nothing changes', stretch: 1, used: 0.009, want: 1 },
    { name: 'twice too much doubles the interval', stretch: 1, used: 0.02, want: 2 },
    { name: 'a little too much stretches by one', stretch: 3, used: 0.0101, want: 4 },
    { name: 'never beyond the longest', stretch: 10, used: 0.5, want: 60 },
    { name: 'far below it shrinks by one', stretch: 4, used: 0.001, want: 3 },
    { name: 'not when that would be too much again', stretch: 2, used: 0.0045, want: 2 },
    { name: 'what was not measured changes nothing', stretch: 1, used: Number.NaN, want: 1 },
  ])('$name', ({ stretch, used, want }) => {
    expect(nextStretch({ ...budget, stretch, used })).toBe(want);
  });

  test('no budget is no stretch', () => {
    expect(nextStretch({ stretch: 5, used: 3, budget: Infinity, maxStretch: 60 })).toBe(1);
  });

  test('comes to rest at a spending that fits, from wherever it begins', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.0001, max: 0.5, noNaN: true }), fc.integer({ min: 1, max: 60 }), (cost, from) => {
        let stretch = from;
        for (let turn = 0; turn < 200; turn += 1) stretch = nextStretch({ ...budget, stretch, used: cost / stretch });
        const next = nextStretch({ ...budget, stretch, used: cost / stretch });
        expect(next).toBe(stretch);
        expect(cost / stretch <= budget.budget || stretch === 60).toBe(true);
      }),
    );
  });
});

describe('phases', () => {
  test('a start is at most one interval ago and puts ticks at the phase, whatever the clocks say', () => {
    fc.assert(
      fc.property(
        fc.record({
          nowMonotonicMs: fc.double({ min: 0, max: 1e9, noNaN: true }),
          nowUnixMs: fc.integer({ min: -1e12, max: 2e12 }),
          intervalMs: fc.constantFrom(100, 1000, 60_000),
          phase: fc.double({ min: 0, max: 0.999, noNaN: true }),
        }),
        (facts) => {
          const start = phasedStart(facts);
          const ago = facts.nowMonotonicMs - start;
          expect(ago).toBeGreaterThanOrEqual(-1e-6);
          expect(ago).toBeLessThanOrEqual(facts.intervalMs + 1e-6);
        },
      ),
    );
  });

  test('hosts are spread', () => {
    const phases = Array.from({ length: 1000 }, (_, host) => phaseOf(`host-${host}`));
    for (let tenth = 0; tenth < 10; tenth += 1)
      expect(phases.filter((phase) => Math.floor(phase * 10) === tenth).length).toBeGreaterThan(50);
  });

  test('a stretched schedule holds each so-manieth tick and misses none', () => {
    const schedule = { startMs: 0, intervalMs: 1000 };
    expect(nextTick(schedule, 4, { ms: 4010, stretch: 3 })).toEqual({ index: 7, dueAtMs: 7000, missed: 0 });
    expect(nextTick(schedule, 4, { ms: 9500, stretch: 3 })).toEqual({ index: 9, dueAtMs: 9000, missed: 2 });
  });

  test('a monotonic clock that stood still or leapt costs ticks, never time', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.double({ min: -1e6, max: 1e9, noNaN: true }), (last, ms) => {
        const next = nextTick({ startMs: 0, intervalMs: 1000 }, last, { ms, stretch: 1 });
        return next.index > last && next.missed >= 0 && next.dueAtMs === next.index * 1000;
      }),
    );
  });
});

describe('kills for memory', () => {
  test('add up over the cgroups of a name, and never fall', () => {
    const ledger = new OomLedger();
    expect(ledger.sum('web', 2)).toBe(2);
    ledger.end('web', 2);
    expect(ledger.sum('web', 0)).toBe(2);
    ledger.end('web', 1);
    ledger.end('db', Number.NaN);
    expect(ledger.sum('web', 4)).toBe(7);
    expect(ledger.sum('db', 0)).toBe(0);
    expect(ledger.sum('db', Number.NaN)).toBeNaN();
    expect(ledger.total).toBe(3);
  });
});

describe('a network namespace', () => {
  const seen = (ifindex: number, name: string, over: Partial<SeenInterface['link']> = {}): SeenInterface => ({
    link: { ifindex, name, lowerIfindex: undefined, linkNetnsid: undefined, ...over },
    stats: { counters: Float64Array.from({ length: 23 }, (_, index) => ifindex * 100 + index) },
  });
  const veth = { lowerIfindex: 9, linkNetnsid: 0 };

  test('shows its interfaces without loopback; what one end sends the other receives', () => {
    const namespace = new NetworkNamespace(1);
    expect(namespace.interfaces).toBeUndefined();
    namespace.takeSurvey([seen(1, 'lo'), seen(2, 'eth0', veth)], 0);
    expect(namespace.withoutPeer()).toEqual([{ ifindex: 2, peer: 9 }]);
    namespace.setPeer(2, 9);
    namespace.takePeers(new Map([[9, Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8)]]));
    expect(namespace.interfaces).toEqual([
      {
        name: 'eth0',
        ifindex: 2,
        receivePackets: 2,
        transmitPackets: 1,
        receiveBytes: 4,
        transmitBytes: 3,
        receiveErrors: 204,
        transmitErrors: 205,
        receiveDropped: 206,
        transmitDropped: 207,
      },
    ]);
    expect(namespace.isDue(1, 10)).toBe(false);
  });

  test('is asked again at once when a peer goes, and each tick for an interface without one', () => {
    const namespace = new NetworkNamespace(1);
    namespace.takeSurvey([seen(2, 'eth0', veth)], 0);
    namespace.setPeer(2, 9);
    namespace.takePeers(new Map());
    expect(namespace.isDue(1, 10)).toBe(true);
    const macvlan = new NetworkNamespace(1);
    macvlan.takeSurvey([seen(2, 'eth0')], 0);
    expect([1, 2, 3].every((tick) => macvlan.isDue(tick, 10))).toBe(true);
  });

  test('an interface that is made anew under its number begins anew', () => {
    const namespace = new NetworkNamespace(1);
    namespace.takeSurvey([seen(2, 'eth0', veth)], 0);
    namespace.setPeer(2, 9);
    namespace.takeSurvey([seen(2, 'eth0', { ...veth, lowerIfindex: 11 })], 1);
    expect(namespace.withoutPeer()).toEqual([{ ifindex: 2, peer: 11 }]);
    namespace.takeSurvey([], 2);
    expect(namespace.interfaces).toEqual([]);
  });
});
