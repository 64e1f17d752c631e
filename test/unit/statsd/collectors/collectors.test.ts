import { describe, expect, test } from 'vitest';
import { blockIo, trustsEmptyV1 } from '../../../../statsd/collectors/block-io.ts';
import { cpu } from '../../../../statsd/collectors/cpu.ts';
import { limits } from '../../../../statsd/collectors/limits.ts';
import { memory } from '../../../../statsd/collectors/memory.ts';
import { pids } from '../../../../statsd/collectors/pids.ts';
import { BlockDevices, deviceNumber, totalOf } from '../../../../statsd/model/block-devices.ts';
import { emptyDetails } from '../../../../statsd/model/details.ts';
import {
  emptySample,
  FIELD,
  type Collector,
  type Field,
  type Target,
  type Tick,
} from '../../../../statsd/model/reading.ts';
import { contentOf, fixtureText, viewOf } from '../../../support/fixture-file.ts';

const all: Tick = { slow: true, rare: true, unified: false };
const quick: Tick = { slow: false, rare: false, unified: false };
const targetOf = (sample: Float64Array): Target => ({ sample, details: emptyDetails() });
const V1 = [
  'cpuacct.usage',
  'cpu.stat',
  'cpu.cfs_quota_us',
  'cpu.cfs_period_us',
  'memory.usage_in_bytes',
  'memory.stat',
  'pids.current',
  'pids.max',
  'blkio.throttle.io_service_bytes_recursive',
  'blkio.bfq.io_service_bytes_recursive',
];
const V2 = ['cpu.stat', 'cpu.max', 'memory.current', 'memory.max', 'pids.current', 'io.stat'];
const recorded = (folder: string, names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, fixtureText(`${folder}/${name}`)]));
const v1 = recorded('v1-6.18-runc/container', V1);
const v2: Record<string, string> = {
  ...recorded('v2-6.1-bare/container', V2),
  'pids.max': '40\n',
  'memory.stat': fixtureText('v2-6.1-docker/container/memory.stat'),
};
const trusting = blockIo({ slavesOf: () => [], trustsEmptyV1: () => true });
const distrusting = blockIo({ slavesOf: () => [], trustsEmptyV1: () => false });
const collectors: readonly Collector[] = [cpu, limits, memory, pids, distrusting];

function read(
  version: 1 | 2,
  levels: Record<string, string>[],
  fields: readonly Field[],
): Partial<Record<Field, number>> {
  const view = viewOf(version, levels);
  const sample = emptySample();
  for (const collector of collectors) collector.attach(view).collect(targetOf(sample), all);
  return Object.fromEntries(fields.map((field) => [field, sample[FIELD[field]]]));
}

test('without a peak of the kernel it is the largest usage seen, on v1', () => {
  expect(read(1, [{ 'memory.usage_in_bytes': '17\n' }], ['memoryPeakBytes'])).toEqual({ memoryPeakBytes: 17 });
});

describe('recorded containers', () => {
  test('v1, 6.18, runc with limits', () => {
    const number = (name: string): number => Number.parseInt(v1[name]!, 10);
    const want = {
      cpuUsageSeconds: number('cpuacct.usage') / 1e9,
      cpuThrottledSeconds: 0.349644897,
      cpuPeriods: 11,
      cpuThrottledPeriods: 8,
      memoryUsageBytes: number('memory.usage_in_bytes'),
      memoryWorkingSetBytes: number('memory.usage_in_bytes'),
      memoryLimitBytes: 67108864,
      cpuQuotaMicros: 50_000,
      cpuPeriodMicros: 100_000,
      cpuLimitCores: 0.5,
      pidsCurrent: number('pids.current'),
      pidsLimit: 64,
      blockReadBytes: 2097152 + 4096,
      blockWriteBytes: 1048576,
    };
    expect(read(1, [v1], Object.keys(want) as Field[])).toEqual(want);
  });

  test('v2, 6.1, made by hand with limits', () => {
    const stat = new Map(
      v2['cpu.stat']!.trim()
        .split('\n')
        .map((line) => line.split(' ') as [string, string]),
    );
    const inactive = Number(/^inactive_file (\d+)$/m.exec(v2['memory.stat']!)![1]);
    const want = {
      cpuUsageSeconds: Number(stat.get('usage_usec')) / 1e6,
      cpuThrottledSeconds: Number(stat.get('throttled_usec')) / 1e6,
      memoryUsageBytes: Number(v2['memory.current']),
      memoryWorkingSetBytes: Math.max(0, Number(v2['memory.current']) - inactive),
      memoryLimitBytes: Number(v2['memory.max']),
      cpuLimitCores: 0.5,
      pidsLimit: 40,
      blockReadBytes: Number(/rbytes=(\d+)/.exec(v2['io.stat']!)![1]),
      blockWriteBytes: Number(/wbytes=(\d+)/.exec(v2['io.stat']!)![1]),
    };
    expect(read(2, [v2], Object.keys(want) as Field[])).toEqual(want);
  });

  test('a v2 tree without controllers: CPU is known, the rest is unknown and never 0', () => {
    const found = read(
      2,
      [{ 'cpu.stat': 'usage_usec 5000000\nuser_usec 1\nsystem_usec 2\n' }],
      [
        'cpuUsageSeconds',
        'cpuThrottledSeconds',
        'memoryUsageBytes',
        'memoryWorkingSetBytes',
        'blockReadBytes',
        'pidsCurrent',
        'memoryLimitBytes',
        'cpuLimitCores',
      ],
    );
    const { cpuUsageSeconds, ...rest } = found;
    expect(cpuUsageSeconds).toBe(5);
    expect(Object.values(rest)).toEqual(Object.values(rest).map(() => Number.NaN));
  });
});

