import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../../../native/host/package-root.ts';
import { emptyDetails } from '../../../../statsd/model/details.ts';
import { dockerReadingOf, type DockerHostFacts } from '../../../../statsd/model/docker-reading.ts';
import {
  statsText,
  type DockerBlock,
  type DockerCpu,
  type DockerReading,
} from '../../../../statsd/model/docker-stats.ts';
import { digits, humanDuration, MAX_UINT64, timeText } from '../../../../statsd/model/docker-text.ts';
import { fullDetails, momentOf } from '../builders.ts';

const FIXTURES = join(packageRoot(), 'test/fixtures/docker');

interface Recorded {
  readonly name: string;
  readonly id: string;
  readonly [key: string]: unknown;
}

/** Numbers as the digits that stand in the text: a uint64 does not fit a number. */
function parseExactly(text: string): Recorded {
  const keep = (_key: string, value: unknown, context: { source?: string }): unknown =>
    typeof value === 'number' ? context.source : value;
  return JSON.parse(text, keep as Parameters<typeof JSON.parse>[1]) as Recorded;
}

const at = (value: unknown, ...path: string[]): unknown =>
  path.reduce<unknown>((tree, key) => (tree as Record<string, unknown> | null | undefined)?.[key], value);
const textAt = (value: unknown, ...path: string[]): string | undefined => at(value, ...path) as string | undefined;

const cpuIn = (recorded: Recorded, name: string): DockerCpu => ({
  total: textAt(recorded, name, 'cpu_usage', 'total_usage'),
  perCpu: at(recorded, name, 'cpu_usage', 'percpu_usage') as string[] | undefined,
  kernel: textAt(recorded, name, 'cpu_usage', 'usage_in_kernelmode'),
  user: textAt(recorded, name, 'cpu_usage', 'usage_in_usermode'),
  system: textAt(recorded, name, 'system_cpu_usage'),
  onlineCpus: Number(at(recorded, name, 'online_cpus')),
  periods: textAt(recorded, name, 'throttling_data', 'periods'),
  throttledPeriods: textAt(recorded, name, 'throttling_data', 'throttled_periods'),
  throttledNs: textAt(recorded, name, 'throttling_data', 'throttled_time'),
});

function readingIn(recorded: Recorded, cgroupVersion: 1 | 2): DockerReading {
  const blocks = (name: string): DockerBlock[] =>
    ((at(recorded, 'blkio_stats', name) ?? []) as { major: string; minor: string; op: string; value: string }[]).map(
      (entry) => ({ ...entry, major: Number(entry.major), minor: Number(entry.minor) }),
    );
  const networks = at(recorded, 'networks') as Record<string, Record<string, string>> | undefined;
  return {
    cgroupVersion,
    atUnixMs: 0,
    cpu: cpuIn(recorded, 'cpu_stats'),
    pids: textAt(recorded, 'pids_stats', 'current'),
    pidsLimit: textAt(recorded, 'pids_stats', 'limit'),
    blockBytes: blocks('io_service_bytes_recursive'),
    blockOperations: blocks('io_serviced_recursive'),
    memoryUsage: textAt(recorded, 'memory_stats', 'usage'),
    memoryMax: textAt(recorded, 'memory_stats', 'max_usage'),
    memoryFailures: textAt(recorded, 'memory_stats', 'failcnt'),
    memoryLimit: textAt(recorded, 'memory_stats', 'limit'),
    memoryStat: Object.entries(at(recorded, 'memory_stats', 'stats') as Record<string, string>),
    interfaces:
      networks === undefined
        ? undefined
        : Object.entries(networks).map(([name, counts]) => ({ name, counts: Object.values(counts) })),
  };
}

/** Times are told in milliseconds here, in nanoseconds by dockerd. */
const withoutTimes = (text: string): string => text.replace(/"(read|preread)":"[^"]*"/g, '"$1":""');

describe('a frame of docker stats', () => {
  test.each([
    { file: 'v1/stats-no-stream.st-a.json', version: 1 as const },
    { file: 'v1/stats-no-stream.st-b.json', version: 1 as const },
    { file: 'v2/stats-limited-stream-false.json', version: 2 as const },
    { file: 'v2/stats-unlimited-stream-false.json', version: 2 as const },
  ])('$file: the same bytes as dockerd, digit for digit', ({ file, version }) => {
    const text = readFileSync(join(FIXTURES, file), 'utf8').trimEnd();
    const recorded = parseExactly(text);
    const who = { dockerId: recorded.id, name: recorded.name.slice(1) };
    const before = { atUnixMs: 0, cpu: cpuIn(recorded, 'precpu_stats') };
    expect(withoutTimes(statsText(who, readingIn(recorded, version), before))).toBe(withoutTimes(text));
  });

  test('of a container that does not run is what dockerd sends', () => {
    const nulls = [
      'io_service_bytes_recursive',
      'io_serviced_recursive',
      'io_queue_recursive',
      'io_service_time_recursive',
      'io_wait_time_recursive',
      'io_merged_recursive',
      'io_time_recursive',
      'sectors_recursive',
    ].map((name) => `"${name}":null`);
    const cpu =
      '{"cpu_usage":{"total_usage":0,"usage_in_kernelmode":0,"usage_in_usermode":0},"throttling_data":{"periods":0,"throttled_periods":0,"throttled_time":0}}';
    expect(statsText({ dockerId: 'f17c', name: 'st-x' }, undefined, undefined)).toBe(
      `{"read":"0001-01-01T00:00:00Z","preread":"0001-01-01T00:00:00Z","pids_stats":{},"blkio_stats":{${nulls.join(',')}},"num_procs":0,"storage_stats":{},"cpu_stats":${cpu},"precpu_stats":${cpu},"memory_stats":{},"name":"/st-x","id":"f17c"}`,
    );
  });

  test('is JSON whatever a container is called', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (name) => {
        const parsed = JSON.parse(statsText({ dockerId: 'a', name }, undefined, undefined)) as { name: string };
        return parsed.name === `/${name}`;
      }),
    );
  });
});

