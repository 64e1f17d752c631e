import { expect, test } from 'vitest';
import { ALERT_METRICS } from '../../../../dashboard/model/alert/metric.ts';
import { SECOND_COLUMNS_OF } from '../../../../dashboard/model/history/columns.ts';
import {
  thresholdOf,
  watchedOf,
  watchedPath,
  watchedSeries,
  type Watched,
} from '../../../../dashboard/web/attention-line.ts';
import type { PastAnswer } from '../../../../dashboard/web/chart/past.ts';
import type { AlertView } from '../../../../dashboard/wire.ts';

const alert = (metric: string, over: Partial<AlertView> = {}): AlertView =>
  ({ metric, threshold: 0.8, nodeId: 'n1', series: 'n1/runc/web', ...over }) as AlertView;

const LIMITS = { cpuLimitCores: 0.5, hostCores: 4, memoryBytes: 1000, pids: undefined };

test.each(ALERT_METRICS)('what is asked of the past for %s is a column of its line', (metric) => {
  const watched = watchedOf(alert(metric));
  if (watched !== undefined) expect(SECOND_COLUMNS_OF[watched.kind]).toContain(watched.column);
});

test('a host is its own line, and a container has one of its own', () => {
  expect(watchedOf(alert('hostMemoryRatio'))).toMatchObject({ line: 'n1', kind: 'host', column: 'memoryUsedBytes' });
  expect(watchedOf(alert('memoryOfLimitRatio'))).toMatchObject({ line: 'n1/runc/web', kind: 'container' });
});

test.each([
  { name: 'a metric without a past', of: alert('unhealthy') },
  { name: 'a container whose line is gone', of: alert('cpuCores', { series: undefined }) },
  { name: 'a host that is gone', of: alert('hostCpuRatio', { nodeId: undefined }) },
])('$name has no line', ({ of }) => {
  expect(watchedOf(of)).toBeUndefined();
});

test.each([
  { metric: 'cpuOfLimitRatio', limits: LIMITS, want: 0.4 },
  { metric: 'cpuOfLimitRatio', limits: { ...LIMITS, cpuLimitCores: undefined }, want: 3.2 },
  { metric: 'memoryOfLimitRatio', limits: LIMITS, want: 800 },
  { metric: 'pidsOfLimitRatio', limits: LIMITS, want: undefined },
  { metric: 'memoryOfLimitRatio', limits: undefined, want: undefined },
  { metric: 'cpuThrottledRatio', limits: undefined, want: 0.8 },
])('the threshold of $metric is $want on its line', ({ metric, limits, want }) => {
  const threshold = thresholdOf(watchedOf(alert(metric))!, limits);
  if (want === undefined) expect(threshold).toBeUndefined();
  else expect(threshold).toBeCloseTo(want);
});

test('lines and columns are asked for once each, in one order', () => {
  const watched = ['cpuCores', 'memoryOfLimitRatio', 'hostCpuRatio'].map((metric) => watchedOf(alert(metric))!);
  expect(watchedPath(watched)).toBe(
    '/history?from=-15m&step=15s&series=n1&series=n1%2Frunc%2Fweb&columns=cpuCores%2CmemoryWorkingSetBytes',
  );
  expect(watchedPath(watched.toReversed())).toBe(watchedPath(watched));
  expect(watchedPath([])).toBeUndefined();
});

test('gaps stay gaps, and what is left is the rest of what is used', () => {
  const watched = watchedOf(alert('hostDiskAvailableRatio'))!;
  const avg = [0.25, null, 0.75];
  const past = { series: [{ key: 'n1', columns: { rootUsedRatio: { min: avg, avg, max: avg } } }] };
  const values = (of: Watched): number[] => {
    const series = watchedSeries(of, past as unknown as PastAnswer);
    return Array.from({ length: series?.points ?? 0 }, (_, index) => series!.at(index));
  };
  expect(values(watched)).toEqual([0.75, Number.NaN, 0.25]);
  expect(values({ ...watched, line: 'n2' })).toEqual([]);
  expect(watchedSeries(watched, undefined)).toBeUndefined();
});