test('limits are read at slow turns, and at rare ones where a file of theirs does not stay open', () => {
  const files: Record<string, string> = { 'pids.max': '10\n' };
  const view = viewOf(2, [files]);
  let isOpenedAnew = false;
  const reader = limits.attach({
    ...view,
    limitFile: (_controller, name) => ({
      path: name,
      read: () => (view.files[name] === undefined ? undefined : contentOf(view.files[name])),
      get isOpenedAnew() {
        return isOpenedAnew;
      },
    }),
  });
  const sample = emptySample();
  const pidsLimitAt = (limit: string, tick: Tick): number | undefined => {
    view.files['pids.max'] = `${limit}\n`;
    const requested: string[] = [];
    reader.request((file) => file !== undefined && requested.push(file.path), tick);
    reader.collect(targetOf(sample), tick);
    expect(requested.includes('pids.max')).toBe(sample[FIELD.pidsLimit] === Number(limit));
    return sample[FIELD.pidsLimit];
  };
  const slow: Tick = { slow: true, rare: false, unified: false };
  expect(pidsLimitAt('10', slow)).toBe(10);
  expect(pidsLimitAt('20', quick)).toBe(10);
  expect(pidsLimitAt('20', slow)).toBe(20);
  isOpenedAnew = true;
  expect(pidsLimitAt('30', slow)).toBe(20);
  expect(pidsLimitAt('30', all)).toBe(30);
  isOpenedAnew = false;
  expect(pidsLimitAt('40', slow)).toBe(40);
});

test.each([
  { name: 'with counts of the children', recursive: '254:0 Read 7\nTotal 7\n', requested: 3, readBytes: 7 },
  { name: 'that has no such counts', recursive: undefined, requested: 4, readBytes: 5 },
])('the own counts of blk-throttle are read on a kernel $name only where they are needed', (kernel) => {
  const { recursive, requested, readBytes } = kernel;
  const view = viewOf(1, [{ 'blkio.throttle.io_service_bytes': 'Total 0\n' }]);
  if (recursive !== undefined) view.files['blkio.throttle.io_service_bytes_recursive'] = 'Total 0\n';
  const reader = trusting.attach(view);
  const sample = emptySample();
  const requests = (): string[] => {
    const names: string[] = [];
    reader.request((file) => file !== undefined && names.push(file.path), all);
    return names;
  };
  expect(requests()).toHaveLength(3);
  reader.collect(targetOf(sample), all);
  expect(sample[FIELD.blockReadBytes]).toBe(0);
  expect(requests()).toHaveLength(requested);
  view.files['blkio.throttle.io_service_bytes'] = '254:0 Read 5\nTotal 5\n';
  if (recursive !== undefined) view.files['blkio.throttle.io_service_bytes_recursive'] = recursive;
  reader.collect(targetOf(sample), all);
  expect(sample[FIELD.blockReadBytes]).toBe(readBytes);
});