describe('a reading in docker’s words', () => {
  const host: DockerHostFacts = { cgroupVersion: 1, onlineCpus: 2, memoryTotalBytes: 25_276_510_208 };
  const moment = momentOf(
    {
      cpuUsageSeconds: 5.572287687,
      cpuUserSeconds: 5.55,
      pidsCurrent: 1,
      pidsLimit: Infinity,
      memoryUsageBytes: 21_893_120,
      memoryLimitBytes: Infinity,
      memoryFailures: 3,
      memoryOomEvents: 1,
    },
    { perCpuSeconds: Float64Array.of(0.026441873, 5.545845814), systemCpuSeconds: 1492.55 },
  );

  test('nanoseconds come back exact, the unknown is left out, no limit is the machine', () => {
    const reading = dockerReadingOf(moment, fullDetails(), host);
    expect(reading).toMatchObject({
      cpu: {
        total: '5572287687',
        perCpu: ['26441873', '5545845814'],
        user: '5550000000',
        kernel: undefined,
        system: '1492550000000',
        onlineCpus: 2,
      },
      pids: '1',
      pidsLimit: undefined,
      memoryLimit: '25276510208',
      memoryFailures: '3',
      memoryStat: [
        ['cache', '1'],
        ['rss', '2'],
        ['total_inactive_file', '3'],
        ['zswpin', '4'],
      ],
    });
    expect(reading.blockBytes.slice(0, 6)).toEqual([
      { major: 8, minor: 0, op: 'Read', value: '1000' },
      { major: 8, minor: 0, op: 'Write', value: '1001' },
      { major: 8, minor: 0, op: 'Sync', value: '1' },
      { major: 8, minor: 0, op: 'Async', value: '2' },
      { major: 8, minor: 0, op: 'Discard', value: '0' },
      { major: 8, minor: 0, op: 'Total', value: '2001' },
    ]);
    expect(reading.interfaces?.[0]).toEqual({ name: 'eth0', counts: ['100', '7', '0', '1', '101', '8', '0', '2'] });
  });

  test('of v2 has its own limit, failures and operations', () => {
    const reading = dockerReadingOf(moment, fullDetails(), { ...host, cgroupVersion: 2 });
    expect(reading).toMatchObject({ pidsLimit: MAX_UINT64, memoryFailures: '1', blockOperations: [] });
    expect(reading.blockBytes.map(({ op }) => op)).toEqual(['read', 'write', 'read', 'write']);
  });

  test.each([1, 2] as const)('of v%s: page cache that was read before the usage is never above it', (cgroupVersion) => {
    const keys = ['cache', 'total_cache', 'inactive_file', 'total_inactive_file', 'file', 'active_anon'];
    const memoryStat = { keys, values: Float64Array.from(keys, () => 5000) };
    const reading = dockerReadingOf(
      momentOf({ memoryUsageBytes: 4000 }),
      { ...emptyDetails(), memoryStat },
      { ...host, cgroupVersion },
    );
    // ctop and older Telegrafs subtract it in unsigned arithmetic: a byte too much is 16 EiB.
    expect(new Map(reading.memoryStat)).toEqual(
      new Map(keys.map((key) => [key, key === 'active_anon' ? '5000' : '4000'])),
    );
  });

  test('of the host network has no interfaces', () => {
    const details = { ...emptyDetails(), network: { kind: 'host' as const } };
    expect(dockerReadingOf(moment, details, host).interfaces).toBeUndefined();
  });
});

test.each([
  [0, '0'],
  [-0.4, '0'],
  [Number.NaN, undefined],
  [undefined, undefined],
  [Infinity, MAX_UINT64],
  [1e21, '1000000000000000000000'],
  [2 ** 60, '1152921504606846976'],
])('digits of %s', (value, want) => {
  expect(digits(value)).toBe(want);
});

test.each([
  [0, 'Less than a second'],
  [1999, '1 second'],
  [59_999, '59 seconds'],
  [60_000, 'About a minute'],
  [125_000, '2 minutes'],
  [3_600_000, 'About an hour'],
  [47 * 3_600_000, '47 hours'],
  [49 * 3_600_000, '2 days'],
  [15 * 86_400_000, '2 weeks'],
  [70 * 86_400_000, '2 months'],
  [3 * 365 * 86_400_000, '3 years'],
])('a duration of %d ms', (milliseconds, want) => {
  expect(humanDuration(milliseconds)).toBe(want);
});

test('times', () => {
  expect(timeText(undefined)).toBe('0001-01-01T00:00:00Z');
  expect(timeText(1_795_168_906_630)).toBe('2026-11-20T10:01:46.630Z');
});
