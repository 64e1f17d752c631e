import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cadvisorFamilies, SMALL_FAMILIES } from '../../../../statsd/model/container-families.ts';
import { emptyDetails } from '../../../../statsd/model/details.ts';
import { containerLabels, type Series } from '../../../../statsd/model/exposition.ts';
import { FIELDS } from '../../../../statsd/model/reading.ts';
import { renderChunks, renderContainers, renderOwn } from '../../../../statsd/model/rendering.ts';
import { layerFamilies, PROCESS_FAMILIES } from '../../../../statsd/model/survey-families.ts';
import { numberText, TextPages } from '../../../../statsd/model/text-pages.ts';
import { cardOf, fullDetails, seriesOf } from '../builders.ts';
import { pagesOf, textOf } from '../pages.ts';
import { plainText } from './plain-exposition.ts';

const nameOf = ({ major, minor }: { major: number; minor: number }): string => `/dev/${major}ü${minor}`;
const PROFILES = [SMALL_FAMILIES, [...cadvisorFamilies(nameOf), ...PROCESS_FAMILIES, ...layerFamilies(nameOf)]];
/** A page and the line that filled it. */
const PAGE_AT_MOST = 136 * 1024;

const numbers = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.maxSafeInteger(),
  // What kernels count in: nanoseconds, microseconds, ticks.
  fc.tuple(fc.maxSafeNat(), fc.constantFrom(1e9, 1e6, 100)).map(([count, per]) => count / per),
  fc.tuple(fc.nat(2_000_000), fc.constantFrom(1e9, 1e6, 100)).map(([count, per]) => count / per),
  fc.constantFrom(
    0,
    -0,
    9,
    10,
    99,
    100,
    2 ** 31 - 1,
    2 ** 31,
    1e9,
    1e15,
    1e15 - 1,
    2 ** 53,
    1e21,
    1e-7,
    1e-6,
    9.99e-7,
    0.1 + 0.2,
    Infinity,
    -Infinity,
    Number.NaN,
  ),
);
const words = fc.string({ unit: 'binary', maxLength: 30 });
const series: fc.Arbitrary<Series> = fc
  .record({
    name: words,
    label: words,
    values: fc.array(numbers, { minLength: FIELDS.length, maxLength: FIELDS.length }),
    detailed: fc.boolean(),
    health: fc.constantFrom('starting', 'healthy', 'unhealthy', undefined),
    restartCount: fc.option(fc.nat(), { nil: undefined }),
    info: fc.boolean(),
  })
  .map(({ name, label, values, detailed, health, restartCount, info }) => {
    const labels = containerLabels(cardOf({ name, labels: { [label]: label }, tags: { kube_pod: name } }), [label]);
    return seriesOf(info ? labels : { ...labels, infoLabels: '' }, {
      sample: Float64Array.from(values),
      details: detailed ? fullDetails() : emptyDetails(),
      health,
      restartCount,
    });
  });

const bytesOf = (text: string): string => Buffer.from(text).toString();

test('containers are written as the plain text of the format, whatever they are called and whatever they count', () => {
  fc.assert(
    fc.property(fc.array(series, { maxLength: 5 }), fc.constantFrom(...PROFILES), (all, families) => {
      expect(textOf((pages) => renderContainers(pages, all, families))).toBe(bytesOf(plainText(all, families)));
    }),
    { numRuns: 200 },
  );
});

test('a thousand containers come in pages, which are the plain text together', () => {
  const all = Array.from({ length: 1000 }, (_, index) =>
    seriesOf(containerLabels(cardOf({ cgroupPath: `/docker/${index}`, name: 'möwe' }), []), { details: fullDetails() }),
  );
  for (const families of PROFILES) {
    const pages = pagesOf((into) => renderContainers(into, all, families));
    expect(pages.length).toBeGreaterThan(10);
    expect(Math.max(...pages.map(({ length }) => length))).toBeLessThanOrEqual(PAGE_AT_MOST);
    // Not `toBe`: a difference of megabytes would take minutes to print.
    expect(Buffer.concat(pages).toString() === plainText(all, families)).toBe(true);
  }
});

test('metrics of the agent: those without a value have no head either', () => {
  const metrics = [
    { name: 'a', type: 'gauge', help: 'x', values: [['', 1.5]] },
    { name: 'b', type: 'gauge', help: 'x', values: [['', Number.NaN]] },
    {
      name: 'c',
      type: 'counter',
      help: 'x',
      values: [
        ['d="é"', 2],
        ['d="e"', Number.NaN],
      ],
    },
  ] as const;
  expect(textOf((pages) => renderOwn(pages, metrics))).toBe(
    '# HELP a x\n# TYPE a gauge\na 1.5\n# HELP c x\n# TYPE c counter\nc{d="é"} 2\n',
  );
});

test('long lists of the agent come in pages too', () => {
  const values = Array.from({ length: 20_000 }, (_, index) => [`a="${index}"`, index] as const);
  const pages = pagesOf((into) => renderOwn(into, [{ name: 'a', type: 'gauge', help: 'x', values }]));
  expect(pages.length).toBeGreaterThan(1);
  expect(Buffer.concat(pages).toString().match(/^a\{/gm)).toHaveLength(20_000);
});

describe('pages', () => {
  test('hold numbers as they are written elsewhere', () => {
    const pages = new TextPages();
    fc.assert(
      fc.property(numbers, (value) => {
        pages.number(value);
        expect(Buffer.from(pages.take()).toString()).toBe(numberText(value));
      }),
      { numRuns: 20_000 },
    );
  });

  test('grow for what does not fit', () => {
    const long = 'ü'.repeat(500_000);
    expect(textOf((pages) => renderChunks(pages, ['a', long, 'b']))).toBe(`a${long}b`);
    const bytes = Buffer.from(long);
    const pages = new TextPages();
    pages.text('a');
    pages.bytes(bytes);
    expect(Buffer.from(pages.take()).equals(Buffer.concat([Buffer.from('a'), bytes]))).toBe(true);
  });

  test('stand while the next one is written, and not longer', () => {
    const pages = new TextPages();
    pages.text('first');
    const first = pages.take();
    pages.text('second');
    expect(Buffer.from(first).toString()).toBe('first');
    expect(Buffer.from(pages.take()).toString()).toBe('second');
    pages.text('third');
    expect(Buffer.from(first).toString()).toBe('third');
  });
});