describe('limits are those of the tightest ancestor', () => {
  const none = { 'memory.max': 'max\n', 'cpu.max': 'max 100000\n', 'pids.max': 'max\n' };
  test.each([
    {
      name: 'nobody limits',
      levels: [none, none],
      want: { memoryLimitBytes: Infinity, cpuLimitCores: Infinity, pidsLimit: Infinity, cpuQuotaMicros: Infinity },
    },
    {
      name: 'the pod limits',
      levels: [none, { 'memory.max': '1048576\n', 'cpu.max': '150000 100000\n', 'pids.max': '9\n' }],
      want: { memoryLimitBytes: 1048576, cpuLimitCores: 1.5, pidsLimit: 9, cpuQuotaMicros: Infinity },
    },
    {
      name: 'both do, the container less',
      levels: [
        { ...none, 'cpu.max': '20000 100000\n' },
        { ...none, 'cpu.max': '150000 100000\n' },
      ],
      want: { cpuLimitCores: 0.2, cpuQuotaMicros: 20_000 },
    },
    {
      name: 'the root has no such files',
      levels: [{ ...none, 'memory.max': '4096\n' }, {}],
      want: { memoryLimitBytes: 4096 },
    },
  ])('$name', ({ levels, want }) => {
    expect(read(2, levels as Record<string, string>[], Object.keys(want) as Field[])).toEqual(want);
  });

  test('v1: the quota of an ancestor counts, -1 is none', () => {
    const found = read(
      1,
      [
        { ...v1, 'cpu.cfs_quota_us': '-1\n' },
        { 'cpu.cfs_quota_us': '25000\n', 'cpu.cfs_period_us': '100000\n', 'pids.max': 'max\n' },
      ],
      ['cpuLimitCores', 'cpuQuotaMicros'],
    );
    expect(found).toEqual({ cpuLimitCores: 0.25, cpuQuotaMicros: Infinity });
  });

  test('rubbish is an error that names the file', () => {
    expect(() => read(2, [{ ...none, 'cpu.max': 'lots\n' }], [])).toThrow('cannot parse cpu.max: found "lots\\n"');
  });
});

describe('memory.stat is read seldom', () => {
  const start = 100 * 2 ** 20;
  test.each([
    { name: 'usage stands still', usage: start, slow: false, want: 'kept' },
    { name: 'usage moved a little', usage: start + 2 ** 20, slow: false, want: 'kept' },
    { name: 'usage moved a lot', usage: start + 6 * 2 ** 20, slow: false, want: 'fresh' },
    { name: 'usage fell a lot', usage: start - 6 * 2 ** 20, slow: false, want: 'fresh' },
    { name: 'the slow tier is due', usage: start, slow: true, want: 'fresh' },
  ])('$name', ({ usage, slow, want }) => {
    const view = viewOf(2, [{ 'memory.current': `${start}\n`, 'memory.stat': 'anon 1\nfile 2\ninactive_file 1000\n' }]);
    const reader = memory.attach(view);
    const sample = emptySample();
    reader.collect(targetOf(sample), all);
    expect(sample[FIELD.memoryWorkingSetBytes]).toBe(start - 1000);
    view.files['memory.current'] = `${usage}\n`;
    view.files['memory.stat'] = 'anon 1\nfile 2\ninactive_file 3000\n';
    reader.collect(targetOf(sample), { ...quick, slow });
    expect(sample[FIELD.memoryWorkingSetBytes]).toBe(usage - (want === 'fresh' ? 3000 : 1000));
  });

  test('the working set is never below 0', () => {
    const sample = emptySample();
    memory
      .attach(viewOf(2, [{ 'memory.current': '10\n', 'memory.stat': 'inactive_file 30\n' }]))
      .collect(targetOf(sample), all);
    expect(sample[FIELD.memoryWorkingSetBytes]).toBe(0);
  });
});

