import { expect, test } from 'vitest';
import {
  columnByteUnit,
  formatAge,
  formatBytes,
  formatCount,
  formatDuration,
  formatInUnit,
  formatMetric,
  formatNumber,
  formatRatio,
  formatSet,
  formatSetting,
  plural,
  shortImage,
} from '../../../../dashboard/web/format.ts';

const plain = (text: string): string => text.replaceAll('\u00a0', ' ');
const MIB = 2 ** 20;

test.each([
  { value: undefined, want: '—' },
  { value: Number.NaN, want: '—' },
  { value: 0, want: '0' },
  { value: 0.0004, want: '<0.001' },
  { value: 0.0432, want: '0.043' },
  { value: 0.5, want: '0.500' },
  { value: 1.234, want: '1.23' },
  { value: 9.996, want: '10.0' },
  { value: 45.67, want: '45.7' },
  { value: 99.96, want: '100' },
  { value: 999.6, want: '1,000' },
  { value: 1_234_567, want: '1,234,567' },
])('a number $value is $want', ({ value, want }) => {
  expect(formatNumber(value)).toBe(want);
});

test.each([
  { value: 0.4321, want: '43.2 %' },
  { value: 1.425, want: '143 %' },
  { value: undefined, want: '—' },
])('a ratio $value is $want', ({ value, want }) => {
  expect(plain(formatRatio(value))).toBe(want);
});

test.each([
  { value: 0, want: '0 B' },
  { value: 1023, want: '1,023 B' },
  { value: 128 * MIB, want: '128 MiB' },
  { value: 1.5 * 2 ** 30, want: '1.50 GiB' },
])('$value bytes are $want', ({ value, want }) => {
  expect(plain(formatBytes(value))).toBe(want);
});

test('a column has one unit, in which its middle reads well', () => {
  expect(columnByteUnit([]).label).toBe('KiB');
  expect(columnByteUnit([0, 0, Number.NaN, 12]).label).toBe('KiB');
  const unit = columnByteUnit([3 * MIB, 20 * MIB, 16 * 2 ** 30]);
  expect(unit.label).toBe('MiB');
  expect(formatInUnit(16 * 2 ** 30, unit)).toBe('16,384');
  expect(formatInUnit(Number.NaN, unit)).toBe('—');
});

test.each([
  { ms: 400, duration: '0 s', age: '0 s' },
  { ms: 42_900, duration: '42 s', age: '42 s' },
  { ms: 192_000, duration: '3 min 12 s', age: '3 min' },
  { ms: 180_000, duration: '3 min', age: '3 min' },
  { ms: 18_120_000, duration: '5 h 2 min', age: '5 h' },
  { ms: 273_600_000, duration: '3 d 4 h', age: '3 d' },
  { ms: -5, duration: '0 s', age: '0 s' },
  { ms: undefined, duration: '—', age: '—' },
])('$ms ms last $duration', ({ ms, duration, age }) => {
  expect(plain(formatDuration(ms))).toBe(duration);
  expect(plain(formatAge(ms))).toBe(age);
});

test.each([
  { metric: 'cpuOfLimitRatio', value: 0.913, measured: '91.3 %', set: '91.3 %' },
  { metric: 'memoryOfLimitRatio', value: 0.8, measured: '80.0 %', set: '80 %' },
  { metric: 'cpuCores', value: 0.5, measured: '0.500 cores', set: '0.5 cores' },
  { metric: 'memoryWorkingSetBytes', value: 128 * MIB, measured: '128 MiB', set: '128 MiB' },
  { metric: 'blockReadBytesPerSecond', value: 1.5 * MIB, measured: '1.50 MiB/s', set: '1.5 MiB/s' },
  { metric: 'pidsCurrent', value: 12, measured: '12.0', set: '12' },
  { metric: 'pidsCurrent', value: undefined, measured: '—', set: '—' },
])('$metric $value reads $measured, and as a threshold $set', ({ metric, value, measured, set }) => {
  expect(plain(formatMetric(metric, value))).toBe(measured);
  expect(plain(formatSetting(metric, value))).toBe(set);
});

test('what was set has no zeros behind it', () => {
  expect(formatSet(4)).toBe('4');
  expect(formatSet(0.25)).toBe('0.25');
  expect(formatSet(46.4321)).toBe('46.4');
  expect(formatSet(undefined)).toBe('—');
});

test('counts are whole and grouped, and their words agree', () => {
  expect(formatCount(4800)).toBe('4,800');
  expect(formatCount(Number.NaN)).toBe('—');
  expect(plural(1, 'host')).toBe('1 host');
  expect(plural(4800, 'container')).toBe('4,800 containers');
});

test('an image loses only the registry that everybody means', () => {
  expect(shortImage('docker.io/library/busybox:1.36')).toBe('busybox:1.36');
  expect(shortImage('docker.io/grafana/grafana')).toBe('grafana/grafana');
  expect(shortImage('ghcr.io/library/x')).toBe('ghcr.io/library/x');
});
