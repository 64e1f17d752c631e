import { expect, test } from 'vitest';
import {
  decodeContainerBlock,
  decodeClusterHistory,
  decodeHistory,
  decodeHostBlock,
  valueAt,
  withRows,
} from '../../../../dashboard/web/columns.ts';
import * as wire from '../../../../dashboard/view-wire.ts';

const bytes = (values: readonly number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);
const twoRows = wire.VIEW_COLUMNS.flatMap((_, column) => [column * 10, column * 10 + 1]);

test('the page reads the columns in the order of the contract', () => {
  const containers = decodeContainerBlock(bytes(twoRows), 2);
  const hosts = decodeHostBlock(bytes(wire.HOST_VIEW_COLUMNS.map((_, column) => column)), 1);
  expect(wire.VIEW_COLUMNS.map((column) => valueAt(containers, column, 1))).toEqual(
    wire.VIEW_COLUMNS.map((_, column) => column * 10 + 1),
  );
  expect(wire.HOST_VIEW_COLUMNS.map((column) => valueAt(hosts, column, 0))).toEqual(
    wire.HOST_VIEW_COLUMNS.map((_, column) => column),
  );
});

test('a block may lie anywhere in its buffer, as an ArrayBuffer or as a view', () => {
  const shifted = new Uint8Array(twoRows.length * 4 + 1);
  shifted.set(bytes(twoRows), 1);
  expect(valueAt(decodeContainerBlock(shifted.subarray(1), 2), 'pidsCurrent', 0)).toBe(60);
  const whole = Float32Array.from(twoRows).buffer;
  expect(valueAt(decodeContainerBlock(whole, 2), 'pidsCurrent', 1)).toBe(61);
});

test('a block of another length is no block', () => {
  expect(decodeContainerBlock(bytes(twoRows), 3)).toBeUndefined();
  expect(decodeContainerBlock(new Uint8Array(0), 0)).toBeUndefined();
  expect(decodeHostBlock(new Uint8Array(7), 1)).toBeUndefined();
});

test('what is not there is NaN, never 0', () => {
  const block = decodeContainerBlock(bytes(twoRows), 2);
  expect(valueAt(undefined, 'cpuCores', 0)).toBeNaN();
  expect(valueAt(block, 'cpuCores', -1)).toBeNaN();
  expect(valueAt(block, 'cpuCores', 2)).toBeNaN();
});

test('values follow their rows into a new inventory', () => {
  const block = decodeContainerBlock(bytes(twoRows), 2);
  const moved = withRows(block, [1, -1, 0]);
  expect([0, 1, 2].map((row) => valueAt(moved, 'cpuOfLimitRatio', row))).toEqual([11, Number.NaN, 10]);
  expect(withRows(undefined, [0])).toBeUndefined();
});

test('history comes in two halves, and only whole', () => {
  const block = bytes([1, 2, 3, 4, 5, 6, 7, 8]);
  const history = decodeHistory({ block, points: 2 }, 2);
  expect([...history!.cpuOfLimitRatio]).toEqual([1, 2, 3, 4]);
  expect([...history!.memoryWorkingSetBytes]).toEqual([5, 6, 7, 8]);
  expect(decodeHistory({ block, points: 3 }, 2)).toBeUndefined();
  expect(decodeHistory({ block: new Uint8Array(0), points: 60 }, 0)).toBeUndefined();
});

test('the totals come in two halves, and only whole', () => {
  const cluster = bytes([1, 2, 3, 4]);
  const sums = decodeClusterHistory({ cluster, points: 2 });
  expect([[...sums!.cpuCores], [...sums!.memoryUsedBytes]]).toEqual([
    [1, 2],
    [3, 4],
  ]);
  expect(decodeClusterHistory({ cluster, points: 3 })).toBeUndefined();
});