describe('block io', () => {
  const devicesOf = (text: string, version: 1 | 2): BlockDevices => {
    const devices = new BlockDevices();
    if (version === 2) devices.takeIoStat(contentOf(text));
    else devices.takeV1(contentOf(text), 'bytes');
    return devices;
  };
  const totals = ({ list }: BlockDevices, slavesOf: (device: number) => readonly number[] = () => []): number[] => [
    totalOf(list, 'readBytes', slavesOf),
    totalOf(list, 'writeBytes', slavesOf),
  ];

  test.each([
    {
      name: 'v2, two disks',
      version: 2 as const,
      text: '8:0 rbytes=1 wbytes=2 rios=9 wios=9 dbytes=9 dios=9\n254:16 wbytes=20 rbytes=10\n',
      want: [11, 22],
    },
    {
      name: 'v2, a device without counters',
      version: 2 as const,
      text: '8:0\n8:16 rbytes=1 wbytes=2\n',
      want: [1, 2],
    },
    { name: 'v2, nothing', version: 2 as const, text: '', want: [Number.NaN, Number.NaN] },
    {
      name: 'v1, per device and total',
      version: 1 as const,
      text: '8:0 Read 1\n8:0 Write 2\n8:0 Sync 3\n8:0 Total 3\n8:16 Read 10\nTotal 13\n',
      want: [11, 2],
    },
  ])('$name', ({ version, text, want }) => {
    expect(totals(devicesOf(text, version))).toEqual(want);
  });

  test('every counter of a device', () => {
    const [device] = devicesOf('8:16 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6 cost.usage=7\n', 2).list;
    expect(device).toMatchObject({ major: 8, minor: 16, readBytes: 1, writeBytes: 2, reads: 3, writes: 4 });
    expect(device).toMatchObject({ discardBytes: 5, discards: 6, syncBytes: Number.NaN });
    const devices = devicesOf('8:0 Read 1\n8:0 Write 2\n8:0 Sync 3\n8:0 Async 4\n8:0 Discard 5\n8:0 Total 3\n', 1);
    devices.takeV1(contentOf('8:0 Read 10\n8:0 Async 40\nTotal 50\n'), 'operations');
    expect(devices.list).toHaveLength(1);
    expect(devices.list[0]).toMatchObject({ readBytes: 1, syncBytes: 3, asyncBytes: 4, reads: 10, asyncs: 40 });
  });

  test('a mapped disk is not counted next to the disk below it', () => {
    const both = devicesOf('253:0 rbytes=5 wbytes=6\n8:0 rbytes=5 wbytes=6\n', 2);
    const slavesOf = (device: number): number[] => (device === deviceNumber(253, 0) ? [deviceNumber(8, 0)] : []);
    expect(totals(both, slavesOf)).toEqual([5, 6]);
    expect(totals(devicesOf('253:0 rbytes=5 wbytes=6\n', 2), slavesOf)).toEqual([5, 6]);
  });

  const empty = {
    'blkio.bfq.io_service_bytes_recursive': 'Total 0\n',
    'blkio.throttle.io_service_bytes_recursive': 'Total 0\n',
  };
  test.each([
    { name: 'v1 says only Total 0 on a kernel that counts: zero', collector: trusting, files: empty, want: 0 },
    {
      name: 'v1 says only Total 0 on a kernel that may not count: unknown',
      collector: distrusting,
      files: empty,
      want: Number.NaN,
    },
    { name: 'v1 without any of the files: unknown', collector: trusting, files: {}, want: Number.NaN },
    {
      name: 'v2 without the controller: unknown',
      collector: trusting,
      version: 2 as const,
      files: {},
      want: Number.NaN,
    },
  ])('$name', ({ collector, files, want, version = 1 as const }) => {
    const sample = emptySample();
    collector.attach(viewOf(version, [files])).collect(targetOf(sample), all);
    expect(sample[FIELD.blockReadBytes]).toBe(want);
  });

  test('counting begins when the kernel begins to count', () => {
    const view = viewOf(1, [empty]);
    const reader = distrusting.attach(view);
    const sample = emptySample();
    reader.collect(targetOf(sample), all);
    view.files['blkio.throttle.io_service_bytes_recursive'] = '7:0 Read 4096\n7:0 Write 0\nTotal 4096\n';
    reader.collect(targetOf(sample), quick);
    expect(sample[FIELD.blockReadBytes]).toBeNaN();
    reader.collect(targetOf(sample), all);
    expect(sample[FIELD.blockReadBytes]).toBe(4096);
    view.files['blkio.throttle.io_service_bytes_recursive'] = '7:0 Read 8192\n7:0 Write 0\nTotal 8192\n';
    reader.collect(targetOf(sample), quick);
    expect(sample[FIELD.blockReadBytes]).toBe(8192);
  });

  test.each([
    { release: '4.19.0-26-amd64', want: true },
    { release: '6.9.12', want: true },
    { release: '6.10.0', want: false },
    { release: '6.18.44-fc', want: false },
    { release: '7.0.0', want: false },
    { release: 'unknown', want: false },
  ])('$release vouches for an empty v1 file: $want', ({ release, want }) => {
    expect(trustsEmptyV1(release)).toBe(want);
  });
});
