import fc from 'fast-check';
import { expect, test } from 'vitest';
import { datagramsOf, statsdLines } from '../../../../statsd/model/statsd-lines.ts';
import { containerView } from '../../../../statsd/model/stats-view.ts';
import { cardOf, fullDetails, momentOf } from '../builders.ts';

const viewOf = (facts: Parameters<typeof cardOf>[0]): ReturnType<typeof containerView> =>
  containerView(
    cardOf(facts),
    {
      details: fullDetails(),
      now: momentOf(
        { cpuUsageSeconds: 3, memoryUsageBytes: 4096, memoryLimitBytes: 2 ** 26, pidsCurrent: 2 },
        { monotonicMs: 2000 },
      ),
      before: momentOf({ cpuUsageSeconds: 2.75 }, { monotonicMs: 1000 }),
    },
    2 ** 34,
  );

test('of a container: names for StatsD, tags for DogStatsD, and nothing for what is unknown', () => {
  const web = viewOf({ name: 'web 1', image: 'shop/web:1', tags: { compose_project: 'shop' } });
  expect(statsdLines(web, 'h1.example', 'statsd')).toEqual([
    'weft.h1_example.web_1.cpu.cores:0.250000|g',
    'weft.h1_example.web_1.memory.usage_bytes:4096|g',
    'weft.h1_example.web_1.memory.limit_bytes:67108864|g',
    'weft.h1_example.web_1.pids:2|g',
  ]);
  expect(statsdLines(web, 'h1', 'dogstatsd').slice(0, 1)).toEqual([
    'weft.container.cpu.cores:0.250000|g|#host:h1,container_name:web 1,container_id:c1c1c1c1c1c1,image:shop/web:1,runtime:docker,compose_project:shop',
  ]);
});

test('no name can begin another metric or tag', () => {
  const any = fc.string({ unit: 'binary', maxLength: 40 });
  fc.assert(
    fc.property(any, any, (name, image) => {
      const view = viewOf({ name, image });
      const plain = statsdLines(view, name, 'statsd');
      const tagged = statsdLines(view, 'h', 'dogstatsd');
      return (
        plain.every((line) => /^weft\.[\w-]*\.[\w-]*\.[a-z_.]+:[\d.]+\|g$/.test(line)) &&
        tagged.every((line) => !line.includes('\n') && line.split('|').length === 3 && line.split(',').length === 5)
      );
    }),
    { numRuns: 50 },
  );
});

test('datagrams hold whole lines and stay below their size', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: fc.constantFrom('a', 'é', '日'), minLength: 1, maxLength: 40 })),
      (lines) => {
        const datagrams = [...datagramsOf(lines, 120)];
        return (
          datagrams.every((datagram) => Buffer.byteLength(datagram) <= 120) &&
          datagrams.flatMap((datagram) => datagram.split('\n')).join('|') === lines.join('|')
        );
      },
    ),
  );
});
